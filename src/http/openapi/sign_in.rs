//! Signing in with a provider of OpenID Connect.

use super::endpoint::{Endpoint, delete, get, post};
use super::fields::{Named, named};

pub(super) fn schemas() -> Vec<Named> {
    vec![
        named("Provider", "name label start"),
        named("Identity", "id:uuid issuer subject email? created_at:time last_used_at:time"),
    ]
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/auth/oidc", "Whom people may sign in with").public().list("Provider"),
        get("/api/v1/auth/oidc/{provider}/start", "Sends the browser to the provider")
            .public()
            .query("return_to", "string", "A page of this server to come back to; / if not given")
            .redirects(),
        get("/api/v1/auth/oidc/{provider}/callback", "Where the provider sends the browser back to")
            .public()
            .query("code", "string", "From the provider")
            .query("state", "string", "As it was sent to the provider")
            .query("error", "string", "Why there is no code")
            .query("iss", "string", "Which provider it is")
            .redirects()
            .refuses(401)
            .refuses(403)
            .refuses(409),
        post("/api/v1/auth/oidc/{provider}/link", "Begins to connect one's own account with a provider")
            .body("(return_to? password:string[0,1000]?)", false)
            .object("url")
            .refuses(403),
        post(
            "/api/v1/auth/oidc/{provider}/accept-invitation",
            "Begins to accept an invitation as who one is at a provider",
        )
        .public()
        .body("token:string[0,1000] (return_to?)", true)
        .object("url")
        .refuses(403),
        get("/api/v1/auth/identities", "What one's own account is connected with").list("Identity"),
        delete(
            "/api/v1/auth/identities/{id}",
            "Disconnects one of them; takes a login of a moment ago, or the password",
        )
        .body("(password:string[0,1000]?)", false)
        .nothing(204, "It is gone"),
    ]
}
