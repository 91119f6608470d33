//! Asking the doctor until it says what it should.

use serde_json::{Value, json};

use super::Registered;

impl Registered {
    /// Sets one rule for this database, to apply and to clear at once; other rules stay as they are set.
    pub(crate) async fn set_rule(&self, id: &str, setting: &Value) {
        let mut rules = self.get("").await["rules"].clone();
        rules[id] = setting.clone();
        rules[id]["for_seconds"] = json!(0);
        self.client.patch(&format!("/databases/{}", self.id), &json!({"rules": rules}), 200).await;
    }

    /// Lets the collectors run until the doctor finds an issue of this rule that names `object`; the issue.
    pub(crate) async fn wait_for_issue(&self, rule_id: &str, object: &str) -> Value {
        self.collected(async || {
            let doctor = self.get("/doctor").await;
            let issue = issue(&doctor, rule_id);
            match issue.filter(|issue| names(issue, object)) {
                Some(issue) => Ok(issue.clone()),
                None => Err(summary(&doctor)),
            }
        })
        .await
    }

    /// The same until the issue says this too, as one does where it is known what it is coming to.
    pub(crate) async fn wait_for_issue_with(&self, rule_id: &str, object: &str, words: &str) -> Value {
        self.collected(async || {
            let issue = self.wait_for_issue(rule_id, object).await;
            if issue["detail"].as_str().is_some_and(|detail| detail.contains(words)) {
                Ok(issue)
            } else {
                Err(issue)
            }
        })
        .await
    }

    /// Lets the collectors run until this rule was evaluated and finds nothing of `object` any more.
    pub(crate) async fn wait_until_resolved(&self, rule_id: &str, object: &str) {
        self.collected(async || {
            let doctor = self.get("/doctor").await;
            let evaluated = doctor["score"].is_number() && unevaluated(&doctor, rule_id).is_none();
            let ill = issue(&doctor, rule_id).is_some_and(|issue| names(issue, object));
            if evaluated && !ill { Ok(()) } else { Err(summary(&doctor)) }
        })
        .await;
    }
}

/// The issue of one rule.
pub(crate) fn issue<'a>(doctor: &'a Value, rule_id: &str) -> Option<&'a Value> {
    doctor["top_issues"].as_array()?.iter().find(|issue| issue["rule_id"] == rule_id)
}

/// Why one rule was not evaluated.
fn unevaluated<'a>(doctor: &'a Value, rule_id: &str) -> Option<&'a Value> {
    let lines = doctor["not_evaluated"].as_array()?;
    lines.iter().find(|line| line["rule_id"] == rule_id).map(|line| &line["reason"])
}

fn names(issue: &Value, object: &str) -> bool {
    issue["evidence"].as_array().is_some_and(|names| names.iter().any(|name| name == object))
}

/// What a failed test shows.
fn summary(doctor: &Value) -> Value {
    let brief = |issue: &Value| json!([issue["rule_id"], issue["evidence"], issue["detail"]]);
    let issues: Vec<Value> = doctor["top_issues"].as_array().into_iter().flatten().map(brief).collect();
    json!({"score": doctor["score"], "issues": issues, "not_evaluated": doctor["not_evaluated"]})
}
