//! What the benches share: helpers as processes of their own, the program itself, and how figures are printed.

pub(crate) mod basira;
mod figures;
mod helper;
pub(crate) mod process;

pub(crate) use basira::Basira;
pub(crate) use figures::{Failure, figure, median};
pub(crate) use helper::Helper;
