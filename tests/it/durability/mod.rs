//! What was acknowledged is kept, and what was refused is not done, whichever call of the file system fails.
//!
//! The tests try a sample of the calls; with `FAULT_POINTS=all` each of them (`make fuzz-faults`).

mod earlier_version;
mod every_call;
mod fault_points;
mod full_disk;
mod integrity;
mod ledger;
mod maintenance;
mod postgres;
mod script;
