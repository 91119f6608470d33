//! Health rules: each trouble is really made, found, named, and gone after the fix that was printed.

mod both;
mod ch_inserts;
mod ch_merges;
mod ch_nodes;
mod ch_queries;
mod ch_storage;
mod connections;
mod idle;
mod scene;
