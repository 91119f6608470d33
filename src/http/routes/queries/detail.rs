//! One statement over a window: who runs it, what it cost, and how that changed.

use basira_actors::model::streams::STATEMENTS;
use basira_actors::model::{Engine, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use super::parse_hash;
use crate::http::{Answer, ApiError, Request, response};
use crate::samples::{Member, Scope, Wanted};
use crate::views::shown::{self, GapLine};
use crate::views::statements::{self, Statement, StatementPoint};

#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    totals: Statement,
    engine: Engine,
    /// These three are null when the statement is run under more than one; `members` has them all.
    queryid: Option<String>,
    user_name: Option<String>,
    database_name: Option<String>,
    members: Vec<Map<String, Value>>,
    /// Within the window.
    first_seen_at: Option<Timestamp>,
    last_seen_at: Option<Timestamp>,
    #[serde(flatten)]
    further: Map<String, Value>,
    bucket_seconds: i64,
    timeseries: Vec<StatementPoint>,
    gaps: Vec<GapLine>,
}

pub(super) async fn detail(request: Request) -> Answer {
    let (principal, database) = request.database().await?;
    let group = parse_hash(request.path_text("hash"))?;
    let window = request.query()?.window(Timestamp::now())?;

    let scope = Scope { organization: principal.organization_id, database: database.target.id };
    let samples = &request.app.samples;
    let members = samples.members(scope, &STATEMENTS, group).await?;
    if members.is_empty() {
        return Err(ApiError::not_found("query"));
    }
    let bucket_ms = shown::bucket_ms(window);
    let wanted = Wanted { groups: Some(vec![group]), ..Wanted::ALL };
    let totals = samples.totals(scope, &STATEMENTS, window, &wanted).await?;
    let total = totals.into_iter().find(|total| total.group == group);
    let points = samples.points(scope, &STATEMENTS, group, window, bucket_ms).await?;
    let gaps = samples.gaps(scope, &STATEMENTS, window).await?;
    let texts = samples.words(scope.organization, &[group]).await?;

    response::ok(&Detail {
        totals: match &total {
            Some(total) => Statement::new(total, &texts),
            None => Statement::idle(group, texts.get(&group).cloned()),
        },
        engine: database.target.engine,
        queryid: shared_label(&members, "queryid"),
        user_name: shared_label(&members, "user_name"),
        database_name: shared_label(&members, "database_name"),
        first_seen_at: total.as_ref().map(|total| total.first),
        last_seen_at: total.as_ref().map(|total| total.last),
        further: statements::further_counters(total.as_ref().map_or(&[], |total| &total.values)),
        members: members.into_iter().map(|member| member.labels).collect(),
        bucket_seconds: bucket_ms / 1000,
        timeseries: points.iter().map(StatementPoint::new).collect(),
        gaps: gaps.into_iter().map(GapLine::from).collect(),
    })
}

/// The label `name` when every member has the same; 64-bit identifiers are strings.
fn shared_label(members: &[Member], name: &str) -> Option<String> {
    let mut labels = members.iter().map(|member| member.labels.get(name));
    let first = labels.next()??;
    if labels.any(|label| label != Some(first)) {
        return None;
    }
    match first {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::shared_label;
    use crate::samples::Member;

    #[test]
    fn a_label_is_shown_only_when_all_agree() {
        let member = |queryid: i64, user: &str| Member {
            series: 1,
            labels: Map::from_iter([
                ("queryid".to_owned(), json!(queryid)),
                ("user_name".to_owned(), json!(user)),
            ]),
        };
        let members = [member(-5, "ann"), member(-5, "bob")];
        assert_eq!(shared_label(&members, "queryid").as_deref(), Some("-5"));
        assert_eq!(shared_label(&members, "user_name"), None);
        assert_eq!(shared_label(&members, "database_name"), None);
        assert_eq!(shared_label(&members[..1], "user_name").as_deref(), Some("ann"));
        assert_eq!(shared_label(&[], "user_name"), None);
    }
}
