//! Signing in, one's own account, and keys.

use super::endpoint::{Endpoint, delete, get, patch, post};
use super::fields::{Named, named};

const TOKENS: &str = "access_token refresh_token expires_in:integer";
pub(super) const ORGANIZATION: &str = "id:uuid name slug plan verified:boolean";
const LIMITS: &str = "scope:ApiKeyScope expires_at:time? allowed_addresses:string[]";

pub(super) fn schemas() -> Vec<Named> {
    vec![
        named("Role", "{viewer|member|admin|owner}"),
        named("User", "id:uuid email name role:Role instance_admin:boolean"),
        named("Organization", ORGANIZATION),
        // a key has no person
        named("Me", "(user:User) organization:Organization"),
        named("Tokens", TOKENS),
        named("Session", &format!("user:User organization:Organization {TOKENS}")),
        named("SecondFactor", "enabled:boolean recovery_codes_left:integer"),
        named("ApiKeyScope", "{read|write|admin}"),
        named(
            "ApiKey",
            &format!(
                "id:uuid name prefix created_at:time created_by:uuid? last_used_at:time? last_used_from? revoked_at:time? {LIMITS}"
            ),
        ),
        named("IssuedApiKey", &format!("id:uuid name key prefix created_at:time {LIMITS}")),
    ]
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("/api/v1/auth/signup", "Makes an organization with its owner, and logs in")
            .public()
            .body("email:email[,254] password:string[8,256] name:string[1,200] org_name:string[1,200]", true)
            .created("Session")
            .refuses(403)
            .refuses(409),
        post("/api/v1/auth/login", "Trades an address and its password for tokens")
            .public()
            .body("email:string[0,254] password:string[0,1000] (code:string[0,1000])", true)
            .object("Tokens")
            .refuses(401),
        post("/api/v1/auth/refresh", "Trades a refresh token for the next tokens")
            .public()
            .body("(refresh_token:string[0,1000]?)", false)
            .object("Tokens")
            .refuses(401)
            .refuses(403),
        post("/api/v1/auth/logout", "Ends the session, however the caller shows which it is")
            .public()
            .body("(refresh_token:string[0,1000]?)", false)
            .nothing(204, "It is ended")
            .refuses(403),
        get("/api/v1/auth/verify-email", "Spends the token of a verification mail")
            .public()
            .query("token", "string!", "As it was mailed")
            .object("verified:boolean"),
        post(
            "/api/v1/auth/resend-verification",
            "Mails the verification link again, if there is such an account",
        )
        .public()
        .body("email:string[0,254]", true)
        .nothing(202, "A mail follows, or none"),
        post(
            "/api/v1/auth/forgot-password",
            "Mails a link to set another password, if there is such an account",
        )
        .public()
        .body("email:string[0,254]", true)
        .nothing(202, "A mail follows, or none"),
        post("/api/v1/auth/reset-password", "Spends the token of such a mail; every session ends")
            .public()
            .body("token:string[0,1000] password:string[8,256]", true)
            .object("reset:boolean"),
        post("/api/v1/auth/change-password", "Sets another password; every other session ends")
            .body("current_password:string[0,1000] new_password:string[8,256]", true)
            .nothing(204, "It is changed"),
        patch("/api/v1/auth/me", "Changes one's own name").body("name:string[1,200]", true).object("Me"),
        delete("/api/v1/auth/me", "Removes one's own account; the last owner stays")
            .query("keep_keys", "boolean", "Whether the API keys that it made stay good; false if not given")
            .nothing(204, "It is removed")
            .refuses(409),
        get("/api/v1/auth/totp", "Whether one's own login needs a code").object("SecondFactor"),
        post("/api/v1/auth/totp", "Enrols a device; it counts once a code of it was shown")
            .body("password:string[0,1000]", true)
            .created("secret otpauth_url")
            .refuses(409),
        post("/api/v1/auth/totp/confirm", "Turns the second factor on")
            .body("code:string[0,1000]", true)
            .object("recovery_codes:string[]")
            .refuses(409),
        post("/api/v1/auth/totp/disable", "Turns the second factor off")
            .body("password:string[0,1000] code:string[0,1000]", true)
            .nothing(204, "It is off")
            .refuses(409),
        get("/api/v1/auth/me", "Who the caller is; a key has no person").object("Me"),
        post("/api/v1/auth/ws-ticket", "A ticket that opens one WebSocket, once, within 30 s")
            .object("ticket expires_in:integer"),
        get("/api/v1/api-keys", "The keys of the organization, oldest first")
            .query("include_revoked", "boolean", "Whether to show those that are revoked; false if not given")
            .paged(1_000)
            .list("ApiKey"),
        post("/api/v1/api-keys", "Issues a key, which is shown whole this once")
            .body(
                "name:string[1,200] (scope:ApiKeyScope expires_at:time? allowed_addresses:string[100])",
                true,
            )
            .created("IssuedApiKey")
            .refuses(409),
        delete("/api/v1/api-keys/{id}", "Revokes a key at once").nothing(204, "It is revoked"),
    ]
}
