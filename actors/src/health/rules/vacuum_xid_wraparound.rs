//! Transaction ID wraparound.

use crate::health::{Rule, wraparound};

pub(crate) static RULE: Rule = Rule {
    id: "vacuum.xid_wraparound",
    title: "Transaction ID wraparound",
    description: "The age of the oldest transaction IDs of each database, as a share of the 2^31 after which \
                  the server refuses to write. Autovacuum freezes rows at a tenth of that unless something \
                  prevents it.",
    check: |context| wraparound::check(context, "transaction IDs", "xid_age", |database| database.xid_age),
    ..wraparound::RULE
};
