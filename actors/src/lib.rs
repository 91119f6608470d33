//! Watches databases: drivers, collectors, health rules, and the actors that run them. Depends on neither HTTP nor SeaORM.

pub mod analysis;
pub mod collect;
pub mod collectors;
pub mod drivers;
pub mod health;
pub mod model;
pub mod monitor;
pub mod plan;
pub mod ports;
pub mod supervisor;
pub mod text;
