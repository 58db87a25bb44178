//! What crosses a boundary: the real component in the real host, and the real program.

mod accounts;
#[path = "../case.rs"]
mod case;
mod cases;
mod cli;
mod convert;
mod documents;
mod interface;
mod provider;
mod sandbox;
