//! What the benches share: helpers as processes of their own, the program itself, and how figures are printed.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

pub mod basira;
mod figures;
mod helper;
pub mod process;

pub use basira::Basira;
pub use figures::{Failure, figure, median};
pub use helper::Helper;
