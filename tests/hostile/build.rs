//! Builds the hostile component and compiles it ahead of time, as `host/build.rs` does the real one.

#[path = "../../host/build/guest.rs"]
mod guest;
#[path = "../../host/build/precompile.rs"]
mod precompile;

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{CodeSection, Function, HeapType, Module, TableType};
use wasmparser::{ExternalKind, FunctionBody, Parser, Payload, TypeRef};

use self::guest::{build_guest, wrap};
use self::precompile::{precompile, variable};

fn main() -> Result<()> {
    for path in [
        "build.rs",
        "guest",
        "../../host/build",
        "../../host/src/config.rs",
        "../../Cargo.toml",
        "../../Cargo.lock",
        "../../wit",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
    let out = PathBuf::from(variable("OUT_DIR")?);
    let workspace = Path::new(&variable("CARGO_MANIFEST_DIR")?)
        .join("../..")
        .canonicalize()?;
    for (arguments, name) in [
        (&[][..], "hostile.cwasm"),
        (&["--features=more"][..], "more.cwasm"),
    ] {
        let module = build_guest(
            &workspace,
            "unified-ticketing-hostile-guest",
            arguments,
            &out.join("guest"),
        )?;
        fs::write(
            out.join(name),
            precompile(&wrap(&with_growing_table(&module)?)?)?,
        )?;
    }
    Ok(())
}

/// Makes the function `hostile_table_grow` grow the table, which gets no maximum: Rust has no
/// instruction for that.
fn with_growing_table(module: &[u8]) -> Result<Vec<u8>> {
    let (mut imported, mut exported) = (0, None);
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.kind == ExternalKind::Func && export.name == "hostile_table_grow" {
                        exported = Some(export.index);
                    }
                }
            }
            _ => {}
        }
    }
    let function = exported.context("the module has no function `hostile_table_grow`")?;
    let mut reencoder = GrowTable {
        left: function - imported,
    };
    let mut grown = Module::new();
    reencoder.parse_core_module(&mut grown, Parser::new(0), module)?;
    Ok(grown.finish())
}

struct GrowTable {
    /// How many functions precede the one that grows the table.
    left: u32,
}

impl Reencode for GrowTable {
    type Error = Infallible;

    fn table_type(
        &mut self,
        table: wasmparser::TableType,
    ) -> Result<TableType, reencode::Error<Infallible>> {
        let mut table = utils::table_type(self, table)?;
        table.maximum = None;
        Ok(table)
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        let grows = self.left == 0;
        self.left = self.left.wrapping_sub(1);
        if !grows {
            return utils::parse_function_body(self, code, body);
        }
        let mut grow = Function::new([]);
        grow.instructions()
            .ref_null(HeapType::FUNC)
            .local_get(0)
            .table_grow(0)
            .end();
        code.function(&grow);
        Ok(())
    }
}
