//! Multixact ID wraparound.

use crate::health::{Rule, wraparound};

pub(crate) static RULE: Rule = Rule {
    id: "vacuum.multixact_wraparound",
    title: "Multixact ID wraparound",
    description: "The age of the oldest multixact IDs of each database, as a share of the 2^31 after which the \
                  server refuses to write. Autovacuum freezes rows at a tenth of that unless something \
                  prevents it.",
    check: |context| wraparound::check(context, "multixact IDs", "mxid_age", |database| database.mxid_age),
    ..wraparound::RULE
};
