//! The core on its own: no component, no runtime, no network.

#[path = "../case.rs"]
mod case;
mod cases;
mod laws;
mod properties;
mod published;
mod support;
