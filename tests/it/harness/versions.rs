//! Tests that run once for each version of PostgreSQL.

/// Makes the tests `CHECK::on_14`, ... of an async function `CHECK`, which takes the major version.
macro_rules! on_versions {
    ($check:ident: $($test:ident = $major:literal),+) => {
        mod $check {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$check($major).await;
                }
            )+
        }
    };
}

/// The same, for every version that is watched.
macro_rules! on_every_version {
    ($check:ident) => {
        on_versions!($check: on_14 = 14, on_15 = 15, on_16 = 16, on_17 = 17, on_18 = 18);
    };
}
