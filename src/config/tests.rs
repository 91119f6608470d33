//! Precedence, exact errors, secrets.

use std::os::unix::fs::PermissionsExt as _;

use basira_actors::ports::AddressPolicy as _;

use super::*;
use crate::role::Role;

fn load(file: &str, environment: &[(&str, &str)], flags: &[Flag]) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("basira.toml");
    std::fs::write(&path, file).expect("written");
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(&path), environment, flags)
}

/// The messages, each with the last part of its place.
fn problems(file: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let ConfigError(problems) = load(file, environment, &[]).expect_err("is refused");
    let place = |place: &str| place.rsplit('/').next().unwrap_or_default().to_owned();
    problems.iter().map(|problem| format!("{}: {}", place(&problem.place), problem.message)).collect()
}

#[test]
fn flags_override_environment_which_overrides_file_and_defaults() {
    let listen = |file: &str, environment: &[(&str, &str)], flags: &[Flag]| {
        load(file, environment, flags).expect("is good").http.listen.port()
    };
    let file = "[http]\nlisten = '127.0.0.1:1000'";
    let environment = [("BASIRA__HTTP__LISTEN", "127.0.0.1:2000")];
    let flag = Flag { flag: "--listen", key: "http.listen", value: "127.0.0.1:3000".to_owned() };
    assert_eq!(listen("", &[], &[]), 8080);
    assert_eq!(listen(file, &[], &[]), 1000);
    assert_eq!(listen(file, &environment, &[]), 2000);
    assert_eq!(listen(file, &environment, &[flag]), 3000);
}

/// A file, an environment, and what is wrong with them.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

#[test]
fn every_problem_names_its_key_location_and_valid_values() {
    let cases: [Case; 21] = [
        ("\n[http]\nlisen = 'x'", &[], &["basira.toml:3: unknown key http.lisen; did you mean http.listen?"]),
        ("[collect]\nmax_connects = 'x'", &[], &["basira.toml:2: collect.max_connects must be an integer"]),
        (
            "[collect]\nmax_connects = 0",
            &[],
            &["basira.toml:2: collect.max_connects must be between 1 and 1000"],
        ),
        (
            "[log]\nlevel = 'loud'",
            &[],
            &["basira.toml:2: log.level must be one of error, warn, info, debug, trace"],
        ),
        ("[auth]\nencryption_key = 'ab'", &[], &["basira.toml:2: auth.encryption_key must be 64 hex digits"]),
        (
            "[targets]\ndeny = ['10.0.0.0/99']",
            &[],
            &["basira.toml:2: targets.deny must hold nothing but a network such as 10.0.0.0/8"],
        ),
        (
            "",
            &[("BASIRA__COLLECT__RAW_QUERY_TEXT", "yes")],
            &["BASIRA__COLLECT__RAW_QUERY_TEXT: collect.raw_query_text must be true or false"],
        ),
        ("", &[("BASIRA__NONSENSE", "1")], &["BASIRA__NONSENSE: unknown key nonsense"]),
        (
            "[storage]\nurl = 'sqlite://x'\nurl_file = '/y'",
            &[],
            &["basira.toml:3: storage.url_file and storage.url are both set; keep one"],
        ),
        (
            "[samples]\nurl = 'mysql://u:hunter2@h/d'",
            &[],
            &["basira.toml:2: samples.url must begin with sqlite://, postgres:// or clickhouse://"],
        ),
        (
            "[samples]\nurl = 'clickhouse://u:hunter2@h/d?secure=maybe'",
            &[],
            &["basira.toml:2: samples.url has a value of secure that is not known; it must be true or false"],
        ),
        (
            "[samples.retention]\nraw_hours = 0\nmax_bytes = 4096",
            &[],
            &[
                "basira.toml:2: samples.retention.raw_hours must be between 1 and 876000",
                "basira.toml:3: samples.retention.max_bytes must be 0, for no cap, or at least 1048576",
            ],
        ),
        (
            "[samples.retention]\nraw_hours = 337",
            &[],
            &[
                "basira.toml:2: samples.retention.raw_hours is 337; set samples.retention.minute_days to at least 15 with it",
            ],
        ),
        (
            "[samples.retention]\nminute_days = 10\nhour_days = 9",
            &[],
            &[
                "basira.toml:3: samples.retention.hour_days must be at least 10, because samples.retention.minute_days is 10",
            ],
        ),
        (
            "",
            &[("BASIRA__SAMPLES__RETENTION__HOUR_DAYS", "many")],
            &["BASIRA__SAMPLES__RETENTION__HOUR_DAYS: samples.retention.hour_days must be an integer"],
        ),
        (
            "[mail]\ntransport = 'smtp'\nfrom = 'nobody'",
            &[],
            &[
                "basira.toml:3: mail.from must be an address such as Basira <basira@example.com>",
                "mail.smtp.host: mail.smtp.host must be set with mail.transport = \"smtp\"",
            ],
        ),
        (
            "[mail.smtp]\nhost = 'h'\nport = 0\nca_file = '/nowhere.pem'",
            &[],
            &[
                "basira.toml:3: mail.smtp.port must be between 1 and 65535",
                "basira.toml:4: mail.smtp.ca_file names /nowhere.pem, which cannot be used: No such file or directory (os error 2)",
            ],
        ),
        (
            "[mail.smtp]\nusername = 'u'",
            &[],
            &["basira.toml:2: mail.smtp.username is set without mail.smtp.password"],
        ),
        (
            "[mail.smtp]\nhost = 'mail.x.org'\ntls = 'none'\nusername = 'u'",
            &[("BASIRA__MAIL__SMTP__PASSWORD", "hunter2")],
            &[
                "basira.toml:3: mail.smtp.tls must not be none with a login: the password would be sent in the clear",
            ],
        ),
        (
            "",
            &[("BASIRA__MAIL__SMTP__PASSWORD", "hunter2")],
            &["BASIRA__MAIL__SMTP__PASSWORD: mail.smtp.password is set without mail.smtp.username"],
        ),
        (
            "[log]\nlevel = 'loud'\n[auth]\nsignup = 'maybe'",
            &[],
            &[
                "basira.toml:4: auth.signup must be one of open, invite, closed",
                "basira.toml:2: log.level must be one of error, warn, info, debug, trace",
            ],
        ),
    ];
    for (file, environment, expected) in cases {
        assert_eq!(problems(file, environment), expected, "{file}");
    }
    assert!(problems("[http", &[])[0].starts_with("basira.toml:1: is not TOML"));
}

#[test]
fn samples_are_kept_with_the_storage_and_as_long_as_documented() {
    let samples = load("", &[], &[]).expect("is good").samples;
    assert_eq!((samples.url, samples.retention), (None, Retention::default()));

    let file = "[samples]\nurl = 'clickhouse://u:p@h:9440/d?secure=true'\n[samples.retention]\nraw_hours = 1\nminute_days = 1";
    let environment =
        [("BASIRA__SAMPLES__RETENTION__HOUR_DAYS", "2"), ("BASIRA__SAMPLES__RETENTION__MAX_BYTES", "0")];
    let samples = load(file, &environment, &[]).expect("is good").samples;
    assert_eq!(samples.url, Some(Secret::new("clickhouse://u:p@h:9440/d?secure=true")));
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    let retention = Retention {
        raw: hours(1),
        minute: hours(24),
        hour: hours(48),
        max_bytes: None,
        new_texts_per_hour: Some(50_000),
    };
    assert_eq!(samples.retention, retention);
}

#[test]
fn samples_have_their_own_url_only_if_it_differs_and_is_not_of_clickhouse() {
    let apart = |storage: &str, samples: &str| {
        let environment = [("BASIRA__STORAGE__URL", storage), ("BASIRA__SAMPLES__URL", samples)];
        let config = load("", &environment, &[]).expect("is good");
        config.own_samples_url().map(|url| url.expose().to_owned())
    };
    let (one, other) = ("postgres://h/one", "sqlite:///other.db");
    assert_eq!(apart(one, other).as_deref(), Some(other));
    assert_eq!(apart(one, one), None);
    assert_eq!(apart(one, "clickhouse://h/d"), None);
    assert_eq!(load("", &[], &[]).expect("is good").own_samples_url(), None);
}

#[test]
fn every_key_is_documented() {
    for (key, ..) in keys::KEYS {
        let name = key.rsplit('.').next().expect("a name");
        let stands = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{name} = "));
        assert!(DEFAULTS.lines().any(stands), "{key} is not in config/basira.toml");
    }
    let (_, of_providers) = DEFAULTS.split_once("# [auth.oidc.corp]").expect("a provider");
    for (name, _) in keys::OF_A_PROVIDER {
        assert!(of_providers.contains(&format!("\n# {name} = ")), "{name} is not in config/basira.toml");
    }
}

#[test]
fn secrets_are_read_from_files_and_never_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("url");
    std::fs::write(&path, "postgres://u:hunter2@h/d\n").expect("written");
    let file = format!("[storage]\nurl_file = '{}'", path.display());
    let config = load(&file, &[], &[]).expect("is good");
    assert_eq!(config.storage_url().expose(), "postgres://u:hunter2@h/d");
    assert!(!format!("{config:?}").contains("hunter2"));
    for variable in ["BASIRA__STORAGE__URL", "BASIRA__SAMPLES__URL"] {
        let environment = [(variable.to_owned(), "postgres://u:hunter2@h/d".to_owned())];
        let shown = show(None, environment, &[]).expect("is good");
        assert!(shown.contains("url = \"***\"") && !shown.contains("hunter2"));
    }
}

#[test]
fn a_problem_in_a_secret_file_names_the_key_of_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("secret");
    std::fs::write(&path, "hunter2\n").expect("written");
    let path = path.to_str().expect("is UTF-8");
    let cases = [
        ("BASIRA__STORAGE__URL_FILE", "storage.url must begin with sqlite:// or postgres://"),
        ("BASIRA__SAMPLES__URL_FILE", "samples.url must begin with sqlite://, postgres:// or clickhouse://"),
        ("BASIRA__AUTH__JWT_SECRET_FILE", "auth.jwt_secret must have at least 32 characters"),
        ("BASIRA__AUTH__ENCRYPTION_KEY_FILE", "auth.encryption_key must be 64 hex digits"),
    ];
    for (variable, message) in cases {
        assert_eq!(problems("", &[(variable, path)]), [format!("{variable}: {message}")]);
        let missing = problems("", &[(variable, "/nonexistent/secret")]).remove(0);
        let expected = "_file names /nonexistent/secret, which cannot be read: ";
        assert!(missing.starts_with(variable) && missing.contains(expected), "{missing}");
    }
}

#[test]
fn an_empty_basira_config_names_no_file() {
    let environment = [("BASIRA_CONFIG".to_owned(), String::new())];
    assert_eq!(Config::load(None, environment, &[]), load("", &[], &[]));
}

#[test]
fn secrets_are_generated_once_and_readable_by_the_owner_only() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut config = load("", &[], &[]).expect("is good");
    config.data_dir = directory.path().join("data");
    let made = Secrets::of(&config).expect("are made");
    assert_eq!(Secrets::of(&config).expect("are read"), made);
    let path = config.data_dir.join("jwt_secret");
    let mode = std::fs::metadata(&path).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("is ours");
    let error = Secrets::of(&config).expect_err("is open to others").to_string();
    assert!(error.contains("chmod 600"), "{error}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("is ours");
    std::fs::write(&path, "short").expect("written");
    assert!(matches!(Secrets::of(&config), Err(SecretsError::Damaged(_))));
}

#[test]
fn denied_networks_are_denied_in_either_notation() {
    let targets = load("", &[], &[]).expect("is good").targets;
    for denied in [
        "0.0.0.0",
        "169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "::ffff:169.254.169.254",
        "fe80::1",
        "224.0.0.1",
        "::",
    ] {
        assert!(!targets.allows(denied.parse().expect("an address")), "{denied}");
    }
    for allowed in ["127.0.0.1", "10.1.2.3", "192.0.2.1", "::1", "2001:db8::1"] {
        assert!(targets.allows(allowed.parse().expect("an address")), "{allowed}");
    }
}

#[test]
fn rules_are_set_by_their_ids() {
    let file = "[health.rules.connections.saturation]\nthreshold = 90.5\nfor_seconds = 5\n\
                [health.rules.locks.deadlocks]\nenabled = false";
    let environment = [("BASIRA__HEALTH__RULES__CONNECTIONS__SATURATION__THRESHOLD", "70")];
    let rules = load(file, &environment, &[]).expect("is good").health.rules;
    let saturation = rules.of("connections.saturation");
    assert_eq!(
        (saturation.threshold, saturation.for_seconds, saturation.enabled),
        (Some(70.0), Some(5), None)
    );
    assert_eq!(rules.of("locks.deadlocks").enabled, Some(false));
    assert_eq!(rules.0.len(), 2);
    for (setting, expected) in [
        ("threshold = 'x'", "health.rules.connections.saturation.threshold must be a number"),
        ("threshold = -1", "health.rules.connections.saturation.threshold must be a number from 0 up"),
        ("for_seconds = -1", "health.rules.connections.saturation.for_seconds must be at most 34560000"),
        (
            "window_seconds = 5",
            "health.rules.connections.saturation.window_seconds is for rules with a window only",
        ),
        (
            "treshold = 5",
            "unknown key health.rules.connections.saturation.treshold; \
             did you mean health.rules.connections.saturation.threshold?",
        ),
    ] {
        let file = format!("[health.rules.connections.saturation]\n{setting}");
        assert_eq!(problems(&file, &[]), [format!("basira.toml:2: {expected}")], "{setting}");
    }
}

#[test]
fn a_reload_keeps_keys_that_need_a_restart_and_detects_a_changed_secret_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, secret) = (directory.path().join("basira.toml"), directory.path().join("url"));
    let say = |text: &str| std::fs::write(&file, text).expect("written");
    std::fs::write(&secret, "postgres://a:hidden@x/y").expect("written");
    let storage = format!("[storage]\nurl_file = '{}'\n", secret.display());
    say(&storage);
    let live = LiveConfig::load(Source { file: Some(file.clone()), ..Source::default() }).expect("is good");
    let nothing = live.reload().expect("is good");
    assert_eq!((nothing.changed, nothing.needs_restart), (Vec::new(), Vec::new()));

    std::fs::write(&secret, "postgres://a:other@x/y").expect("written");
    say(&format!("{storage}[log]\nlevel = 'debug'\n"));
    let proposal = live.reload().expect("is good");
    assert_eq!(live.current().log.level, tracing::Level::INFO, "nothing changes yet");
    let told = format!("{:?} {:?}", proposal.changed, proposal.needs_restart);
    assert_eq!(
        (proposal.changed[0].key.as_str(), proposal.needs_restart[0].key.as_str()),
        ("log.level", "storage.url")
    );
    assert!(!told.contains("hidden") && !told.contains("other") && told.contains("***"), "{told}");
    live.accept(&proposal);
    assert_eq!(live.current().log.level, tracing::Level::DEBUG);
    assert_eq!(live.current().storage.url, Some(Secret::new("postgres://a:hidden@x/y")));

    say("nonsense = 1");
    assert!(live.reload().is_err());
    assert_eq!(live.current().log.level, tracing::Level::DEBUG);
}

const PROVIDER: &str = "[auth.oidc.corp]\nissuer = 'https://login.corp.example/'\nclient_id = 'basira'\n";

#[test]
fn sign_in_providers_have_unique_names() {
    assert!(load("", &[], &[]).expect("is good").auth.oidc.is_empty());
    let environment = [
        ("BASIRA__AUTH__OIDC__CORP__CLIENT_SECRET", "hunter2"),
        ("BASIRA__AUTH__OIDC__CORP__ALLOWED_DOMAINS", "Corp.example, x.example"),
        ("BASIRA__AUTH__OIDC__TWO__ISSUER", "http://127.0.0.1:9000"),
        ("BASIRA__AUTH__OIDC__TWO__CLIENT_ID", "b"),
        ("BASIRA__AUTH__OIDC__TWO__SCOPES", "email"),
        ("BASIRA__AUTH__OIDC__TWO__ROLE_CLAIM", "groups"),
        ("BASIRA__AUTH__OIDC__TWO__ROLES", "a=b=admin,c=owner"),
        ("BASIRA__AUTH__OIDC__OFF__ENABLED", "false"),
    ];
    let config = load(PROVIDER, &environment, &[]).expect("is good");
    let [corp, two] = ["corp", "two"].map(|name| &config.auth.oidc[name]);
    assert_eq!(config.auth.oidc.len(), 2, "one is off");
    assert_eq!((corp.label.as_str(), corp.issuer.as_str()), ("corp", "https://login.corp.example/"));
    assert_eq!(corp.client_secret, Some(Secret::new("hunter2")));
    assert_eq!(corp.allowed_domains, ["corp.example", "x.example"]);
    assert_eq!((corp.role, &corp.role_by_claim), (Role::Viewer, &None));
    assert_eq!(corp.scopes, ["openid", "email", "profile"]);
    assert_eq!(two.scopes, ["openid", "email"]);
    let roles = vec![("a=b".to_owned(), Role::Admin), ("c".to_owned(), Role::Owner)];
    assert_eq!(two.role_by_claim, Some(RoleByClaim { claim: "groups".to_owned(), roles }));

    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let shown = show(None, environment, &[]);
    assert!(shown.is_err(), "corp has no issuer here");
    let named = [
        ("BASIRA__AUTH__OIDC__TWO__ISSUER", "https://a"),
        ("BASIRA__AUTH__OIDC__TWO__CLIENT_ID", "b"),
        ("BASIRA__AUTH__OIDC__TWO__CLIENT_SECRET", "hunter2"),
    ];
    let shown =
        show(None, named.map(|(name, value)| (name.to_owned(), value.to_owned())), &[]).expect("is good");
    assert!(shown.contains("[auth.oidc.two]\nclient_id = \"b\"") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_problem_of_a_sign_in_provider_is_named() {
    let cases = [
        ("", "issuer = 'x'", "auth.oidc.corp.client_id is required for a sign-in provider"),
        (
            "issuer = 'http://login.corp.example'",
            "",
            "auth.oidc.corp.issuer must be an https:// URL without a query, as the provider itself writes it",
        ),
        (PROVIDER, "isuer = 'x'", "unknown key auth.oidc.corp.isuer; did you mean auth.oidc.corp.issuer?"),
        (PROVIDER, "role = 'king'", "auth.oidc.corp.role must be one of viewer, member, admin, owner"),
        (
            PROVIDER,
            "role_claim = 'g'\nroles = ['dba']",
            "auth.oidc.corp.roles must hold nothing but VALUE=ROLE, such as dba=admin",
        ),
        (
            PROVIDER,
            "roles = ['dba=admin']",
            "auth.oidc.corp.roles needs auth.oidc.corp.role_claim, the claim to look at",
        ),
        (
            PROVIDER,
            "ca_file = '/nonexistent'",
            "auth.oidc.corp.ca_file names /nonexistent, which cannot be used: ",
        ),
        (
            PROVIDER,
            "[auth.oidc.'Big Corp']\nissuer = 'https://a'",
            "auth.oidc.Big Corp.issuer is of a provider whose name is not made of up to 32 of a-z, 0-9, _ and -",
        ),
    ];
    for (before, line, expected) in cases {
        let header = if before.contains("[auth") { "" } else { "[auth.oidc.corp]\n" };
        let found = problems(&format!("{header}{before}\n{line}"), &[]);
        assert!(found.iter().any(|problem| problem.contains(expected)), "{line}: {found:?}");
    }
}

#[test]
fn the_default_port_of_a_mail_server_follows_its_tls_mode() {
    let port = |tls: &str, more: &str| {
        let file =
            format!("[mail]\ntransport = 'smtp'\n[mail.smtp]\nhost = 'localhost'\ntls = '{tls}'\n{more}");
        match load(&file, &[], &[]).expect("is good").mail.transport {
            MailTransport::Smtp(smtp) => (smtp.port, smtp.login.map(|(username, _)| username)),
            MailTransport::File => panic!("not by SMTP"),
        }
    };
    assert_eq!(port("starttls", ""), (587, None));
    assert_eq!(port("tls", ""), (465, None));
    let login = "username = 'u'\npassword = 'p'";
    assert_eq!(port("none", login), (25, Some("u".to_owned())));
    assert_eq!(port("tls", "port = 2525"), (2525, None));
}

#[test]
fn an_invalid_certificate_is_refused_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("ca.pem");
    let file = format!("[mail.smtp]\nca_file = '{}'", path.display());
    for text in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&path, text).expect("written");
        let found = problems(&file, &[]);
        assert!(found[0].contains(", which cannot be used: "), "{text}: {found:?}");
    }
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(&path, certificate.cert.pem()).expect("written");
    load(&file, &[], &[]).expect("is good");
}

#[test]
fn invalid_proxies_origins_and_limits_are_refused() {
    let proxies = "http.trusted_proxies must hold nothing but an address or a network such as 10.0.0.0/8";
    let origins =
        "http.cors.origins must hold nothing but an origin such as https://status.example.com, or *";
    for (file, expected) in [
        ("[http]\ntrusted_proxies = ['proxy.example']", proxies),
        ("[http]\ncors.origins = ['https://a.example/']", origins),
        ("[http]\ncors.origins = ['https://a.example/page']", origins),
        ("[http]\ncors.origins = ['a.example']", origins),
        ("[http]\ncors.origins = ['null']", origins),
        ("[http]\ntls.key_file = 'k'", "http.tls.key_file is of no use alone: set http.tls.cert_file too"),
        ("[limits.auth]\nsignup_per_hour = -1", "limits.auth.signup_per_hour must be between 0 and 1000000"),
        ("[limits]\nlive_streams = 0", "limits.live_streams must be between 1 and 1000000"),
    ] {
        assert_eq!(problems(file, &[]), [format!("basira.toml:2: {expected}")], "{file}");
    }
    let file = "[http]\ntrusted_proxies = ['10.0.0.0/8', '::1']\ncors.origins = ['https://a.example', 'http://b:81']";
    let http = load(file, &[], &[]).expect("is good").http;
    assert_eq!(http.trusted_proxies[1], "::1/128".parse().expect("a network"));
    assert_eq!(http.cors.origins, ["https://a.example", "http://b:81"]);
    let tls = [("BASIRA__HTTP__TLS__CERT_FILE", "c"), ("BASIRA__HTTP__TLS__KEY_FILE", "k")];
    let config = load("", &tls, &[]).expect("is good");
    assert_eq!(config.public_url(([127, 0, 0, 1], 81).into()), "https://127.0.0.1:81");
}
