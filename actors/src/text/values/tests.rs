//! Values without quotes; all are `zq`.

use crate::model::Engine::{self, Clickhouse, Postgres};
use crate::text::normalise;

fn assert_hides(engine: Engine, cases: &[(&str, &str)]) {
    for (raw, expected) in cases {
        assert_eq!(normalise(engine, raw).text, *expected, "{raw}");
    }
}

#[test]
fn settings_of_postgres() {
    assert_hides(
        Postgres,
        &[
            ("SET my.token TO zq", "SET my.token TO $1"),
            ("set local my.token = zq, \"zq\", 'zq', -77", "set local my.token = $1, $2, $3, $4"),
            ("set session session.token = zq", "set session session.token = $1"),
            ("set \"My\".token = zq zq", "set \"My\".token = $1"),
            ("set time zone zq; set local time zone local", "set time zone $1; set local time zone local"),
            (
                "set search_path to app, \"App\"; set local role = a; set datestyle = iso, 7",
                "set search_path to app, \"App\"; set local role = a; set datestyle = iso, $1",
            ),
            ("set my.role = zq; set my.local to zq", "set my.role = $1; set my.local to $2"),
            (
                "set a = on, zq; set search_path.a = zq; set time zone utc; set time zone interval '7' hour to minute",
                "set a = on, $1; set search_path.a = $2; set time zone utc; set time zone interval $3 hour to minute",
            ),
            ("set a to default; set b = zq; select zz", "set a to default; set b = $1; select zz"),
            (
                "set role zz; set transaction isolation level serializable",
                "set role zz; set transaction isolation level serializable",
            ),
            (
                "alter role a in database b set my.token to zq",
                "alter role a in database b set my.token to $1",
            ),
            ("alter database b set my.token = zq", "alter database b set my.token = $1"),
            ("alter system set my.token = zq", "alter system set my.token = $1"),
            (
                "alter table t alter a set default b, set (fillfactor = 7)",
                "alter table t alter a set default b, set (fillfactor = $1)",
            ),
            (
                "create function f() returns int language sql set a to zq, zq set b from current as $$ zq $$",
                "create function f() returns int language sql set a to $1, $2 set b from current as $3",
            ),
            (
                "create procedure p() language sql begin atomic update t set a = b; end",
                "create procedure p() language sql begin atomic update t set a = b; end",
            ),
            ("update t set a = b, c = d", "update t set a = b, c = d"),
            (
                "create subscription s connection 'zq' publication p with (slot_name = zq, copy_data = off)",
                "create subscription s connection $1 publication p with (slot_name = $2, copy_data = off)",
            ),
        ],
    );
}

#[test]
fn credentials() {
    assert_hides(
        Postgres,
        &[
            ("alter role a password zq valid until 'zq'", "alter role a password $1 valid until $2"),
            ("create user a with password zq login", "create user a with password $1 login"),
            ("alter role a password null", "alter role a password $1"),
            ("select password from t order by a", "select password from t order by a"),
            (
                "create view v as select role from t group by role",
                "create view v as select role from t group by role",
            ),
        ],
    );
    assert_hides(
        Clickhouse,
        &[
            ("CREATE USER a IDENTIFIED BY zq", "CREATE USER a IDENTIFIED BY $1"),
            ("CREATE OR REPLACE USER a IDENTIFIED BY zq", "CREATE OR REPLACE USER a IDENTIFIED BY $1"),
            (
                "CREATE TABLE t (user String) ENGINE = MergeTree ORDER BY user",
                "CREATE TABLE t (user String) ENGINE = MergeTree ORDER BY user",
            ),
            (
                "ALTER TABLE collection UPDATE a = b WHERE c = 'zq'",
                "ALTER TABLE collection UPDATE a = b WHERE c = $1",
            ),
            (
                "CREATE USER a IDENTIFIED WITH sha256_password BY 'zq' HOST ANY",
                "CREATE USER a IDENTIFIED WITH sha256_password BY $1 HOST ANY",
            ),
        ],
    );
}

#[test]
fn settings_of_clickhouse() {
    assert_hides(
        Clickhouse,
        &[
            ("SET a = zq, b = 1, c = {'zq': 1}", "SET a = $1, b = $2, c = {$3: $4}"),
            (
                "SELECT a = b FROM t WHERE a = b SETTINGS c = zq, d = 1 FORMAT JSON",
                "SELECT a = b FROM t WHERE a = b SETTINGS c = $1, d = $2 FORMAT JSON",
            ),
            (
                "SELECT a FROM (SELECT b SETTINGS c = zq) WHERE a = b",
                "SELECT a FROM (SELECT b SETTINGS c = $1) WHERE a = b",
            ),
            (
                "CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = zq, key = zq), b = 1 AS SELECT x = y",
                "CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = $1, key = $2), b = $3 AS SELECT x = y",
            ),
            ("ALTER TABLE t MODIFY SETTING a = zq", "ALTER TABLE t MODIFY SETTING a = $1"),
            (
                "CREATE NAMED COLLECTION c AS a = zq, b = 'zq' OVERRIDABLE",
                "CREATE NAMED COLLECTION c AS a = $1, b = $2 OVERRIDABLE",
            ),
        ],
    );
}

#[test]
fn sources_and_connections_of_clickhouse() {
    assert_hides(
        Clickhouse,
        &[
            (
                "CREATE DICTIONARY d (a Int8 DEFAULT 'zq') PRIMARY KEY a SOURCE(MYSQL(USER zq PASSWORD 'zq' REPLICA(HOST zq))) LIFETIME(7)",
                "CREATE DICTIONARY d (a Int8 DEFAULT $1) PRIMARY KEY a SOURCE($2) LIFETIME($3)",
            ),
            ("SELECT * FROM remote('zq', db, t, zq, zq)", "SELECT * FROM remote($1, db, t, $2, $3)"),
            ("SELECT * FROM remote('zq', system.one)", "SELECT * FROM remote($1, system.one)"),
            (
                "SELECT * FROM s3('zq', zq, \"zq\", concat(a, 'zq'))",
                "SELECT * FROM s3($1, $2, $3, concat(a, $4))",
            ),
            ("SELECT * FROM s3('zq', zq", "SELECT * FROM s3($1, $2"),
            ("SELECT * FROM postgresql(c, password = zq)", "SELECT * FROM postgresql(c, password = $1)"),
            ("CREATE TABLE t (a Int8) ENGINE = S3('zq', zq)", "CREATE TABLE t (a Int8) ENGINE = S3($1, $2)"),
            (
                "INSERT INTO t (a) VALUES (zq, \"zq\", now(), default)",
                "INSERT INTO t (a) VALUES ($1, $2, now(), default)",
            ),
        ],
    );
}
