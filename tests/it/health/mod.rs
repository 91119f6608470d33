//! Health rules: each trouble is really made, found, named, and gone after the fix that was printed.

mod both;
mod connections;
mod idle;
mod indexes;
mod io;
mod plans;
mod queries;
mod scene;
mod settings;
mod storage;
