//! What a client was told of its requests, and what must therefore be so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{PASSWORD, TestClient};

/// Whatever the disk does.
const ANSWERED_WITHIN: Duration = Duration::from_secs(40);
/// How many rounds are looked at again.
const ROUNDS: u32 = 10;

/// How a request ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// With a status of success, and what came with it.
    Acknowledged(Value),
    Refused(u16),
    /// The server went away: it may have been done or not.
    Unanswered,
}

impl Outcome {
    pub(super) async fn of(request: RequestBuilder) -> Self {
        let sent = timeout(ANSWERED_WITHIN, request.send()).await.expect("an answer in time");
        let Ok(response) = sent else { return Self::Unanswered };
        let status = response.status();
        let Ok(body) = response.text().await else { return Self::Unanswered };
        match status.is_success() {
            true if body.is_empty() => Self::Acknowledged(Value::Null),
            true => Self::Acknowledged(serde_json::from_str(&body).unwrap()),
            false => Self::Refused(status.as_u16()),
        }
    }

    /// A text of what came with success.
    pub(super) fn text(&self, field: &str) -> Option<String> {
        let Self::Acknowledged(body) = self else { return None };
        Some(body[field].as_str().unwrap().to_owned())
    }
}

/// Something that can be asked again and again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    /// The token or key is good.
    Opens(String),
    /// A key of this name is listed, which it is until it is revoked.
    KeyNamed(String),
    DatabaseNamed(String),
    /// Somebody has signed up with this address.
    SignedUp(String),
}

/// Whether each fact must hold, and the round that it was told in; what went unanswered is not in it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    round: u32,
    facts: BTreeMap<Fact, (u32, bool)>,
    acknowledged: u64,
    refused: u64,
    /// A request that is refused may have been done.
    refused_is_unknown: bool,
}

impl Ledger {
    /// Where the server itself may not learn whether its commit was done, 503 says no more than that.
    pub(super) const fn refused_may_be_done(&mut self) {
        self.refused_is_unknown = true;
    }

    pub(super) fn next_round(&mut self) {
        self.round += 1;
        let oldest = self.round.saturating_sub(ROUNDS);
        self.facts.retain(|_, (round, _)| *round >= oldest);
    }

    /// A request that was to make each of `facts` so. Refused, it has changed nothing; unanswered, nobody knows.
    pub(super) fn note(&mut self, outcome: &Outcome, facts: &[(Fact, bool)]) {
        for (fact, holds) in facts {
            match outcome {
                Outcome::Acknowledged(_) => self.set(fact.clone(), *holds),
                Outcome::Refused(_) if !self.refused_is_unknown => {}
                Outcome::Refused(_) | Outcome::Unanswered => {
                    self.facts.remove(fact);
                }
            }
        }
        match outcome {
            Outcome::Acknowledged(_) => self.acknowledged += 1,
            Outcome::Refused(status) => {
                assert_eq!(*status, 503, "a request that cannot be stored is answered 503: {facts:?}");
                self.refused += 1;
            }
            Outcome::Unanswered => {}
        }
    }

    /// What is so without a request of its own.
    pub(super) fn set(&mut self, fact: Fact, holds: bool) {
        self.facts.insert(fact, (self.round, holds));
    }

    /// Fails unless the faults have struck some requests and spared others.
    pub(super) fn has_both(&self) {
        let Self { acknowledged, refused, .. } = self;
        assert!(*acknowledged > 0 && *refused > 0, "{acknowledged} acknowledged, {refused} refused");
    }

    /// Fails unless everything is as the clients were told, seen with the key of an organization. Whose signing up was
    /// refused does it again, which must work.
    pub(super) async fn holds(&mut self, key: &TestClient, when: &str) {
        let keys = names(&key.get("/api-keys", 200).await);
        let databases = names(&key.get("/databases", 200).await);
        for (fact, (_, expected)) in &mut self.facts {
            let holds = match fact {
                Fact::KeyNamed(name) => keys.contains(name),
                Fact::DatabaseNamed(name) => databases.contains(name),
                Fact::Opens(bearer) => opens(key, bearer).await,
                Fact::SignedUp(email) => !signs_up(key, email).await,
            };
            assert_eq!(holds, *expected, "{fact:?} {when}: acknowledged and not so, or refused and done");
            if let Fact::SignedUp(_) = fact {
                *expected = true;
            }
        }
    }
}

/// What signs up somebody with this address.
pub(super) fn signup(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "name": "Somebody", "org_name": email})
}

fn names(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap().to_owned()).collect()
}

async fn opens(any: &TestClient, bearer: &str) -> bool {
    match status(any.showing(bearer).request(Method::GET, "/auth/me")).await {
        200 => true,
        401 => false,
        other => panic!("/auth/me answered {other}"),
    }
}

/// Whether the address was free.
async fn signs_up(any: &TestClient, email: &str) -> bool {
    match status(any.request(Method::POST, "/auth/signup").json(&signup(email))).await {
        201 => true,
        409 => false,
        other => panic!("/auth/signup answered {other}"),
    }
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}
