//! Builds the component and compiles it ahead of time, so that one `cargo build` gives a library
//! that needs no compiler when it runs.
//!
//! The guest is built for `wasm32-unknown-unknown`, wrapped into a component, and compiled for the
//! target of this build. The adapter is built the same way; the two composed are the standalone
//! component, for other runtimes. With `UNIFIED_TICKETING_COMPONENT` or
//! `UNIFIED_TICKETING_STANDALONE` set to the path of a component, that one is embedded instead; with
//! both, nothing is built.

#[path = "src/config.rs"]
mod config;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};
use wit_component::ComponentEncoder;

const PREBUILT: &str = "UNIFIED_TICKETING_COMPONENT";
const PREBUILT_STANDALONE: &str = "UNIFIED_TICKETING_STANDALONE";
const TARGET: &str = "wasm32-unknown-unknown";

fn main() -> Result<()> {
    for path in [
        "build.rs",
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
        fs::write(out.join("standalone.wasm"), [])?;
        return Ok(());
    }

    let component = match prebuilt(PREBUILT)? {
        Some(component) => component,
        None => without_names(&wrap(&build_guest("unified-ticketing-guest", &out)?)?)?,
    };
    let standalone = if let Some(standalone) = prebuilt(PREBUILT_STANDALONE)? {
        standalone
    } else {
        let adapter = wrap(&build_guest("unified-ticketing-adapter", &out)?)?;
        without_names(&compose(&component, &without_names(&adapter)?)?)?
    };
    fs::write(out.join("component.wasm"), &component)?;
    fs::write(out.join("component.cwasm"), precompile(&component)?)?;
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
fn build_guest(package: &str, out: &Path) -> Result<Vec<u8>> {
    ensure_target()?;
    let workspace = Path::new(&variable("CARGO_MANIFEST_DIR")?)
        .join("..")
        .canonicalize()?;
    // A directory of its own: the build that runs this script holds the lock of the usual one.
    let target_dir = out.join("guest");
    let status = tool("CARGO")?
        .current_dir(&workspace)
        .args([
            "rustc",
            "--package",
            package,
            "--lib",
            "--target",
            TARGET,
            "--profile",
            "component",
            "--locked",
        ])
        // Named here, because a crate that is also an `rlib` is left out of link-time optimization.
        .args(["--crate-type", "cdylib"])
        .env("CARGO_TARGET_DIR", &target_dir)
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(&workspace))
        .status()
        .with_context(|| format!("cannot run cargo for {package}"))?;
    ensure!(
        status.success(),
        "{package} does not build for {TARGET}; its errors are above"
    );
    let module = target_dir
        .join(TARGET)
        .join("component")
        .join(package.replace('-', "_"))
        .with_extension("wasm");
    fs::read(&module).with_context(|| format!("cannot read `{}`", module.display()))
}

/// The flags of the guest's build: none that were meant for this machine's programs, and no path of
/// this machine in the component.
fn rustflags(workspace: &Path) -> OsString {
    let mut flags = OsString::from("--remap-path-prefix=");
    flags.push(workspace);
    flags.push("=.");
    let cargo_home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    if let Some(cargo_home) = cargo_home {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(cargo_home);
        flags.push("=/cargo");
    }
    flags
}

/// Sees that the standard library is there for the guest's target, and asks rustup for it where it
/// is not.
fn ensure_target() -> Result<()> {
    if has_target()? {
        return Ok(());
    }
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status()
        .is_ok_and(|status| status.success());
    if !added || !has_target()? {
        bail!(
            "the Rust target {TARGET} is not installed\n\
             hint: run `rustup target add {TARGET}`, or install your distribution's package of it, or set \
             `{PREBUILT}` and `{PREBUILT_STANDALONE}` to the paths of components that are already built"
        );
    }
    Ok(())
}

fn has_target() -> Result<bool> {
    let output = tool("RUSTC")?
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("cannot run rustc")?;
    let directory = String::from_utf8(output.stdout)?;
    let has_core = |directory: &str| {
        fs::read_dir(directory).is_ok_and(|mut files| {
            files.any(|file| {
                file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
            })
        })
    };
    Ok(output.status.success() && has_core(directory.trim()))
}

/// The tool of the toolchain in use, without what the surrounding build told its own compiler.
fn tool(name: &str) -> Result<Command> {
    let mut command = Command::new(variable(name)?);
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let inherited = name.starts_with("CARGO_CFG_")
            || name.starts_with("CARGO_FEATURE_")
            || name.starts_with("CARGO_PROFILE_")
            || name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_TARGET_")
            || name.starts_with("CARGO_BUILD_")
            || matches!(
                &*name,
                "CARGO_ENCODED_RUSTFLAGS"
                    | "CARGO_MAKEFLAGS"
                    | "CARGO_MANIFEST_DIR"
                    | "CARGO_MANIFEST_PATH"
                    | "CLIPPY_ARGS"
                    | "CLIPPY_CONF_DIR"
                    | "DEBUG"
                    | "HOST"
                    | "MAKEFLAGS"
                    | "MFLAGS"
                    | "NUM_JOBS"
                    | "OPT_LEVEL"
                    | "OUT_DIR"
                    | "PROFILE"
                    | "RUSTC_LINKER"
                    | "RUSTC_WORKSPACE_WRAPPER"
                    | "RUSTC_WRAPPER"
                    | "RUSTDOC"
                    | "RUSTFLAGS"
                    | "TARGET"
            );
        if inherited {
            command.env_remove(&*name);
        }
    }
    Ok(command)
}

/// Makes a component of the module, which carries its interface.
fn wrap(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)?
        .encode()
        .context("the module does not make a component")
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

/// Compiles the component for any processor of this build's target, not for the one that happens to
/// build it.
fn precompile(component: &[u8]) -> Result<Vec<u8>> {
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

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("cargo sets `{name}`"))
}
