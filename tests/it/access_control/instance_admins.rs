//! Somebody always runs the instance.

use serde_json::json;

use super::{id_of, invited};
use crate::harness::{Organization, TestApp};

#[tokio::test]
async fn the_last_instance_admin_cannot_be_removed_demoted_or_deleted() {
    let app = TestApp::start().await;
    let first = Organization::verified(&app, "first").await;
    let second = Organization::verified(&app, "second").await;
    // another owner, so that it is not the last owner who goes
    let bob = invited(&app, &first, "bob@first.example", "owner").await;
    let admin = id_of(&first.owner).await;
    let refused = [
        first.owner.delete("/organization?confirm=first", 409).await,
        bob.delete("/organization?confirm=first", 409).await,
        first.owner.delete("/auth/me", 409).await,
        bob.delete(&format!("/members/{admin}"), 409).await,
        bob.delete(&format!("/members/{admin}?keep_keys=true"), 409).await,
        first.owner.delete(&format!("/admin/instance-admins/{admin}"), 409).await,
    ];
    for refused in refused {
        assert_eq!(refused["code"], "last_instance_admin", "{refused}");
    }
    assert!(!app.admin(&["instance-admin", "revoke", &first.email]).await.status.success());
    first.owner.get("/admin/organizations", 200).await;
    // a smaller role takes nothing of the instance away
    bob.patch(&format!("/members/{admin}"), &json!({"role": "viewer"}), 200).await;
    first.owner.get("/admin/organizations", 200).await;

    first.owner.post("/admin/instance-admins", &json!({"email": second.email}), 201).await;
    first.owner.delete("/auth/me", 204).await;
    let refused = second.owner.delete("/organization?confirm=second", 409).await;
    assert_eq!(refused["code"], "last_instance_admin");
}
