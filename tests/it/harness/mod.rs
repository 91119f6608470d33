//! What the tests share.

#[macro_use]
mod versions;

mod app;
mod browser;
pub(crate) mod clickhouse;
mod client;
mod commit_proxy;
mod database;
mod failing_files;
mod health;
mod intercepting_proxy;
mod live;
mod openid;
mod organization;
pub(crate) mod postgres;
mod proxy;
mod small_disk;
mod tls;
mod wait;
mod watched;
mod zookeeper;

pub(crate) use app::TestApp;
pub(crate) use browser::{Browser, Page};
pub(crate) use clickhouse::ClickHouseDatabase;
pub(crate) use client::TestClient;
pub(crate) use commit_proxy::{CommitProxy, Cut};
pub(crate) use database::{MONITOR_PASSWORD, TestDatabase};
pub(crate) use failing_files::{FailingFiles, Fault};
pub(crate) use health::issue;
pub(crate) use intercepting_proxy::{InterceptingProxy, Interception};
pub(crate) use live::LiveStream;
pub(crate) use openid::OpenIdProvider;
pub(crate) use organization::{Organization, PASSWORD, Registered};
pub(crate) use proxy::{ChaosProxy, Mode};
pub(crate) use small_disk::SmallDisk;
pub(crate) use tls::{Authority, TlsProxy};
pub(crate) use wait::{eventually, holds_for};
pub(crate) use watched::{Pair, Watched, wait_until_replayed};
pub(crate) use zookeeper::ZooKeeper;
