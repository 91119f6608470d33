//! By which plans statements are run.

use super::{Stream, last, word};

/// The plans of each statement. A series is (fingerprint, shape of the plan, source).
pub static PLANS: Stream = Stream {
    name: "plans",
    columns: &[
        word("query_text"),
        word("plan_json"),
        word("plan_hash"),
        word("source"),
        last("total_cost_thousandths"),
        last("rows_estimated_thousandths"),
        last("rows_actual_thousandths"),
        last("actual_time_us"),
        last("seq_scans"),
        last("index_scans"),
        last("seen_at_ms"),
    ],
};
