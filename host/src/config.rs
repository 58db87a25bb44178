//! The settings of wasmtime that compiled code depends on.
//!
//! The build script compiles the component with them, the library loads the result with them.
//! wasmtime rejects code that was compiled with other settings, so this file is part of both.

use wasmtime::Config;

/// The settings that both sides share. Each side adds its own: the build script the target, the
/// library the allocator.
pub(crate) fn shared() -> Config {
    let mut config = Config::new();
    config
        // The one limit on CPU that costs almost nothing while it is not reached.
        .epoch_interruption(true)
        // The component has no names, so a backtrace would be empty; without backtraces, the table of
        // addresses is not needed either.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable);
    config
}
