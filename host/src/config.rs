//! The settings of wasmtime that compiled code depends on.
//!
//! The build script compiles the component with them, the library loads the result with them.
//! wasmtime refuses code that was compiled with other settings, so this file is part of both.

use wasmtime::Config;

/// The settings that both sides share. What concerns only one side is added by it: the target by
/// the build script, the allocator by the library.
pub(crate) fn shared() -> Config {
    let mut config = Config::new();
    config
        // The one limit on CPU that costs next to nothing while it is not reached.
        .epoch_interruption(true)
        // The component carries no names, so a backtrace would say nothing; without one, the table
        // of addresses goes too.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable);
    config
}
