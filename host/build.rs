//! Builds the component and compiles it ahead of time, so that one `cargo build` gives a library
//! that needs no compiler when it runs.
//!
//! The guest is built for `wasm32-unknown-unknown`, wrapped into a component of the world `ticketing`,
//! and compiled for the target of this build; and so is one of the world `core`, because every import
//! that is linked costs each instance time, and what cannot send needs no guard. The adapter is built the same way; the two
//! composed are the standalone component, for other runtimes. With `UNIFIED_TICKETING_COMPONENT` or
//! `UNIFIED_TICKETING_STANDALONE` set to the path of a component, that one is embedded instead; with
//! both, nothing is built.

#[path = "build/component.rs"]
mod component;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wasm_compose::graph::{Component, CompositionGraph, EncodeOptions};
use wasm_encoder::RawSection;
use wasmparser::{Parser, Payload, Validator};

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
        "../guest/json",
        "../wit",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }

    let out = PathBuf::from(variable("OUT_DIR")?);
    if env::var_os("DOCS_RS").is_some() {
        // The documentation is built from this package alone; nothing of it runs.
        fs::write(out.join("component.wasm"), [])?;
        fs::write(out.join("component.cwasm"), [])?;
        fs::write(out.join("core.wasm"), [])?;
        fs::write(out.join("core.cwasm"), [])?;
        fs::write(out.join("standalone.wasm"), [])?;
        return Ok(());
    }

    let guest = "unified-ticketing-guest";
    let (component, core, fast) = if let Some(component) = prebuilt(PREBUILT)? {
        (component.clone(), component.clone(), component)
    } else {
        let build = |arguments: &[&str]| -> Result<Vec<u8>> {
            without_names(&wrap(&build_guest(guest, arguments, &out)?)?)
        };
        let core = "--no-default-features";
        // This one is shipped in nothing but this library, so that its size counts for less than its speed.
        let fast = [core, "--config", "profile.component.opt-level=3"];
        (build(&[])?, build(&[core])?, build(&fast)?)
    };
    let standalone = if let Some(standalone) = prebuilt(PREBUILT_STANDALONE)? {
        standalone
    } else {
        let adapter = wrap(&build_guest("unified-ticketing-adapter", &[], &out)?)?;
        without_names(&compose(&component, &without_names(&adapter)?)?)?
    };
    fs::write(out.join("component.wasm"), &component)?;
    fs::write(out.join("component.cwasm"), precompile(&component)?)?;
    fs::write(out.join("core.wasm"), &core)?;
    fs::write(out.join("core.cwasm"), precompile(&fast)?)?;
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

/// Composes the component with the adapter, which exports its accounts; what neither has of the other stays imported.
fn compose(component: &[u8], adapter: &[u8]) -> Result<Vec<u8>> {
    let mut validator = Validator::new();
    let component = Component::from_bytes(&mut validator, "ticketing", component)?;
    let adapter = Component::from_bytes(&mut validator, "adapter", adapter)?;
    let (export, accounts) = adapter
        .exports()
        .find_map(|(export, name, ..)| Some((export, component.import_by_name(name)?.0)))
        .context("the adapter exports nothing that the component imports")?;
    let mut graph = CompositionGraph::new();
    let component = graph.add_component(component)?;
    let adapter = graph.add_component(adapter)?;
    let (component, adapter) = (graph.instantiate(component)?, graph.instantiate(adapter)?);
    graph.connect(adapter, Some(export), component, accounts)?;
    graph
        .encode(EncodeOptions {
            define_components: true,
            export: Some(component),
            validate: true,
        })
        .context("the component and the adapter do not compose")
}

/// Leaves out the custom section of names, which only a debugger would read.
fn without_names(component: &[u8]) -> Result<Vec<u8>> {
    let mut kept = wasm_encoder::Component::new();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        let is_names = matches!(&payload, Payload::CustomSection(section) if section.name() == "component-name");
        if depth == 0
            && !is_names
            && let Some((id, range)) = payload.as_section()
        {
            let data = component.get(range).context("the component is cut")?;
            kept.section(&RawSection { id, data });
        }
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(kept.finish())
}
