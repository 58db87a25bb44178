//! Attempts to exceed a call's limits: time, memory, stack, handles of the host.

use std::hint::black_box;

use wasi::http::types::Fields;

const MEBIBYTE: usize = 1 << 20;

/// Counts to this many millions; without a number, for ever.
pub(crate) fn spin(millions: Option<u64>) {
    let mut count = 0_u64;
    while millions.is_none_or(|millions| count < millions * 1_000_000) {
        count = black_box(count + 1);
    }
}

/// Allocates this much memory and writes to each page of it.
pub(crate) fn memory(mebibytes: usize) {
    let mut bytes = Vec::<u8>::with_capacity(mebibytes * MEBIBYTE);
    for _ in 0..mebibytes * 16 {
        bytes.push(1);
        bytes.resize(bytes.len() + 65_535, 0);
    }
    black_box(&bytes);
}

/// Calls itself to this depth.
#[inline(never)]
pub(crate) fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    if depth == 0 {
        return 0;
    }
    recurse(depth - 1) + u64::from(black_box(frame[0]) > 0)
}

/// Grows a table by this many elements. Rust has no instruction for it: `build.rs` replaces the body
/// of the function with this name.
pub(crate) fn table(elements: u32) -> bool {
    #[inline(never)]
    #[expect(
        unsafe_code,
        reason = "the build script needs a name that is not mangled; nothing else has this one"
    )]
    #[unsafe(no_mangle)]
    extern "C" fn hostile_table_grow(elements: u32) -> i32 {
        // A unique body, so that the compiler merges it with no other function.
        black_box(elements ^ 0x5eed).cast_signed()
    }
    black_box(hostile_table_grow as extern "C" fn(u32) -> i32)(elements) != -1
}

/// Makes the host keep this many header maps of 100 kB.
pub(crate) fn hoard(count: usize) -> usize {
    let value = vec![b'x'; 100_000];
    let mut kept = Vec::new();
    for _ in 0..count {
        let fields = Fields::new();
        if fields.append("x-hoard", &value).is_ok() {
            kept.push(fields);
        }
    }
    kept.len()
}

/// Passes the host a list of this many strings, all of them the same 64 kB of the guest's memory.
pub(crate) fn amplify(count: usize) -> bool {
    #[expect(
        unsafe_code,
        reason = "no binding passes the host one string many times; this is the import of the component model"
    )]
    #[link(wasm_import_module = "wasi:http/types@0.2.12")]
    unsafe extern "C" {
        #[link_name = "[static]fields.from-list"]
        fn from_list(entries: *const [usize; 4], count: usize, result: *mut [u32; 2]);
    }
    let value = vec![b'x'; 64_000];
    let name = b"x-amplify";
    let entry = [
        name.as_ptr() as usize,
        name.len(),
        value.as_ptr() as usize,
        value.len(),
    ];
    let entries = vec![entry; count];
    let mut result = [0; 2];
    #[expect(unsafe_code, reason = "the import takes pointers")]
    // SAFETY: the pointers are of values that outlive the call, and the result has the size and the
    // alignment of `result<fields, header-error>`.
    unsafe {
        from_list(entries.as_ptr(), count, &raw mut result);
    }
    result[0] == 0
}
