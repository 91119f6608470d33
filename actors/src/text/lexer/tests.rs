//! Each rule of the servers' lexers on which it depends where a literal or a comment ends; both contain zq.

use crate::model::Engine::{self, Clickhouse, Postgres};
use crate::text::normalise;

fn assert_reads(engine: Engine, cases: &[(&str, &str)]) {
    for (raw, expected) in cases {
        assert_eq!(normalise(engine, raw).text, *expected, "{raw}");
    }
}

#[test]
fn strings_of_postgres() {
    assert_reads(
        Postgres,
        &[
            ("select 'zq''zq', e'\\'zq\\\\', E'\\\\', 'zq'", "select $1, $2, $3, $4"),
            ("select 'a'\n'zq', 'a' -- it's zq\n  'zq'", "select $1, $2"),
            ("select E'a'\n'\\'zq', 1", "select $1, $2"),
            ("select E'a' --it's zq\r\n '\\'zq', 1", "select $1, $2"),
            ("select E'a' 'zq\\', 'zq'", "select $1 ..."),
            ("select U&'\\0061zq' uescape '!', u&\"zz't\"", "select $1 uescape $2, u&\"zz't\""),
            ("select x'1F\n77', B'01'\n'10', b'zq'", "select $1, $2, $3"),
            ("select n'zq', N'zq''', national 'zq'", "select $1, $2, national $3"),
            ("select \"a\"\"'\", 'zq', \"b\\\", 'zq'", "select \"a\"\"'\", $1, \"b\\\", $2"),
            ("select 'zq\\', 1", "select ..."),
            ("select 'zq\\\\', 1", "select ..."),
            ("select b\"c'\", 'zq'", "select b \"c'\", $1"),
        ],
    );
}

#[test]
fn dollar_quotes_of_postgres() {
    assert_reads(
        Postgres,
        &[
            ("do $$zq$$", "do $1"),
            ("do $é_1$ $zq$ $é$ $é_1$", "do $1"),
            ("do $a$zq$$a$", "do $1"),
            ("do $a$zq$b$a$", "do $1"),
            ("select a$b$, 'zq'", "select a$b$, $1"),
            ("do $1a$zq$1a$", "do $1 ..."),
            ("do $a b$ zq", "do ..."),
            ("do $a", "do ..."),
            ("do $A$zq$a$ zq", "do ..."),
        ],
    );
}

#[test]
fn comments_and_operators_of_postgres() {
    assert_reads(
        Postgres,
        &[
            ("select 1 /* zq /* ' */ \" zq */ + 'zq'", "select $1 + $2"),
            ("select 1 -- it's zq\r, 'zq'", "select $1, $2"),
            ("select a--zq'\n- 'zq'", "select a - $1"),
            ("select a*/*zq'*/'zq', a<--zq'\n'zq'", "select a* $1, a< $2"),
            ("select a @>/*zq'*/ 'zq'", "select a @> $1"),
            ("select 1 /* zq /* zq */", "select $1 ..."),
            ("select /**/ 'zq' /*/ zq */", "select $1"),
        ],
    );
}

#[test]
fn numbers_of_postgres() {
    assert_reads(
        Postgres,
        &[
            (
                "select 1_000, 0x1F_77, 0o77, 0B1_0, 1.5e-7, 1e5, .5, 5., 1.e5",
                "select $1, $2, $3, $4, $5, $6, $7, $8, $9",
            ),
            ("select a[1..2], 77zq, 77_zq, 0x77zq, 1e77zq, $1zq", "select a[$1..$2], $3, $4, $5, $6, $7"),
            ("select 1from t where 5and 7.or a=0xand", "select $1 from t where $2 and $3 or a=$4"),
        ],
    );
}

#[test]
fn strings_of_clickhouse() {
    assert_reads(
        Clickhouse,
        &[
            (r"SELECT 'zq\'zq', 'zq''zq', '\\', 'zq'", "SELECT $1, $2, $3, $4"),
            (r"SELECT `a\`'`, 'zq'", r"SELECT `a\`'`, $1"),
            (r#"SELECT "a\"'", "b""'", `c``'`, 'zq'"#, r#"SELECT "a\"'", "b""'", `c``'`, $1"#),
            (r"SELECT `a\\`, 'zq'", r"SELECT `a\\`, $1"),
            ("SELECT x'4D', X'', b'01', B'1', 'zq'", "SELECT $1, $2, $3, $4, $5"),
            ("SELECT x'4z', 'zq'", "SELECT ..."),
            (
                "SELECT \u{2018}it's zq\u{2019}, \u{201c}a'b\u{201d}, 'zq'",
                "SELECT $1, \u{201c}a'b\u{201d}, $2",
            ),
            ("SELECT \u{2018}zq", "SELECT ..."),
            ("SELECT `a\\`, 'zq'", "SELECT ..."),
            ("SELECT 1\u{a0}, 'zq', 5 \u{2212} 7", "SELECT $1, $2, $3 \u{2212} $4"),
            ("SELECT é, 'zq'", "SELECT ..."),
        ],
    );
}

#[test]
fn comments_of_clickhouse() {
    assert_reads(
        Clickhouse,
        &[
            ("SELECT 1 // it's zq\n, 'zq' // it's", "SELECT $1, $2"),
            ("SELECT 1 -- it's zq\r, zq\n, 'zq'", "SELECT $1, $2"),
            ("#! it's zq\nSELECT 1 # it's zq\n, 'zq'", "SELECT $1, $2"),
            ("SELECT a||/*zq'*/'zq', a---zq'\n-1", "SELECT a|| $1, a -$2"),
            ("SELECT a -> a/2, a/*zq*//b", "SELECT a -> a/$1, a /b"),
            // versions differ in where it ends
            ("SELECT 1 /* /* zq */ ' */, 'zq'", "SELECT $1 ..."),
            ("SELECT 1 /* zq", "SELECT $1 ..."),
        ],
    );
}

#[test]
fn heredocs_and_numbers_of_clickhouse() {
    assert_reads(
        Clickhouse,
        &[
            ("SELECT $$zq'$$, $tag$ $$ zq' $tag$, 'zq'", "SELECT $1, $2, $3"),
            ("SELECT $any 'tag'$zq$any 'tag'$, 'zq'", "SELECT $1, $2"),
            ("SELECT $a$ zq", "SELECT ..."),
            ("SELECT a$b$, 'zq', $1", "SELECT a$b$, $1, $2"),
            ("SELECT 1_000, 0xF_F, 0b1_0, 0x1.8p-3, 1e+7, inf", "SELECT $1, $2, $3, $4, $5, inf"),
            (
                "SELECT 7d, 0xg, 1__0, x.7d FROM db.2024_events, 2024_events",
                "SELECT 7d, 0xg, 1__0, x.7d FROM db.2024_events, 2024_events",
            ),
            // behind a dot stands an index, which has no exponent
            ("SELECT t. 1e--'\n, 'zq', t .7, 'a' .7", "SELECT t. 1e, $1, t .$2, $3 $4"),
            (
                "SELECT t.1.2, (a, 1).2, a[1].2, 0x1e+7, 1.5 . 7",
                "SELECT t.$1.$2, (a, $3).$4, a[$5].$6, $7+$8, $9 . $10",
            ),
        ],
    );
}

#[test]
fn data_behind_a_statement_is_no_part_of_it() {
    let cases = [
        ("INSERT INTO t FORMAT TSV\nzq\t'zq", "INSERT INTO t FORMAT TSV"),
        (
            "INSERT INTO t (a, format) SETTINGS b = 1 FORMAT JSONEachRow {\"a\": \"zq\"}",
            "INSERT INTO t (a, format) SETTINGS b = $1 FORMAT JSONEachRow",
        ),
        (
            "INSERT INTO t SELECT format, t.format AS f FROM s WHERE a = 'zq'",
            "INSERT INTO t SELECT format, t.format AS f FROM s WHERE a = $1",
        ),
        ("INSERT INTO t VALUES ('zq'), ('zq')", "INSERT INTO t VALUES ($1)"),
        ("SELECT 1 FORMAT TSV", "SELECT $1 FORMAT TSV"),
    ];
    assert_reads(Clickhouse, &cases);
    let fingerprint = |raw| normalise(Clickhouse, raw).fingerprint;
    assert_eq!(fingerprint("INSERT INTO t FORMAT TSV\nzq"), fingerprint("INSERT INTO t FORMAT TSV"));
    assert_reads(
        Postgres,
        &[
            ("copy t from stdin; \n", "copy t from stdin"),
            ("copy t (a) from stdin with csv; zq", "copy t (a) from stdin with csv ..."),
            (
                "copy (select a from stdin) to stdout; select 'zq'",
                "copy (select a from stdin) to stdout; select $1",
            ),
        ],
    );
}
