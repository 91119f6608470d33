//! Reading a storage beside the server that runs on it.

use super::*;

#[tokio::test]
async fn a_missing_storage_is_not_created_by_a_reader() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("basira.db");
    let error = StorageReader::open(&format!("sqlite://{}", path.display())).await.unwrap_err();
    assert!(error.to_string().contains("basira.db is not there"), "{error}");
    assert!(!path.exists());
}

#[tokio::test]
async fn an_older_schema_is_reported_and_not_migrated() {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite://{}/basira.db", directory.path().display());
    let storage = Storage::open(&url, &KEY).await.unwrap();
    let reader = StorageReader::open(&url).await.unwrap();
    assert!(matches!(reader.check_schema().await, Err(StorageError::Outdated)));
    assert!(!storage.ready().await.unwrap());
    storage.migrate().await.unwrap();
    reader.check_schema().await.unwrap();
    let write = reader.connection().execute_unprepared("DELETE FROM organization").await;
    assert!(write.is_err(), "a reader wrote");
}

#[tokio::test]
async fn databases_of_all_organizations_are_named() {
    for fixture in fixtures().await {
        let mut expected = std::collections::HashMap::new();
        for (email, name) in [("ada@x.org", "shop"), ("eve@x.org", "blog")] {
            let organization = sign_up(&fixture.storage, email).await.organization.id;
            let registered = database(organization, name);
            fixture.storage.databases(organization).insert(&registered, None).await.unwrap();
            expected.insert(registered.id, name.to_owned());
        }
        let reader = StorageReader::open(&fixture.url).await.unwrap();
        assert_eq!(reader.database_names().await.unwrap(), expected);
    }
}
