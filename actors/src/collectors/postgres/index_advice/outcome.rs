//! From proposals, tried or not, to advice.

use std::collections::HashMap;

use super::proposals::{Helped, LEAST_GAIN_PCT, Proposal, Table, Tables, size_bytes};
use crate::model::{Evidence, HelpedStatement, IndexAdvice, IndexAdvices, Timestamp};

/// The result of trying one proposal.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// As long as it would be.
    pub size_bytes: Option<i64>,
    /// Cost of each statement that was planned with it; empty when that did not work.
    pub costs_after: Vec<Option<f64>>,
}

pub(super) struct Context<'a> {
    pub database: &'a str,
    pub tables: &'a Tables,
    /// By table; nothing is written on a standby.
    pub writes_per_second: Option<&'a HashMap<i64, f64>>,
    /// Why `HypoPG` was not used.
    pub why_not: Option<&'a str>,
    pub at: Timestamp,
}

/// What is worth an index, what gains most first.
pub(super) fn advices(proposals: &[Proposal], tried: &[Tried], context: &Context<'_>) -> IndexAdvices {
    let pairs = proposals.iter().zip(tried);
    let mut advices: Vec<IndexAdvice> =
        pairs.filter_map(|(proposal, tried)| advice(proposal, tried, context)).collect();
    advices.sort_by(|a, b| b.gain_pct.total_cmp(&a.gain_pct));
    IndexAdvices(advices)
}

fn advice(proposal: &Proposal, tried: &Tried, context: &Context<'_>) -> Option<IndexAdvice> {
    let table = &context.tables[&proposal.table];
    let was_tried = !tried.costs_after.is_empty();
    let mut statements: Vec<HelpedStatement> = if was_tried {
        proposal
            .statements
            .iter()
            .zip(&tried.costs_after)
            .filter_map(|(it, after)| measured(it, *after))
            .collect()
    } else {
        proposal.statements.iter().map(guessed).collect()
    };
    statements.retain(|statement| statement.gain_pct >= LEAST_GAIN_PCT);
    statements.sort_by(|a, b| b.gain_pct.total_cmp(&a.gain_pct));
    let cost_before: f64 = statements.iter().map(|statement| statement.cost_before).sum();
    let saved: f64 =
        statements.iter().map(|statement| statement.cost_before * statement.gain_pct / 100.0).sum();
    if statements.is_empty() {
        return None;
    }
    let columns = proposal.columns();
    let facts = || columns.iter().map(|name| &table.columns[name]);
    let widths: Vec<Option<i64>> = facts().map(|facts| facts.width).collect();
    let note = (!was_tried).then(|| {
        let why = context.why_not.unwrap_or("HypoPG could not try it");
        let unknown = facts().any(|facts| facts.distinct.is_none());
        let values = if unknown { "; how many values its columns have is not known" } else { "" };
        format!("{why}{values}")
    });
    Some(IndexAdvice {
        database_name: context.database.to_owned(),
        schema_name: proposal.table.0.clone(),
        table_name: proposal.table.1.clone(),
        cost_before,
        cost_after: was_tried.then_some(cost_before - saved),
        gain_pct: rounded(saved / cost_before * 100.0),
        estimated_size_bytes: tried
            .size_bytes
            .filter(|_| was_tried)
            .or_else(|| size_bytes(table.rows, &widths)),
        writes_per_second: context.writes_per_second.and_then(|rates| rates.get(&table.oid).copied()),
        evidence: if was_tried { Evidence::Hypopg } else { Evidence::Hypothesis },
        note,
        create_sql: create_sql(proposal, table, true),
        ts: context.at,
        statements,
        columns,
    })
}

fn measured(helped: &Helped, after: Option<f64>) -> Option<HelpedStatement> {
    let after = after?;
    let gain_pct = rounded((helped.cost - after) / helped.cost * 100.0);
    Some(HelpedStatement { cost_after: Some(after), gain_pct, ..guessed(helped) })
}

fn guessed(helped: &Helped) -> HelpedStatement {
    HelpedStatement {
        query_hash: helped.fingerprint.to_string(),
        cost_before: helped.cost,
        cost_after: None,
        gain_pct: rounded((helped.saved / helped.cost * 100.0).min(100.0)),
    }
}

fn rounded(pct: f64) -> f64 {
    (pct * 100.0).round() / 100.0
}

/// Returns the statement that creates the index; not concurrently for `HypoPG`, which does not support that.
pub(super) fn create_sql(proposal: &Proposal, table: &Table, concurrently: bool) -> String {
    let columns: Vec<&str> =
        proposal.columns().iter().map(|name| table.columns[name].quoted.as_str()).collect();
    let way = if concurrently { "CONCURRENTLY " } else { "" };
    format!("CREATE INDEX {way}ON {} ({})", table.quoted, columns.join(", "))
}
