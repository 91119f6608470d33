//! The server itself.

use super::endpoint::{Endpoint, get};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/healthz", "Whether the process serves").public().object("status={ok}"),
        get("/readyz", "Whether storage is reachable and migrated").public().object("status={ok}"),
        get("/openapi.json", "This document")
            .public()
            .object("openapi info:object paths:object components:object"),
        get("/docs", "This document, to browse").public().page("text/html"),
        get("/docs/page.js", "What makes the page work").public().page("text/javascript"),
        get("/docs/page.css", "How the page looks").public().page("text/css"),
    ]
}
