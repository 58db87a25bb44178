//! Builds the component and compiles it ahead of time, so that one `cargo build` gives a library
//! that needs no compiler when it runs.
//!
//! The guest is built for `wasm32-unknown-unknown`, wrapped into a component, and compiled for the
//! target of this build; once more without what sends, because every import that is linked costs each
//! instance time, and what cannot send needs no guard. The adapter is built the same way; the two
//! composed are the standalone component, for other runtimes. With `UNIFIED_TICKETING_COMPONENT` or
//! `UNIFIED_TICKETING_STANDALONE` set to the path of a component, that one is embedded instead; with
//! both, nothing is built.

#[path = "build/component.rs"]
mod component;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

use self::component::{precompile, variable, wrap};

const PREBUILT: &str = "UNIFIED_TICKETING_COMPONENT";
const PREBUILT_STANDALONE: &str = "UNIFIED_TICKETING_STANDALONE";

fn main() -> Result<()> {
    for path in [
        "build.rs",
        "build",
        "src/config.rs",
        "../Cargo.toml",
        "../Cargo.lock",
        "../guest/Cargo.toml",
        "../guest/src",
        "../guest/adapter",
        "../wit",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }

    let out = PathBuf::from(variable("OUT_DIR")?);
    if env::var_os("DOCS_RS").is_some() {
        // The documentation is built from this package alone; nothing of it runs.
        fs::write(out.join("component.wasm"), [])?;
        fs::write(out.join("component.cwasm"), [])?;
        fs::write(out.join("halves.cwasm"), [])?;
        fs::write(out.join("standalone.wasm"), [])?;
        return Ok(());
    }

    let guest = "unified-ticketing-guest";
    let (component, halves) = if let Some(component) = prebuilt(PREBUILT)? {
        (component.clone(), component)
    } else {
        let whole = without_names(&wrap(&build_guest(guest, &[], &out)?)?)?;
        // It is shipped in nothing but this library, so that its size counts for less than its speed.
        let fast = [
            "--no-default-features",
            "--config",
            "profile.component.opt-level=3",
        ];
        let halves = build_guest(guest, &fast, &out)?;
        (whole, wrap(&halves)?)
    };
    let standalone = if let Some(standalone) = prebuilt(PREBUILT_STANDALONE)? {
        standalone
    } else {
        let adapter = wrap(&build_guest("unified-ticketing-adapter", &[], &out)?)?;
        without_names(&compose(&component, &without_names(&adapter)?)?)?
    };
    fs::write(out.join("component.wasm"), &component)?;
    fs::write(out.join("component.cwasm"), precompile(&component)?)?;
    fs::write(out.join("halves.cwasm"), precompile(&halves)?)?;
    fs::write(out.join("standalone.wasm"), standalone)?;
    Ok(())
}

/// The component at the path that this variable holds, if it is set.
fn prebuilt(variable: &str) -> Result<Option<Vec<u8>>> {
    println!("cargo::rerun-if-env-changed={variable}");
    let Some(path) = env::var_os(variable).map(PathBuf::from) else {
        return Ok(None);
    };
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read(&path)
        .map(Some)
        .with_context(|| format!("`{variable}`: cannot read `{}`", path.display()))
}

/// Builds a package of the guest's side as a core module.
fn build_guest(package: &str, arguments: &[&str], out: &Path) -> Result<Vec<u8>> {
    let workspace = Path::new(&variable("CARGO_MANIFEST_DIR")?)
        .join("..")
        .canonicalize()?;
    component::build_guest(&workspace, package, arguments, &out.join("guest")).with_context(|| {
        format!("{package} cannot be built; with `{PREBUILT}` and `{PREBUILT_STANDALONE}` set to the paths of components, none is")
    })
}

/// Gives the component its accounts from the adapter; what neither has of the other stays imported.
fn compose(component: &[u8], adapter: &[u8]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut register = |name, bytes: &[u8]| {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
        anyhow::Ok(graph.register_package(package)?)
    };
    let component = register("unified:ticketing", component)?;
    let adapter = register("unified:ticketing-adapter", adapter)?;
    plug(&mut graph, vec![adapter], component)?;
    graph
        .encode(EncodeOptions::default())
        .context("the component and the adapter do not compose")
}

/// Leaves out the custom section of names, which only a debugger would read.
fn without_names(component: &[u8]) -> Result<Vec<u8>> {
    let (header, mut rest) = component
        .split_at_checked(8)
        .context("the component is cut")?;
    let mut kept = header.to_vec();
    while let [id, after @ ..] = rest {
        let (size, digits) = leb128(after).context("the component is cut")?;
        let whole = 1 + digits + size;
        let (section, next) = rest
            .split_at_checked(whole)
            .context("the component is cut")?;
        let is_names = *id == 0
            && section
                .get(1 + digits + 1..)
                .is_some_and(|name| name.starts_with(b"component-name"));
        if !is_names {
            kept.extend_from_slice(section);
        }
        rest = next;
    }
    Ok(kept)
}

/// An unsigned number as WebAssembly writes it, and how many bytes it takes.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}
