//! Statements with secrets in them, made of templates.
//!
//! In a template `@` stands for a literal of any form, `~` for white space or a comment of any form, `%` for a secret as it is.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

/// A statement, and what must never be seen of it.
#[derive(Debug, Clone)]
pub(super) struct Planted {
    pub(super) sql: String,
    pub(super) secrets: Vec<String>,
}

/// What a dialect offers; in literals and comments `%` stands for the secret.
pub(super) struct Dialect {
    pub(super) statements: &'static [&'static str],
    pub(super) literals: &'static [&'static str],
    pub(super) gaps: &'static [&'static str],
}

pub(super) struct Generator {
    dialect: &'static Dialect,
    random: StdRng,
    planted: u32,
}

impl Generator {
    /// Secrets of different seeds differ.
    pub(super) fn new(dialect: &'static Dialect, seed: u32) -> Self {
        Self { dialect, random: StdRng::seed_from_u64(seed.into()), planted: seed * 1_000_000 }
    }

    /// The `nth` template filled, every fifth time cut off somewhere.
    pub(super) fn statement(&mut self, nth: usize) -> Planted {
        let dialect = self.dialect;
        let mut planted = self.filled(dialect.statements[nth % dialect.statements.len()]);
        if self.random.random_ratio(1, 5) {
            let end = self.random.random_range(planted.sql.len() / 2..=planted.sql.len());
            planted.sql.truncate(planted.sql.floor_char_boundary(end));
        }
        planted
    }

    /// Pieces of statements in any order.
    pub(super) fn noise(&mut self) -> Planted {
        let mut template = String::new();
        for _ in 0..self.random.random_range(1..12) {
            let piece =
                *["@", "~", " a ", "(", ")", ",", "+", "-", "/", "*", " in (", ".", "\"b'\"", "::", "="]
                    .choose(&mut self.random)
                    .expect("a piece");
            template.push_str(piece);
        }
        self.filled(&template)
    }

    pub(super) fn filled(&mut self, template: &str) -> Planted {
        let mut planted = Planted { sql: String::new(), secrets: Vec::new() };
        for c in template.chars() {
            match c {
                '@' => self.plant(self.dialect.literals, &mut planted),
                '~' => self.plant(self.dialect.gaps, &mut planted),
                '%' => self.plant(&["%"], &mut planted),
                '^' => self.plant(&["^"], &mut planted),
                c => planted.sql.push(c),
            }
        }
        planted
    }

    fn plant(&mut self, forms: &[&str], planted: &mut Planted) {
        let form = *forms.choose(&mut self.random).expect("a form");
        for c in form.chars() {
            match c {
                '%' | '^' => {
                    self.planted += 1;
                    let number = self.planted;
                    let secret =
                        if c == '%' { format!("zq{number:09}qz") } else { format!("77{number:09}77") };
                    planted.sql.push_str(&secret);
                    planted.secrets.push(secret);
                }
                c => planted.sql.push(c),
            }
        }
    }
}

/// PostgreSQL; `^` stands for a secret that is a number.
pub(super) static POSTGRES: Dialect = Dialect {
    statements: &[
        "select~@~as a, s.\"we\"\"ird'\" from (select @~as \"we\"\"ird'\") as s where @ <> @",
        "select *~from planted where a = @~or a in (@, @) or a like @ escape '#'",
        "select a||/*%'*/@, a->@ from planted",
        "insert into planted (a)~values (@), (@)~on conflict do nothing",
        "update planted set a = @ where a = @~",
        "delete from planted where a = @||@",
        "set planted.secret to %",
        "set local planted.secret = %, \"%\", '%'",
        "set session planted.secret to \"%\"",
        "set session.planted = %",
        "set time zone %",
        "select 1 as before; set planted.secret to %; select @",
        "alter role current_user set planted.secret to %",
        "alter role all in database postgres set planted.secret = '%', %",
        "alter database postgres set planted.secret to %",
        "alter system set planted.secret = %",
        "do @",
        "do $x$ begin perform '%'; end $x$",
        "create function planted_f() returns text language sql set planted.secret to % as @",
        "create function planted_g(a text default @) returns text begin atomic select @~; end",
        "alter function now() set planted.secret to %",
        "comment on table planted is '%'",
        "notify planted, '%'",
        "prepare planted_p as select @",
        "execute planted_p (@, @)",
        "declare planted_c cursor for select @",
        "create role planted_r password '%' valid until '%'",
        "alter role planted_r password %",
        "create user planted_u with password %",
        "copy (select @) to program 'true %'",
        "copy planted from program 'echo %'",
        "create table planted_t (a text default @ check (a <> @)) with (autovacuum_enabled = %)",
        "create table planted_k (a text) partition by list (a); create table planted_l partition of planted_k for values in (@, @)",
        "create index on planted (lower(a || @)) where a = @",
        "create view planted_v as select @ as a",
        "create policy planted_y on planted using (a = @)",
        "create statistics planted_s on (a || @), (lower(a)) from planted",
        "create publication planted_b for table planted where (a = '%')",
        "create rule planted_e as on insert to planted do also notify planted, '%'",
        "create subscription planted_s connection 'password=%' publication p with (connect = false, slot_name = %)",
        "create server planted_s foreign data wrapper planted_w options (password '%')",
        "alter user mapping for current_user server planted_s options (set password '%')",
        "security label on table planted is '%'",
        "select set_config('planted.secret', @, true)",
        "explain~select @",
        "select E'a'\n--%\n'\\'%' as b",
        "select e'\\\\%'~'b', @",
        "select U&'\\0041%' uescape '!', U&\"d!0061't\" uescape '!'",
        "select $a$ $b$ % $a $a$, $$%$$, @",
        "select a$b$ from planted where a = '%$b$'",
        "select '%\\' from planted where a = '%'",
        "select ^from planted where a = 5and a=$1and a = @",
    ],
    literals: &[
        "'%'",
        "'it''s %'",
        "E'\\'%'",
        "e'%\\\\'",
        "U&'\\0041%'",
        "$$%'$$",
        "$tag$%$$tag$",
        "$é$ ' % $é$",
        "$😀_1$%$😀_1$",
        "N'%'",
        "n'%''%'",
        "'a'\n'%'",
        "E'%'\r\n'\\'%'",
        "U&'d!0061%' uescape '!'",
        "'\"%'",
        "^",
        "-^",
        "^.5e3",
        "0.^",
        "'%'::text",
        "text '%'",
    ],
    gaps: &[
        " ",
        "\n",
        "\t",
        "/*%*/",
        " /* % ' */ ",
        "/* % /* ' */ \" % */",
        " --%'\n",
        "-- \" %\r\n",
        "/*+ % */",
    ],
};

/// ClickHouse.
pub(super) static CLICKHOUSE: Dialect = Dialect {
    statements: &[
        "SELECT~@~AS a, `we\\`ird'`.1 FROM (SELECT (@, 1) AS `we\\`ird'`) WHERE toString(a) != @",
        "SELECT `a\\`'`~, @ FROM (SELECT 1 AS `a\\`'`)",
        "SELECT \"a\\\"'\"~, @ FROM (SELECT 1 AS \"a\\\"'\")",
        "SELECT `a``'`, @ FROM (SELECT 1 AS `a``'`)",
        "SELECT 1 // it's %\n, @~",
        "SELECT 1 -- it's %\n, @",
        "# it's %\nSELECT @",
        "#!%'\nSELECT @~",
        "SELECT * FROM numbers(3) WHERE toString(number) IN (@, @)~SETTINGS max_threads = 1, log_comment = '%'",
        "SELECT @ SETTINGS log_comment = %",
        "SELECT $$%'$$, $tag$ ' % $tag$, @",
        "SELECT x'4D', @, b'01', ‘%’, @",
        "SELECT {p:String}, @",
        "SELECT throwIf(1, '%')",
        "SELECT toUInt8('%')",
        "SELECT CAST('%' AS Enum8('a' = 1))",
        "SELECT planted_f('%')",
        "INSERT INTO planted~VALUES (@), (@)",
        "INSERT INTO planted VALUES (\"%\")",
        "INSERT INTO planted VALUES (%)",
        "INSERT INTO planted FORMAT TSV\n%\n% '\n%",
        "INSERT INTO planted FORMAT JSONEachRow {\"a\": \"%\"}\n{\"a\": 'b' %}",
        "INSERT INTO planted (a) SETTINGS async_insert = 0 FORMAT CSV\n\"%\",%\n",
        "INSERT INTO planted SELECT toString(@)",
        "SET log_comment = '%'",
        "SET log_comment = %, max_threads = 1",
        "CREATE USER planted_u IDENTIFIED WITH plaintext_password BY '%'",
        "CREATE USER planted_u IDENTIFIED BY %",
        "CREATE NAMED COLLECTION planted_c AS password = '%', user = %",
        "CREATE DICTIONARY planted_d (a String, b String DEFAULT @) PRIMARY KEY a \
         SOURCE(CLICKHOUSE(HOST '%' USER % PASSWORD '%' TABLE t)) LAYOUT(FLAT()) LIFETIME(1)",
        "CREATE TABLE planted_s (a String DEFAULT @) ENGINE = S3('nowhere/%', %, '%')",
        "CREATE TABLE planted_t (a String DEFAULT @, CONSTRAINT c CHECK a != @) ENGINE = MergeTree ORDER BY a SETTINGS disk = \
         disk(type = %, secret_access_key = %)",
        "SELECT * FROM remote('127.0.0.1:1', planted, planted, %, %)",
        "SELECT * FROM s3('nowhere/%', %, \"%\", 'CSV')",
        "SELECT * FROM url('nowhere/?key=%', CSV, 'a String', headers('Authorization' = '%'))",
        "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', '%')",
        "SELECT * FROM postgresql(planted_c, password = %)",
        "ALTER TABLE planted UPDATE b = '%' WHERE a = @",
        "ALTER TABLE planted DELETE WHERE a = @",
        "ALTER TABLE planted MODIFY SETTING merge_with_ttl_timeout = %",
        "ALTER TABLE planted ADD CONSTRAINT planted_o CHECK a != @",
        "BACKUP TABLE planted TO S3('nowhere', '%', '%')",
        "CREATE VIEW planted_v AS SELECT @ AS a",
        "KILL QUERY WHERE query_id = '%'",
        "EXPLAIN~SELECT @",
        "DESCRIBE TABLE format(CSV, '%')",
    ],
    literals: &[
        "'%'",
        "'it''s %'",
        "'it\\'s %'",
        "'%\\\\'",
        "'\\\\\\'%'",
        "$$%$$",
        "$tag$ ' %$$tag$",
        "^",
        "^.5",
        "^_000",
        "0x1f^",
        "^e+1",
        "-^",
        "['%', '%']",
        "toDate('%')",
        "'// %'",
        "'/* %'",
        "'-- %'",
        "'`%'",
    ],
    gaps: &[" ", "\n", "\t", "/*%*/", "/* % ' */", " --%'\n", " // % ` '\n", " # \" %'\n", "\u{a0}"],
};
