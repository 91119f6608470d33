//! Accounts and keys.

use super::endpoint::{Endpoint, delete, get, post};

const TOKENS: &str = "access_token refresh_token expires_in:integer";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("/api/v1/auth/signup", "Makes an organization with its owner, and logs in")
            .public()
            .body(
                "email:email[,254]! password:string[8,256]! name:string[1,200]! org_name:string[1,200]!",
                true,
            )
            .created(&format!("user:object organization:object {TOKENS}"))
            .refuses(403)
            .refuses(409),
        post("/api/v1/auth/login", "Trades an address and its password for tokens")
            .public()
            .body("email! password!", true)
            .object(TOKENS)
            .refuses(401),
        post("/api/v1/auth/refresh", "Trades a refresh token for the next tokens")
            .public()
            .body("refresh_token?", false)
            .object(TOKENS)
            .refuses(401)
            .refuses(403),
        post("/api/v1/auth/logout", "Ends the session, however the caller shows which it is")
            .public()
            .body("refresh_token?", false)
            .nothing(204, "It is ended")
            .refuses(403),
        get("/api/v1/auth/verify-email", "Spends the token of a verification mail")
            .public()
            .query("token", "string!", "As it was mailed")
            .object("verified:boolean"),
        get("/api/v1/auth/me", "Who the caller is; a key has no person")
            .object("user:object organization:object"),
        post("/api/v1/auth/ws-ticket", "A ticket that opens one WebSocket, once, within 30 s")
            .object("ticket expires_in:integer"),
        get("/api/v1/api-keys", "The keys of the organization, oldest first")
            .query("include_revoked", "boolean", "Whether to show those that are revoked; false if not given")
            .list("id:uuid name prefix created_at:time last_used_at:time? revoked_at:time?"),
        post("/api/v1/api-keys", "Issues a key, which is shown whole this once")
            .body("name:string[1,200]!", true)
            .created("id:uuid name key prefix created_at:time"),
        delete("/api/v1/api-keys/{id}", "Revokes a key at once").nothing(204, "It is revoked"),
    ]
}
