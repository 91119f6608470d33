//! Whatever a log holds, no more is taken off it than there is.

use proptest::prelude::{Strategy, any, prop_oneof};

use super::entries::{Format, read};
use super::line_prefix::LinePrefix;
use super::log_position::bytes;
use basira_test_support::{fuzz, text};

const PIECES: &[&str] = &[
    "duration: ",
    "1.5",
    " ms  plan:",
    "\n",
    "\n\t",
    "{\"dbname\":\"shop\",\"message\":\"",
    "\"}",
    "\"",
    "\"\"",
    ",",
    "u@shop LOG:  ",
    "{",
    "}",
    "\"Plan\": {\"Node Type\": \"Result\"}",
    "\r\n",
    "shop",
    "\\",
    "t,\"u\",\"shop\",1,\"\",s,1,\"SELECT\",t,v,0,LOG,00000,\"",
];

#[test]
fn any_log_is_read() {
    let format = proptest::sample::select(vec![
        Format::Json,
        Format::Csv,
        Format::Plain(LinePrefix::parse("%m %u@%d ")),
    ]);
    let content = prop_oneof![
        4 => text(PIECES, 40).prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..200),
    ];
    fuzz((format, content), |(format, content)| {
        let (entries, taken) = read(&format, &content, "shop");
        assert!(taken <= content.len(), "{taken} of {}", content.len());
        let (again, rest) = read(&format, &content[taken..], "shop");
        assert!(rest <= content.len() - taken);
        // what was taken off shows its plans once
        assert!(entries.len() + again.len() <= content.len(), "more plans than bytes");
    });
}

#[test]
fn any_text_is_hex_or_none() {
    fuzz(text(&["\\x", "00", "fF", "g", "0"], 20), |hex| {
        assert!(bytes(&hex).len() <= hex.len() / 2);
    });
}
