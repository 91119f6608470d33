//! The people of an organization, those who may join it, and what was changed.

use super::endpoint::{Endpoint, delete, get, patch, post};
use super::fields::{Named, named};

const KEEP_KEYS: &str = "Whether the API keys that they made stay good; false if not given";

pub(super) fn schemas() -> Vec<Named> {
    vec![
        named(
            "Member",
            "id:uuid email name role:Role email_verified:boolean instance_admin:boolean created_at:time",
        ),
        named("Invitation", "id:uuid email role:Role invited_by:uuid? created_at:time expires_at:time"),
        named(
            "AuditEntry",
            "id:uuid ts:time action outcome={done|refused} actor_kind={user|api_key|operator|nobody} actor_id:uuid? \
             actor_name? address? status:integer? request_id? target:object details:object",
        ),
    ]
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/members", "The people of the organization").paged(1_000).list("Member"),
        patch("/api/v1/members/{id}", "Gives a person another role, at once; the last owner stays one")
            .body("role:Role (keep_keys:boolean)", true)
            .object("Member")
            .refuses(409),
        delete("/api/v1/members/{id}", "Removes a person, at once; the last owner stays")
            .query("keep_keys", "boolean", KEEP_KEYS)
            .nothing(204, "They are removed")
            .refuses(409),
        get("/api/v1/invitations", "Invitations that wait to be accepted").paged(1_000).list("Invitation"),
        post("/api/v1/invitations", "Invites an address by mail; again: sends another link")
            .body("email:email[,254] role:Role", true)
            .created("Invitation")
            .refuses(409),
        delete("/api/v1/invitations/{id}", "Takes an invitation back").nothing(204, "It is taken back"),
        post("/api/v1/auth/accept-invitation", "Spends the token of an invitation: an account, logged in")
            .public()
            .body("token:string[0,1000] name:string[1,200] password:string[8,256]", true)
            .created("Session")
            .refuses(403)
            .refuses(409),
        get("/api/v1/organization", "One's own organization").object("Organization").refuses(404),
        patch("/api/v1/organization", "Calls it otherwise; its slug stays")
            .body("name:string[1,200]", true)
            .object("Organization")
            .refuses(404),
        delete("/api/v1/organization", "Removes the organization and all that it has")
            .query("confirm", "string", "Its slug, so that nobody does this by accident")
            .nothing(204, "It is removed")
            .refuses(404)
            .refuses(409),
        audited(get("/api/v1/audit", "Who changed what in the organization, newest first")),
    ]
}

/// The filters of the audit log, and its entries.
pub(super) fn audited(endpoint: Endpoint) -> Endpoint {
    endpoint
        .query("since", "time", "Only what happened from then on")
        .query("until", "time", "Only what happened until then")
        .query("before", "uuid", "Only what is older than this entry: the next page")
        .query("actor_id", "uuid", "Only what this person or key did")
        .query("action", "string", "Only this action")
        .query("outcome", "{all|done|refused}", "all if not given")
        .limit(100, 1_000)
        .list("AuditEntry")
}
