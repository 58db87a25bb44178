//! Takes the components, and compiles what the library runs ahead of time, so that one `cargo build` gives a library that needs no
//! compiler when it runs.
//!
//! The package as published has the components in its folder `component`. In the repository, where the feature `from-source` is on, the
//! guest is built for `wasm32-unknown-unknown` and wrapped: as a component of the world `ticketing`; as one of the world `core`, because
//! every import that is linked costs each instance time, and what cannot send needs no guard, once for size and once for speed; and as the
//! standalone component, for other runtimes. With `UNIFIED_TICKETING_COMPONENTS` set to the path of a folder like that of the package,
//! those are taken.

#[cfg(feature = "from-source")]
#[path = "build/guest.rs"]
mod guest;
#[path = "build/precompile.rs"]
mod precompile;
#[cfg(feature = "from-source")]
#[path = "build/source.rs"]
mod source;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use self::precompile::{precompile, variable};

/// The variable with the path of a folder of components.
const FOLDER: &str = "UNIFIED_TICKETING_COMPONENTS";

/// The components.
struct Components {
    /// Of the world `ticketing`.
    ticketing: Vec<u8>,
    /// Of the world `core`.
    core: Vec<u8>,
    /// The same, for the library to run.
    fast: Vec<u8>,
    /// The standalone one.
    standalone: Vec<u8>,
}

fn main() -> Result<()> {
    for path in ["build.rs", "build", "src/config.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed={FOLDER}");
    let out = PathBuf::from(variable("OUT_DIR")?);
    let write = |name: &str, bytes: &[u8]| fs::write(out.join(name), bytes);
    let components = components(&out)?;
    write("ticketing.wasm", &components.ticketing)?;
    write("ticketing.cwasm", &precompile(&components.ticketing)?)?;
    write("core.wasm", &components.core)?;
    write("core.cwasm", &precompile(&components.fast)?)?;
    // Not embedded; the published package has it.
    write("core-fast.wasm", &components.fast)?;
    write("standalone.wasm", &components.standalone)?;
    Ok(())
}

/// The components of the folder that the variable names, those of the package, or those of the source.
fn components(out: &Path) -> Result<Components> {
    let folder = env::var_os(FOLDER).map(PathBuf::from);
    #[cfg(feature = "from-source")]
    if folder.is_none() {
        return source::build(out);
    }
    #[cfg(not(feature = "from-source"))]
    let _ = out;
    let folder = match folder {
        Some(folder) => folder,
        None => Path::new(&variable("CARGO_MANIFEST_DIR")?).join("component"),
    };
    let read = |name: &str| {
        let file = folder.join(name);
        println!("cargo::rerun-if-changed={}", file.display());
        fs::read(&file).with_context(|| {
            let file = file.display();
            format!("cannot read `{file}`; in the repository, the feature `from-source` builds it")
        })
    };
    Ok(Components {
        ticketing: read("ticketing.wasm")?,
        core: read("core.wasm")?,
        fast: read("core-fast.wasm")?,
        standalone: read("standalone.wasm")?,
    })
}
