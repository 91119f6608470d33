//! What evaluating every rule takes on the database that is polled.

use std::time::Duration;

use basira_actors::health::{Rule, rules};
use basira_actors::model::{Engine, RuleSetting, RuleSettings};
use basira_benches::{Failure, figure, median};

use super::database::STATEMENTS;
use super::ours::Ours;

/// Rules that look at hours would not be evaluated: here they look at this.
const WINDOW_SECONDS: u64 = 30;
const ROUNDS: u32 = 20;

/// The median over some examinations, with how many rules were evaluated.
pub(crate) async fn costs_of_examining(port: u16) -> Result<(), Failure> {
    let mut ours = Ours::start(port, STATEMENTS).await?;
    let warm = Duration::from_secs(WINDOW_SECONDS * 5 / 2);
    let examined = ours.examined(short_windows(), warm, ROUNDS).await?;
    let last = examined.last().ok_or("nothing was examined")?;
    for line in &last.not_evaluated {
        println!("not evaluated: {}: {}", line.rule_id, line.reason);
    }
    println!("{} rules evaluated, score {:?}; median of {ROUNDS}", last.evaluated, last.score);
    let taken = examined.iter().filter_map(|diagnosis| diagnosis.evaluated_in_ms);
    figure("health.evaluation_ms", median(taken), "ms");
    Ok(())
}

fn short_windows() -> RuleSettings {
    let short = |span: Duration| (!span.is_zero()).then_some(WINDOW_SECONDS);
    let setting = |rule: &'static Rule| RuleSetting {
        window_seconds: short(rule.window),
        baseline_seconds: short(rule.baseline),
        ..RuleSetting::default()
    };
    RuleSettings(rules::of(Engine::Postgres).map(|rule| (rule.id.to_owned(), setting(rule))).collect())
}
