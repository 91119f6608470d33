//! Secrets in files, while they are replaced.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

const NOW: basira_actors::model::Timestamp = basira_actors::model::Timestamp(1_800_000_000_000);

fn config(directory: &tempfile::TempDir) -> Config {
    let mut config = Config::load(None, [], &[]).expect("the defaults are good");
    config.data_dir = directory.path().join("data");
    config
}

#[test]
fn a_replaced_secret_is_seen_by_who_had_the_old_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = config(&directory);
    let running = Secrets::of(&config).expect("are made").encryption;
    let beside = Secrets::of(&config).expect("are read").encryption;
    let old = running.now().current.clone();

    let lock = RotationLock::take(&config.data_dir).expect("nobody has it");
    assert!(matches!(RotationLock::take(&config.data_dir), Err(SecretsError::Rotating(_))));
    assert!(beside.replace(&lock, NOW).expect("is written"));
    assert_eq!(running.now().current, old, "asking reads no file");
    running.refresh_blocking();
    let now = running.now();
    assert_ne!(now.current, old);
    assert_eq!(now.previous, [RetiredSecret { secret: old.clone(), since: Some(NOW) }]);
    assert_eq!(now, beside.now());

    assert!(beside.replace(&lock, NOW).expect("is written"));
    running.refresh_blocking();
    let previous: Vec<_> = running.now().previous.iter().map(|retired| retired.secret.clone()).collect();
    assert_eq!(previous, [now.current.clone(), old.clone()]);

    beside.retain(&lock, |retired| retired.secret == old).expect("is written");
    running.refresh_blocking();
    assert_eq!(running.now().previous.len(), 1);
    beside.retain(&lock, |_| false).expect("is written");
    running.refresh_blocking();
    assert_eq!(running.now().previous, []);
    let names: Vec<_> = fs::read_dir(&config.data_dir).expect("is there").flatten().collect();
    for entry in &names {
        let mode = entry.metadata().expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{entry:?}");
    }
    assert_eq!(names.len(), 3, "two secrets and the lock, of {names:?}");
}

#[tokio::test]
async fn a_replaced_secret_is_picked_up_within_a_second_and_a_damaged_one_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = config(&directory);
    let running = Secrets::of(&config).expect("are made");
    let beside = Secrets::of(&config).expect("are read").jwt;
    let shutdown = CancellationToken::new();
    let following = tokio::spawn(running.clone().follow(shutdown.clone()));

    let lock = RotationLock::take(&config.data_dir).expect("nobody has it");
    beside.replace(&lock, NOW).expect("is written");
    let picked_up = async {
        while running.jwt.now() != beside.now() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SecretRing::PICKED_UP_WITHIN, picked_up).await.expect("the new secret is in use");

    fs::write(beside.file().expect("a file"), "not a secret").expect("is written");
    running.jwt.refresh().await;
    assert_eq!(running.jwt.now(), beside.now());
    shutdown.cancel();
    following.await.expect("it ends");
}

#[test]
fn a_rotation_cut_short_leaves_a_ring_that_opens_everything() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = config(&directory);
    let running = Secrets::of(&config).expect("are made").encryption;
    let old = running.now().current.clone();
    let path = running.file().expect("a file").to_owned();
    // the old one was kept, and the new one not put in its place any more
    let line = format!("{} 2027-01-15T08:00:00.000Z\n", old.expose());
    fs::write(files::previous(&path), line).expect("is written");
    fs::set_permissions(files::previous(&path), fs::Permissions::from_mode(0o600)).expect("is ours");
    let now = Secrets::of(&config).expect("are read").encryption.now();
    assert_eq!((&now.current, now.previous.len()), (&old, 0));
}

#[test]
fn a_data_dir_open_to_others_is_refused_with_the_command_that_mends_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = config(&directory);
    fs::create_dir(&config.data_dir).expect("is made");
    for (mode, good) in
        [(0o755, false), (0o701, false), (0o770, false), (0o777, false), (0o750, true), (0o700, true)]
    {
        fs::set_permissions(&config.data_dir, fs::Permissions::from_mode(mode)).expect("is ours");
        match Secrets::of(&config) {
            Ok(_) => assert!(good, "{mode:o} was accepted"),
            Err(error) => {
                let command = format!("chmod 700 {}", config.data_dir.display());
                assert!(!good && error.to_string().contains(&command), "{mode:o}: {error}");
            }
        }
    }
}

#[test]
fn nothing_of_a_ring_is_printed() {
    let ring = SecretRing::from(&[7; 32]);
    assert_eq!(format!("{ring:?}"), "SecretRing");
}
