//! Where in a server something is, as objects are called.

use super::RuleContext;
use crate::model::ServerDatabases;

impl RuleContext<'_> {
    /// `names` joined by dots; with that of its database before them where it is another than the one connected to.
    #[must_use]
    pub fn called(&self, database: &str, names: &[&str]) -> String {
        let here = names.join(".");
        if self.is_elsewhere(database) { format!("{database}.{here}") } else { here }
    }

    /// `sql`, with where to run it when that is another database than the one connected to.
    #[must_use]
    pub fn run_in(&self, database: &str, sql: &str) -> String {
        if self.is_elsewhere(database) { format!("-- in database {database}\n{sql}") } else { sql.to_owned() }
    }

    fn is_elsewhere(&self, database: &str) -> bool {
        self.newest::<ServerDatabases>().is_ok_and(|known| *known.connected != *database)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::health::testing::{add_snapshot, facts};
    use crate::health::{EffectiveSettings, rules};
    use crate::model::{Engine, RuleSetting};

    #[test]
    fn only_other_databases_are_named() {
        let mut facts = facts(Engine::Postgres);
        add_snapshot(
            &mut facts,
            "shop",
            ServerDatabases { connected: Arc::from("shop"), others: Vec::new() },
        );
        let rule = rules::ALL[0];
        let set = EffectiveSettings::of(rule, RuleSetting::default());
        let context = RuleContext { facts: &facts, rule, set, threshold: set.enter };
        assert_eq!(context.called("shop", &["public", "item"]), "public.item");
        assert_eq!(context.called("bank", &["public", "item"]), "bank.public.item");
        assert_eq!(context.run_in("shop", "ANALYZE a;"), "ANALYZE a;");
        assert_eq!(context.run_in("bank", "ANALYZE a;"), "-- in database bank\nANALYZE a;");
    }
}
