//! From a component to machine code: what the build scripts of the library and of the hostile guest share.

#[path = "../src/config.rs"]
mod config;

use std::env;

use anyhow::{Context as _, Result};

/// Compiles the component for any processor of this build's target, not for the one that happens to
/// build it.
pub(crate) fn precompile(component: &[u8]) -> Result<Vec<u8>> {
    let target = variable("TARGET")?;
    let mut config = config::shared();
    config
        .target(&target)
        .map_err(anyhow::Error::from)
        .with_context(|| format!("wasmtime cannot compile for `{target}`"))?;
    let engine = wasmtime::Engine::new(&config)?;
    engine
        .precompile_component(component)
        .map_err(anyhow::Error::from)
        .with_context(|| format!("wasmtime cannot compile the component for `{target}`"))
}

pub(crate) fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("cargo sets `{name}`"))
}
