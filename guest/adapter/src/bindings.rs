//! The types of `unified:ticketing/accounts` and the environment, generated.

#[expect(
    clippy::pedantic,
    reason = "generated from WIT, where the documentation is"
)]
pub(crate) mod generated {
    wit_bindgen::generate!({
        path: ["../../wit", "wit"],
        world: "unified:ticketing-adapter/adapter",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: { "wasi:cli/environment@0.2.12": generate },
    });
}

#[cfg(target_arch = "wasm32")]
pub(crate) use generated::export;
pub(crate) use generated::exports::unified::ticketing::accounts;
#[cfg(target_arch = "wasm32")]
pub(crate) use generated::wasi::cli::environment;
