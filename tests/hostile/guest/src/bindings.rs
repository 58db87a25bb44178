//! The types and traits of `wit/`, generated.

#[expect(
    clippy::pedantic,
    reason = "generated from `wit/`, where the documentation is"
)]
pub(crate) mod generated {
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "ticketing",
        pub_export_macro: true,
        with: {
            "wasi:clocks/monotonic-clock@0.2.12": wasi::clocks::monotonic_clock,
            "wasi:http/outgoing-handler@0.2.12": wasi::http::outgoing_handler,
            "wasi:http/types@0.2.12": wasi::http::types,
            "wasi:io/error@0.2.12": wasi::io::error,
            "wasi:io/poll@0.2.12": wasi::io::poll,
            "wasi:io/streams@0.2.12": wasi::io::streams,
        },
    });
}

pub(crate) use generated::export;
pub(crate) use generated::exports::unified::ticketing::{http_api, integrations, steps, users};
pub(crate) use generated::exports::wasi::http::incoming_handler;
pub(crate) use generated::unified::ticketing::{accounts, types};
