//! From a package of the guest's side to a component: what the build scripts of the library and of the hostile guest share.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use wit_component::ComponentEncoder;

use super::precompile::variable;

const TARGET: &str = "wasm32-unknown-unknown";

/// A stack that JSON of any depth that is read fits on, and memory at the start that a typical call does not outgrow: to grow is a
/// system call that all threads of the process wait for. And numbers in the code that are as short as they can be, once nothing is
/// linked any more: a fourteenth of the component. The linker takes this only from a profile that strips.
const LINKER: [&str; 3] = [
    "-zstack-size=65536",
    "--initial-memory=262144",
    "--compress-relocations",
];

/// Builds a package of the workspace as a core module, with these arguments to cargo.
///
/// `target_dir` is a directory of its own: the build that runs this script holds the lock of the
/// usual one.
pub(crate) fn build_guest(
    workspace: &Path,
    package: &str,
    arguments: &[&str],
    target_dir: &Path,
) -> Result<Vec<u8>> {
    ensure_target()?;
    let status = tool("CARGO")?
        .current_dir(workspace)
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
        .args(arguments)
        // Named here, because a crate that is also an `rlib` is left out of link-time optimization.
        .args(["--crate-type", "cdylib"])
        .env("CARGO_TARGET_DIR", target_dir)
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(workspace))
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
    for argument in LINKER {
        flags.push("\u{1f}-Clink-arg=");
        flags.push(argument);
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
             hint: run `rustup target add {TARGET}`, or install your distribution's package of it"
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
pub(crate) fn wrap(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)?
        .encode()
        .context("the module does not make a component")
}
