//! The server itself.

use super::accounts::ORGANIZATION;
use super::endpoint::{Endpoint, delete, get, post};
use super::fields::{Named, named};
use super::people::audited;

pub(super) fn schemas() -> Vec<Named> {
    vec![
        named("SettingOfBasira", "key old:any new:any"),
        named("Reload", "changed:SettingOfBasira[] needs_restart:SettingOfBasira[]"),
        named(
            "OrganizationSummary",
            &format!("{ORGANIZATION} created_at:time members:integer databases:integer"),
        ),
    ]
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/healthz", "Whether the process serves").public().object("status={ok}"),
        get("/readyz", "Whether storage is reachable, migrated and takes writes")
            .public()
            .object("status={ok}"),
        get("/openapi.json", "This document")
            .public()
            .object("openapi info:object paths:object components:object security:object[] tags:object[]"),
        get("/docs", "This document, to browse").public().page("text/html"),
        get("/docs/page.js", "What makes the page work").public().page("text/javascript"),
        get("/docs/page.css", "How the page looks").public().page("text/css"),
        get("/verify-email", "Where the link of a verification mail leads").public().page("text/html"),
        get("/reset-password", "Where the link to set another password leads").public().page("text/html"),
        get("/accept-invitation", "Where the link of an invitation leads").public().page("text/html"),
        get("/assets/account.js", "What makes these pages work").public().page("text/javascript"),
        get("/assets/account.css", "How they look").public().page("text/css"),
        post("/api/v1/admin/config/reload", "Reads the configuration again; a bad one changes nothing")
            .object("Reload"),
        audited(get("/api/v1/admin/audit", "What operators and instance admins did, newest first")),
        get("/api/v1/admin/organizations", "The organizations of this instance")
            .limit(100, 10_000)
            .list("OrganizationSummary"),
        delete("/api/v1/admin/organizations/{id}", "Removes an organization and all that it has")
            .nothing(204, "It is removed")
            .refuses(409),
        get("/api/v1/admin/instance-admins", "Who runs this instance").list("Member"),
        post("/api/v1/admin/instance-admins", "Lets somebody run this instance")
            .body("email", true)
            .created("Member"),
        delete("/api/v1/admin/instance-admins/{id}", "Takes that back; the last one stays")
            .nothing(204, "They are none any more")
            .refuses(409),
    ]
}
