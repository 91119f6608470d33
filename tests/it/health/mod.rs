//! Health rules: each trouble is really made, found, named, and gone after the fix that was printed.

mod advice;
mod availability;
mod ch_inserts;
mod ch_merges;
mod ch_nodes;
mod ch_queries;
mod ch_replicas;
mod ch_storage;
mod check;
mod collection;
mod connections;
mod idle;
mod indexes;
mod io;
mod load;
mod plans;
mod queries;
mod replication;
mod scene;
mod sessions;
mod settings;
mod storage;
mod vacuum;
mod visibility;
