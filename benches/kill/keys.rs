//! API keys that are made and revoked as fast as the server answers, and what it owes to those who asked.

use basira_benches::basira::answer;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::account::{Account, text};
use crate::Failure;

/// So many live keys one worker keeps; then each new one ends the oldest.
const KEPT: usize = 5;

struct Key {
    name: String,
    id: String,
    secret: String,
}

/// What one worker was told. A request that went unanswered is in no list: it may have been done or not.
#[derive(Default)]
pub(crate) struct Keys {
    live: Vec<Key>,
    revoked: Vec<Key>,
    /// Of `revoked`, how many were found revoked after a restart.
    looked_at: usize,
    pub(crate) acknowledged: u64,
    pub(crate) refused: u64,
}

/// What was found wrong.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Wrong {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
}

impl Keys {
    /// Makes and revokes until the server no longer answers.
    pub(crate) async fn load(&mut self, account: &Account) {
        while self.step(account).await.is_some() {}
    }

    /// One key more, and one less when there are many; none when the server went away.
    async fn step(&mut self, account: &Account) -> Option<()> {
        let name = Uuid::now_v7().simple().to_string();
        let made = account.request(Method::POST, "/api-keys").json(&json!({"name": name}));
        let made = made.send().await.ok()?;
        if self.is_acknowledged(made.status().is_success()) {
            let made: Value = made.json().await.ok()?;
            let (id, secret) = (text(&made, "id").ok()?, text(&made, "key").ok()?);
            self.live.push(Key { name, id, secret });
        }
        if self.live.len() > KEPT {
            let oldest = self.live.remove(0);
            let ended = account.request(Method::DELETE, &format!("/api-keys/{}", oldest.id));
            match ended.send().await.ok()?.status().is_success() {
                answer if self.is_acknowledged(answer) => self.revoked.push(oldest),
                _ => self.live.push(oldest),
            }
        }
        Some(())
    }

    fn is_acknowledged(&mut self, success: bool) -> bool {
        self.acknowledged += u64::from(success);
        self.refused += u64::from(!success);
        success
    }

    /// Holds the server that was started again against what was told since the last look.
    pub(crate) async fn look(&mut self, account: &Account) -> Result<Wrong, Failure> {
        let wrong = self.compare(account, self.looked_at).await?;
        self.looked_at = self.revoked.len();
        Ok(wrong)
    }

    /// The same with everything that was ever told.
    pub(crate) async fn look_at_all(&self, account: &Account) -> Result<Wrong, Failure> {
        self.compare(account, 0).await
    }

    async fn compare(&self, account: &Account, revoked_from: usize) -> Result<Wrong, Failure> {
        let listed = answer(account.request(Method::GET, "/api-keys")).await?;
        let listed = listed.as_array().ok_or("no list of keys")?;
        let times = |key: &Key| listed.iter().filter(|line| line["name"] == key.name.as_str()).count();
        let mut wrong = Wrong::default();
        for key in &self.live {
            let is_kept = times(key) > 0 && opens(account, key).await?;
            wrong.lost += u64::from(!is_kept);
            wrong.doubled += u64::from(times(key) > 1);
        }
        for key in &self.revoked[revoked_from..] {
            let is_revoked = times(key) == 0 && !opens(account, key).await?;
            wrong.lost += u64::from(!is_revoked);
        }
        Ok(wrong)
    }
}

async fn opens(account: &Account, key: &Key) -> Result<bool, Failure> {
    let status = account.with_key(Method::GET, "/auth/me", &key.secret).send().await?.status();
    match status.as_u16() {
        200 => Ok(true),
        401 => Ok(false),
        other => Err(format!("/auth/me answered {other}").into()),
    }
}
