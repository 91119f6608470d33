//! CPU time on both ends of a connection.

use std::time::Duration;

use basira_benches::Failure;
use basira_benches::process::cpu_of;

/// CPU time: ours, and that of the server process that serves us.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) client: Duration,
    pub(crate) backend: Duration,
}

impl Cost {
    pub(crate) fn since(self, before: Self) -> Self {
        Self { client: self.client - before.client, backend: self.backend - before.backend }
    }

    pub(crate) fn per(self, polls: u32) -> Self {
        Self { client: self.client / polls, backend: self.backend / polls }
    }
}

/// Reads what this process and one server process have used so far.
pub(crate) struct Meter {
    backend: u32,
}

impl Meter {
    /// For the connection that calls itself `application`.
    pub(crate) async fn of(dsn: &str, application: &str) -> Result<Self, Failure> {
        let client = basira_test_support::connect(dsn).await?;
        let backend = "select pid from pg_stat_activity where application_name = $1";
        let pid: i32 = client.query_one(backend, &[&application]).await?.get(0);
        Ok(Self { backend: pid.unsigned_abs() })
    }

    pub(crate) fn read(&self) -> Result<Cost, Failure> {
        Ok(Cost { client: cpu_of(std::process::id())?, backend: cpu_of(self.backend)? })
    }
}
