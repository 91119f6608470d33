//! Fixes for operators, by hosting provider: managed servers have no superuser and no file to edit.

use crate::text::{quote_identifier, quote_name};

/// The provider that hosts a PostgreSQL server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HostingProvider {
    /// None of the known providers.
    #[default]
    Plain,
    Aurora,
    Rds,
    AlloyDb,
    CloudSql,
    Azure,
    Supabase,
    Neon,
}

impl HostingProvider {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Plain, "plain"),
        (Self::Aurora, "aurora"),
        (Self::Rds, "rds"),
        (Self::AlloyDb, "alloydb"),
        (Self::CloudSql, "cloudsql"),
        (Self::Azure, "azure"),
        (Self::Supabase, "supabase"),
        (Self::Neon, "neon"),
    ];

    /// Returns the name used by the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(provider, _)| *provider == self).map_or("", |(_, name)| name)
    }

    /// Returns the provider with the name `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(provider, _)| *provider)
    }
}

/// Returns how to let the server load `library` at its start.
#[must_use]
pub fn preload(provider: HostingProvider, library: &str) -> String {
    match provider {
        HostingProvider::Plain => format!("add {library} to shared_preload_libraries and restart the server"),
        HostingProvider::Aurora => format!(
            "add {library} to shared_preload_libraries in the DB cluster parameter group and reboot the instances"
        ),
        HostingProvider::Rds => {
            format!(
                "add {library} to shared_preload_libraries in the DB parameter group and reboot the instance"
            )
        }
        HostingProvider::AlloyDb => {
            format!("set the database flag alloydb.enable_{library} to on, if there is one")
        }
        HostingProvider::CloudSql => {
            format!("set the database flag cloudsql.enable_{library} to on, if there is one")
        }
        HostingProvider::Azure => format!(
            "choose {library} in the server parameters shared_preload_libraries and azure.extensions, and restart"
        ),
        HostingProvider::Supabase | HostingProvider::Neon => {
            format!("ask the provider to load {library}: its shared_preload_libraries cannot be changed")
        }
    }
}

/// Returns how to install an extension whose library has to be loaded first.
#[must_use]
pub fn install(provider: HostingProvider, extension: &str, loaded: bool) -> String {
    let create = format!("CREATE EXTENSION {extension};");
    if loaded { create } else { format!("{}, then: {create}", preload(provider, extension)) }
}

/// Returns the SQL that makes `role` a member of `granted`.
#[must_use]
pub fn grant(granted: &str, role: &str) -> String {
    format!("GRANT {granted} TO {};", quote_identifier(role))
}

/// Returns the SQL that grants `role` the privileges of a monitor, without superuser.
#[must_use]
pub fn grant_monitor(role: &str) -> String {
    grant("pg_monitor", role)
}

/// Returns the SQL that grants `role` what an error of PostgreSQL says that it lacks: `permission denied for schema stats`.
/// The kind of object is recognized in English messages; for others it is the role of monitors.
#[must_use]
pub fn postgres_grant(refusal: &str, role: &str) -> String {
    const OBJECTS: [(&str, &str); 8] = [
        ("schema ", "USAGE ON SCHEMA"),
        ("table ", "SELECT ON"),
        ("view ", "SELECT ON"),
        ("relation ", "SELECT ON"),
        ("materialized view ", "SELECT ON"),
        ("sequence ", "SELECT ON SEQUENCE"),
        ("function ", "EXECUTE ON FUNCTION"),
        ("database ", "CONNECT ON DATABASE"),
    ];
    let denied = refusal.strip_prefix("permission denied for ").unwrap_or_default();
    let object = OBJECTS.iter().find_map(|(kind, privilege)| Some((privilege, denied.strip_prefix(kind)?)));
    match object {
        Some((privilege, name)) => {
            format!("GRANT {privilege} {} TO {};", quote_name(&[name]), quote_identifier(role))
        }
        None => grant_monitor(role),
    }
}

/// Returns the SQL that grants `role` the privilege named in an error of ClickHouse: `.. to have the grant SELECT(a, b) ON system.parts.`
#[must_use]
pub fn clickhouse_grant(refusal: &str, role: &str) -> String {
    let wanted = refusal.split_once("have the grant ").map_or("", |(_, wanted)| wanted);
    let wanted = wanted.split(". (").next().unwrap_or(wanted).trim_end_matches('.');
    // the wording for a table of which the user may read no column
    let wanted = wanted.replace(" for at least one column on ", " ON ");
    let (privilege, object) = wanted.split_once(" ON ").unwrap_or(("SELECT", "system.*"));
    // all columns: the next version of Basira may read others
    let privilege = privilege.split('(').next().unwrap_or(privilege);
    let object = object.split_whitespace().next().unwrap_or(object);
    format!("GRANT {privilege} ON {object} TO {};", quote_identifier(role))
}

/// Returns the SQL that lets `role` connect to `database`.
#[must_use]
pub fn grant_connect(database: &str, role: &str) -> String {
    format!("GRANT CONNECT ON DATABASE {} TO {};", quote_identifier(database), quote_identifier(role))
}

#[cfg(test)]
mod tests {
    use super::{HostingProvider, grant_connect, install, postgres_grant};

    #[test]
    fn the_grant_is_what_the_refusal_names() {
        for (refusal, grant) in [
            ("permission denied for schema Stats", "GRANT USAGE ON SCHEMA \"Stats\" TO \"mo\";"),
            ("permission denied for view pg_stat_wal", "GRANT SELECT ON pg_stat_wal TO \"mo\";"),
            ("permission denied for table pg_class", "GRANT SELECT ON pg_class TO \"mo\";"),
            (
                "permission denied for function pg_control_system",
                "GRANT EXECUTE ON FUNCTION pg_control_system TO \"mo\";",
            ),
            ("keine Berechtigung f\u{fc}r Schema s", "GRANT pg_monitor TO \"mo\";"),
        ] {
            assert_eq!(postgres_grant(refusal, "mo"), grant, "{refusal}");
        }
    }

    #[test]
    fn a_managed_server_has_no_file_to_edit() {
        for (provider, name) in HostingProvider::ALL {
            assert_eq!(HostingProvider::from_name(name), Some(provider));
            assert_eq!(install(provider, "pg_stat_statements", true), "CREATE EXTENSION pg_stat_statements;");
            let fix = install(provider, "pg_stat_statements", false);
            assert!(fix.ends_with("CREATE EXTENSION pg_stat_statements;"), "{fix}");
        }
        assert!(install(HostingProvider::Rds, "pg_stat_statements", false).contains("parameter group"));
    }

    #[test]
    fn names_are_quoted() {
        assert_eq!(grant_connect("a\"b", "c d"), r#"GRANT CONNECT ON DATABASE "a""b" TO "c d";"#);
    }
}
