//! What is acknowledged is stored, whatever failed before.

use sea_orm::{ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _};

use uuid::Uuid;

use super::*;
use crate::storage::entity::{api_key, organization};
use crate::storage::store::{NewApiKey, NewRefreshToken, NewSession, Page};

async fn execute(storage: &Storage, statements: &[&str]) -> Result<(), sea_orm::DbErr> {
    let transaction = storage.writer().begin().await?;
    for sql in statements {
        transaction.execute_unprepared(sql).await?;
    }
    transaction.commit().await
}

fn key(name: &str, created_by: Uuid) -> NewApiKey<'_> {
    NewApiKey {
        key_id: name.to_owned(),
        name,
        prefix: "bas".to_owned(),
        secret_hash: "$hash".to_owned(),
        created_by,
        scope: "read",
        expires_at: None,
        allowed_addresses: Vec::new(),
    }
}

/// SQLite rolls back by itself on a full disk; a trigger makes it do so on any. Then nothing is left for the driver to
/// roll back, which still counts a transaction as open.
#[tokio::test]
async fn a_connection_whose_rollback_failed_is_not_reused() {
    let Fixture { storage, directory: _directory, .. } = sqlite().await;
    let account = sign_up(&storage, "ada@example.com").await;
    let roll_back_by_itself = [
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE child (parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER roll_back BEFORE INSERT ON parent BEGIN SELECT RAISE(ROLLBACK, 'full'); END",
    ];
    execute(&storage, &roll_back_by_itself).await.unwrap();
    for _ in 0..2 {
        execute(&storage, &["INSERT INTO parent VALUES (1)"]).await.unwrap_err();
        execute(&storage, &["INSERT INTO child VALUES (2)"]).await.unwrap_err();
        let keys = storage.api_keys(account.organization.id);
        let stored = keys.insert(key("k", account.user.id), NOW).await.unwrap();
        assert_eq!(
            keys.list(true, Page::ALL).await.unwrap().0,
            std::slice::from_ref(&stored),
            "what is acknowledged is seen by others"
        );
        assert!(keys.revoke(stored.id, NOW).await.unwrap());
        assert_eq!(keys.list(false, Page::ALL).await.unwrap().0, []);
        execute(&storage, &["DELETE FROM api_key"]).await.unwrap();
    }
}

#[tokio::test]
async fn a_commit_that_fails_is_an_error_and_the_next_write_is_stored() {
    let [_, Fixture { storage, .. }] = fixtures().await;
    let at_commit = |body: &str| {
        let function = "CREATE OR REPLACE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS";
        format!("{function} $$ BEGIN {body}; RETURN NULL; END $$")
    };
    let deferred = "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON organization
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()";
    execute(&storage, &[&at_commit("RAISE 'no'"), deferred]).await.unwrap();
    let sign_up = async |email: &str| storage.create_account(new_account(email), NOW).await;
    let count = async || organization::Entity::find().count(storage.reader()).await.unwrap();
    assert!(matches!(sign_up("refused").await, Err(StorageError::Database(_))));

    // the connection is cut while the commit is under way: nobody can tell what came of it
    execute(&storage, &[&at_commit("PERFORM pg_terminate_backend(pg_backend_pid())")]).await.unwrap();
    let cut = sign_up("cut").await;
    assert!(matches!(cut, Err(StorageError::Unavailable(_))), "{cut:?}");
    assert_eq!(count().await, 0);

    execute(&storage, &["DROP TRIGGER at_commit ON organization"]).await.unwrap();
    sign_up("stored").await.unwrap();
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_cannot_be_committed() {
    for Fixture { storage, .. } in fixtures().await {
        let transaction = storage.writer().begin().await.unwrap();
        transaction.execute_unprepared("CREATE TABLE kept (id INTEGER)").await.unwrap();
        transaction.execute_unprepared("INSERT INTO missing VALUES (1)").await.unwrap_err();
        transaction.execute_unprepared("INSERT INTO kept VALUES (1)").await.unwrap_err();
        transaction.commit().await.unwrap_err();
        execute(&storage, &["CREATE TABLE kept (id INTEGER)"]).await.unwrap();
    }
}

#[tokio::test]
async fn a_row_without_its_parent_is_refused_when_it_is_inserted() {
    for Fixture { storage, .. } in fixtures().await {
        let nobody = OrganizationId::generate();
        storage.api_keys(nobody).insert(key("k", Uuid::now_v7()), NOW).await.unwrap_err();
        assert_eq!(api_key::Entity::find().count(storage.reader()).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn an_account_is_stored_with_its_session_or_not_at_all() {
    let Fixture { storage, directory: _directory, .. } = sqlite().await;
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON refresh_token BEGIN SELECT RAISE(ABORT, 'no'); END";
    execute(&storage, &[refuse]).await.unwrap();
    let sign_up = async || {
        let token = NewRefreshToken { token_hash: "hash".to_owned(), expires_at: NOW };
        let session = Some(NewSession { id: Uuid::now_v7(), token });
        storage.create_account(NewAccount { session, ..new_account("ada@example.com") }, NOW).await
    };
    sign_up().await.unwrap_err();
    assert_eq!(storage.account_by_email("ada@example.com").await.unwrap(), None);
    execute(&storage, &["DROP TRIGGER refuse"]).await.unwrap();
    sign_up().await.unwrap();
    assert_eq!(token_counts(&storage).await, [1, 0]);
}
