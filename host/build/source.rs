//! The components, built from the guest's source.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use wasm_encoder::RawSection;
use wasmparser::{Parser, Payload};

use super::Components;
use super::guest::{build_guest, wrap};
use super::precompile::variable;

/// The arguments to cargo for the world `core`.
const CORE: &str = "--no-default-features";

/// Builds every component. `out` is a folder for cargo's own files.
pub(super) fn build(out: &Path) -> Result<Components> {
    for path in [
        "../Cargo.toml",
        "../Cargo.lock",
        "../guest/Cargo.toml",
        "../guest/src",
        "../guest/json",
        "../guest/standalone",
        "../wit",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
    let workspace = Path::new(&variable("CARGO_MANIFEST_DIR")?)
        .join("..")
        .canonicalize()?;
    let build = |name: &str, arguments: &[&str]| -> Result<Vec<u8>> {
        announce(name);
        let target = out.join("guest");
        let module = build_guest(&workspace, "unified-ticketing-guest", arguments, &target)
            .with_context(|| {
                format!(
                    "the component cannot be built; with `{}` set to a folder of components, none is",
                    super::FOLDER
                )
            })?;
        without_names(&wrap(&module)?)
    };
    // One after the other, in one folder: the macros that they are built with take longer than the rest.
    Ok(Components {
        ticketing: build("ticketing", &[])?,
        core: build("core", &[CORE])?,
        standalone: build("standalone", &["--features", "standalone"])?,
        // This one is shipped in nothing but this library, so that its size counts for less than its speed.
        fast: build(
            "core, for speed",
            &[CORE, "--config", "profile.component.opt-level=3"],
        )?,
    })
}

/// Says on the terminal what is being built, in cargo's form: cargo shows nothing of a build script until it fails.
fn announce(name: &str) {
    if let Ok(mut terminal) = OpenOptions::new().write(true).open("/dev/tty") {
        // Over cargo's own line of progress, which it draws again.
        let _ = write!(terminal, "\r\x1b[K   Component {name}\n");
    }
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
