//! The people of an organization, who may join it, and the end of all of it.

use sea_orm::{EntityTrait, PaginatorTrait};
use uuid::Uuid;

use crate::storage::entity::{
    api_key, audit_entry, invitation, monitored_database, organization, refresh_token, user_account,
};
use crate::storage::store::{
    DeleteOrganizationError, Demoted, Invitation, Joining, MemberChange, MemberChanged, NewApiKey,
    NewAuditEntry, NewInvitation, NewRefreshToken, Page,
};
use crate::storage::tests::*;

const LATER: Duration = Duration::from_secs(60);

async fn invite(storage: &Storage, organization: OrganizationId, email: &str, hash: &str) -> Invitation {
    let new = NewInvitation {
        email,
        role: "viewer",
        token_hash: hash.to_owned(),
        invited_by: None,
        expires_at: NOW + LATER,
    };
    storage.invitations(organization).insert(new, NOW).await.unwrap()
}

async fn join(storage: &Storage, hash: &str, now: Timestamp) -> Result<Option<Account>, StorageError> {
    let joining = Joining {
        token_hash: hash.to_owned(),
        name: "Bob",
        password_hash: "$hash",
        identity: None,
        session: None,
    };
    storage.join(joining, now).await
}

async fn key_of(storage: &Storage, organization: OrganizationId, by: Uuid, key_id: &str) -> Uuid {
    let new = NewApiKey {
        key_id: key_id.to_owned(),
        name: "ci",
        prefix: format!("dbm_ak_{key_id}"),
        secret_hash: "hash".to_owned(),
        created_by: by,
        scope: "admin",
        expires_at: None,
        allowed_addresses: Vec::new(),
    };
    storage.api_keys(organization).insert(new, NOW).await.unwrap().id
}

/// An organization of Ada, its owner, and Bob, who has the same role.
async fn two_owners(storage: &Storage) -> (OrganizationId, Uuid, Uuid) {
    let ada = sign_up(storage, "ada@x.org").await;
    invite(storage, ada.organization.id, "bob@x.org", "token").await;
    let bob = join(storage, "token", NOW).await.unwrap().unwrap();
    set_role(storage, "bob@x.org", "owner").await;
    (ada.organization.id, ada.user.id, bob.user.id)
}

#[tokio::test]
async fn concurrent_demotions_leave_one_owner() {
    for Fixture { storage, .. } in fixtures().await {
        let (organization, ada, bob) = two_owners(&storage).await;
        let change = async |id, role| {
            let change = MemberChange { role, revoke_keys: false };
            storage.members(organization).change(id, change, "owner", NOW).await.unwrap()
        };
        let (first, second) = tokio::join!(change(ada, Some("admin")), change(bob, None));
        let refused = [&first, &second].into_iter().filter(|change| **change == MemberChanged::LastOwner);
        assert_eq!(refused.count(), 1, "{first:?} {second:?}");
        let members = storage.members(organization).list(Page::ALL).await.unwrap().0;
        let [owner] = members.iter().filter(|member| member.role == "owner").collect::<Vec<_>>()[..] else {
            panic!("{members:?}")
        };
        assert_eq!(change(owner.id, None).await, MemberChanged::LastOwner);
        assert!(matches!(change(owner.id, Some("owner")).await, MemberChanged::Done { .. }));
        assert_eq!(change(Uuid::now_v7(), None).await, MemberChanged::Unknown);

        let stranger = sign_up(&storage, "eve@x.org").await;
        let elsewhere = MemberChange { role: None, revoke_keys: true };
        let members = storage.members(stranger.organization.id);
        let elsewhere = members.change(owner.id, elsewhere, "owner", NOW).await.unwrap();
        assert_eq!(elsewhere, MemberChanged::Unknown);
    }
}

#[tokio::test]
async fn sessions_and_keys_of_a_removed_member_end() {
    for Fixture { storage, .. } in fixtures().await {
        let (organization, ada, bob) = two_owners(&storage).await;
        let session = Uuid::now_v7();
        let token = NewRefreshToken { token_hash: "refresh".to_owned(), expires_at: NOW + LATER };
        storage.start_session(session, bob, token).await.unwrap();
        let (bobs, adas) = (
            key_of(&storage, organization, bob, "k1").await,
            key_of(&storage, organization, ada, "k2").await,
        );
        assert_eq!(storage.standing(bob, session).await.unwrap().unwrap().role, "owner");

        let change = MemberChange { role: Some("viewer"), revoke_keys: true };
        let changed = storage.members(organization).change(bob, change, "owner", NOW).await.unwrap();
        let MemberChanged::Done { member, revoked_keys } = changed else { panic!("{changed:?}") };
        assert_eq!((member.role.as_str(), revoked_keys), ("viewer", vec![bobs]));
        assert_eq!(storage.api_keys(organization).find(bobs).await.unwrap(), None);
        assert!(storage.api_keys(organization).find(adas).await.unwrap().is_some());
        assert_eq!(storage.standing(bob, session).await.unwrap().unwrap().role, "viewer");

        let change = MemberChange { role: None, revoke_keys: true };
        storage.members(organization).change(bob, change, "owner", NOW).await.unwrap();
        assert_eq!(storage.standing(bob, session).await.unwrap(), None);
        assert_eq!(refresh_token::Entity::find().count(&storage.reader).await.unwrap(), 0);
        assert_eq!(storage.members(organization).list(Page::ALL).await.unwrap().0.len(), 1);
    }
}

#[tokio::test]
async fn an_invitation_works_once_before_it_expires_and_for_a_new_account() {
    for Fixture { storage, .. } in fixtures().await {
        let ada = sign_up(&storage, "ada@x.org").await;
        let (own, eve) = (ada.organization.id, sign_up(&storage, "eve@x.org").await);
        let earlier = invite(&storage, own, "bob@x.org", "earlier").await;
        let invitation = invite(&storage, own, "bob@x.org", "token").await;
        assert_eq!(
            storage.invitations(own).list(NOW, Page::ALL).await.unwrap().0,
            std::slice::from_ref(&invitation)
        );
        assert_eq!(storage.invitations(own).list(NOW + LATER, Page::ALL).await.unwrap().0, []);
        assert_eq!(storage.invitations(eve.organization.id).list(NOW, Page::ALL).await.unwrap().0, []);
        assert!(!storage.invitations(eve.organization.id).delete(invitation.id).await.unwrap());
        assert!(!storage.invitations(own).delete(earlier.id).await.unwrap(), "replaced");

        assert_eq!(join(&storage, "earlier", NOW).await.unwrap(), None);
        assert_eq!(join(&storage, "token", NOW + LATER).await.unwrap(), None, "expired");
        let bob = join(&storage, "token", NOW).await.unwrap().unwrap();
        assert_eq!((bob.organization.id, bob.user.role.as_str()), (own, "viewer"));
        assert!(bob.user.email_verified && !bob.user.instance_admin);
        assert_eq!(join(&storage, "token", NOW).await.unwrap(), None, "spent");

        invite(&storage, own, "eve@x.org", "taken").await;
        let taken = join(&storage, "taken", NOW).await;
        assert!(matches!(taken, Err(StorageError::Conflict(_))), "{taken:?}");
        let withdrawn = invite(&storage, own, "cy@x.org", "withdrawn").await;
        assert!(storage.invitations(own).delete(withdrawn.id).await.unwrap());
        assert_eq!(join(&storage, "withdrawn", NOW).await.unwrap(), None);
    }
}

#[tokio::test]
async fn of_concurrent_acceptances_one_succeeds() {
    for Fixture { storage, .. } in fixtures().await {
        let own = sign_up(&storage, "ada@x.org").await.organization.id;
        invite(&storage, own, "bob@x.org", "token").await;
        let (a, b, c) = tokio::join!(
            join(&storage, "token", NOW),
            join(&storage, "token", NOW),
            join(&storage, "token", NOW)
        );
        let joined = [a, b, c].into_iter().filter(|joined| matches!(joined, Ok(Some(_)))).count();
        assert_eq!(joined, 1);
        assert_eq!(storage.members(own).list(Page::ALL).await.unwrap().0.len(), 2);
    }
}

#[tokio::test]
async fn everything_of_a_deleted_organization_is_deleted() {
    for Fixture { storage, .. } in fixtures().await {
        let ada = sign_up(&storage, "ada@x.org").await;
        let eve = sign_up(&storage, "eve@x.org").await;
        let mut registered = Vec::new();
        for account in [&ada, &eve] {
            let own = account.organization.id;
            let database = database(own, "shop");
            storage.databases(own).insert(&database, None).await.unwrap();
            registered.push(database.id);
            key_of(&storage, own, account.user.id, &own.to_string()).await;
            invite(&storage, own, "bob@x.org", &format!("token of {own}")).await;
            let token_hash = own.to_string();
            let token = NewRefreshToken { token_hash, expires_at: NOW + LATER };
            storage.start_session(Uuid::now_v7(), account.user.id, token).await.unwrap();
            let entry = NewAuditEntry { organization: Some(own), ..NewAuditEntry::by_operator("something") };
            storage.record(entry, LATER).await.unwrap();
        }
        let summaries = storage.organizations().await.unwrap();
        let counts: Vec<_> = summaries.iter().map(|summary| (summary.members, summary.databases)).collect();
        assert_eq!(counts, [(1, 1), (1, 1)]);

        let refused = storage.delete_organization(ada.organization.id).await;
        assert!(matches!(refused, Err(DeleteOrganizationError::LastInstanceAdmin)), "{refused:?}");
        storage.promote("eve@x.org", NOW).await.unwrap();
        let deleted = storage.delete_organization(ada.organization.id).await.unwrap();
        assert_eq!(deleted, [registered[0]]);
        let again = storage.delete_organization(ada.organization.id).await;
        assert!(matches!(again, Err(DeleteOrganizationError::Unknown)), "{again:?}");
        macro_rules! one_is_left_of {
            ($($table:ident)+) => {
                $(let left = $table::Entity::find().count(&storage.reader).await.unwrap();
                assert_eq!(left, 1, stringify!($table));)+
            };
        }
        one_is_left_of!(
            organization user_account refresh_token monitored_database api_key invitation audit_entry
        );
        assert!(storage.databases(eve.organization.id).find(registered[1]).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn an_instance_always_has_an_admin() {
    for Fixture { storage, .. } in fixtures().await {
        let ada = sign_up(&storage, "ada@x.org").await.user.id;
        let eve = sign_up(&storage, "eve@x.org").await.user.id;
        assert_eq!(storage.demote(ada, NOW).await.unwrap(), Demoted::LastOne);
        assert_eq!(storage.demote(eve, NOW).await.unwrap(), Demoted::Unknown);
        assert_eq!(storage.promote("nobody@x.org", NOW).await.unwrap(), None);
        assert_eq!(storage.promote("eve@x.org", NOW).await.unwrap().unwrap().id, eve);
        let (first, second) = tokio::join!(storage.demote(ada, NOW), storage.demote(eve, NOW));
        let outcomes = [first.unwrap(), second.unwrap()];
        assert!(outcomes.contains(&Demoted::Done) && outcomes.contains(&Demoted::LastOne), "{outcomes:?}");
        assert_eq!(storage.instance_admins().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_last_instance_admin_cannot_be_removed() {
    for Fixture { storage, .. } in fixtures().await {
        // the first account is the instance admin
        let (organization, ada, bob) = two_owners(&storage).await;
        let remove = async |id| {
            let change = MemberChange { role: None, revoke_keys: true };
            storage.members(organization).change(id, change, "owner", NOW).await.unwrap()
        };
        assert_eq!(remove(ada).await, MemberChanged::LastInstanceAdmin);
        storage.promote("bob@x.org", NOW).await.unwrap();
        // of two who go at once, one stays
        let outcomes = tokio::join!(remove(ada), storage.demote(bob, NOW));
        let refused =
            [outcomes.0 == MemberChanged::LastInstanceAdmin, outcomes.1.unwrap() == Demoted::LastOne];
        assert_eq!(refused.into_iter().filter(|refused| *refused).count(), 1);
        assert_eq!(storage.instance_admins().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn keys_that_outlast_their_creator_pass_to_an_owner() {
    for Fixture { storage, .. } in fixtures().await {
        let (organization, ada, bob) = two_owners(&storage).await;
        let key = key_of(&storage, organization, bob, "k1").await;
        let change = MemberChange { role: None, revoke_keys: false };
        storage.members(organization).change(bob, change, "owner", NOW).await.unwrap();
        let kept = storage.api_keys(organization).find(key).await.unwrap().unwrap();
        assert_eq!(kept.maker, Some((ada, "owner".to_owned())));
    }
}
