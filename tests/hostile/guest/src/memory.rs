//! Traces of one call in the next.

use std::arch::wasm32::{memory_grow, memory_size};
use std::sync::Mutex;

static REMEMBERED: Mutex<String> = Mutex::new(String::new());

const PAGE: usize = 65_536;
/// 8 MiB: more than the host keeps mapped between two calls.
const PAGES: usize = 128;

/// Keeps a string in a static.
pub(crate) fn remember(text: &str) {
    if let Ok(mut remembered) = REMEMBERED.lock() {
        text.clone_into(&mut remembered);
    }
}

/// The kept string.
pub(crate) fn recall() -> String {
    REMEMBERED
        .lock()
        .map(|remembered| remembered.clone())
        .unwrap_or_default()
}

/// Writes a string all over new memory, which is never freed.
pub(crate) fn stain(text: &str) {
    let start = memory_grow::<0>(PAGES);
    for offset in (start * PAGE..(start + PAGES) * PAGE).step_by(64) {
        for (index, byte) in text.bytes().take(64).enumerate() {
            write(offset + index, byte);
        }
    }
}

/// How often the start of a stain occurs in all of memory, and in as much new memory again. The
/// first byte comes apart from the rest, so that the search does not find itself.
pub(crate) fn search(first: u8, rest: &str) -> usize {
    memory_grow::<0>(PAGES);
    let end = memory_size::<0>() * PAGE - rest.len() - 1;
    (0..end)
        .filter(|at| {
            read(*at) == first
                && rest
                    .bytes()
                    .enumerate()
                    .all(|(index, byte)| read(at + 1 + index) == byte)
        })
        .count()
}

fn write(address: usize, byte: u8) {
    #[expect(
        unsafe_code,
        reason = "new memory outside the allocator has no safe name"
    )]
    // SAFETY: the address is within memory that this module has grown for itself.
    unsafe {
        std::ptr::with_exposed_provenance_mut::<u8>(address).write_volatile(byte);
    }
}

fn read(address: usize) -> u8 {
    #[expect(unsafe_code, reason = "all of linear memory has no safe name")]
    // SAFETY: every address below the size of linear memory can be read; volatile, so that the compiler
    // assumes no value.
    unsafe {
        std::ptr::with_exposed_provenance::<u8>(address).read_volatile()
    }
}
