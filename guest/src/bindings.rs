//! The types and traits of `wit/`, generated.
//!
//! These are the model of the whole crate: nothing else says again what a user, a finding or an error is. They compile natively
//! too; only calling an import needs a component's host.

#[expect(
    missing_docs,
    clippy::pedantic,
    reason = "generated from `wit/`, where the documentation is"
)]
pub(crate) mod generated {
    #[cfg(not(feature = "ticketing"))]
    wit_bindgen::generate!({
        path: "wit",
        world: "core",
        pub_export_macro: true,
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    });

    #[cfg(all(feature = "ticketing", not(feature = "standalone")))]
    wit_bindgen::generate!({
        path: "wit",
        world: "ticketing",
        pub_export_macro: true,
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
        with: {
            "wasi:clocks/monotonic-clock@0.2.12": wasi::clocks::monotonic_clock,
            "wasi:http/outgoing-handler@0.2.12": wasi::http::outgoing_handler,
            "wasi:http/types@0.2.12": wasi::http::types,
            "wasi:io/error@0.2.12": wasi::io::error,
            "wasi:io/poll@0.2.12": wasi::io::poll,
            "wasi:io/streams@0.2.12": wasi::io::streams,
        },
    });

    #[cfg(feature = "standalone")]
    wit_bindgen::generate!({
        path: ["wit", "standalone"],
        world: "unified:ticketing-standalone/standalone",
        pub_export_macro: true,
        generate_all,
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
        with: {
            "wasi:clocks/monotonic-clock@0.2.12": ::wasi::clocks::monotonic_clock,
            "wasi:http/outgoing-handler@0.2.12": ::wasi::http::outgoing_handler,
            "wasi:http/types@0.2.12": ::wasi::http::types,
            "wasi:io/error@0.2.12": ::wasi::io::error,
            "wasi:io/poll@0.2.12": ::wasi::io::poll,
            "wasi:io/streams@0.2.12": ::wasi::io::streams,
        },
    });
}

pub use generated::exports::unified::ticketing::{http_api, integrations, steps};
#[cfg(all(target_arch = "wasm32", feature = "ticketing"))]
pub(crate) use generated::exports::{unified::ticketing::users, wasi::http::incoming_handler};
pub use generated::unified::ticketing::{accounts, types};
#[cfg(all(target_arch = "wasm32", feature = "standalone"))]
pub(crate) use generated::wasi::cli::environment;

#[cfg(target_arch = "wasm32")]
pub(crate) use generated::export;

impl Default for types::User {
    /// A user without any field.
    fn default() -> Self {
        Self {
            id: None,
            name: None,
            first_name: None,
            last_name: None,
            username: None,
            emails: None,
            is_active: None,
            team_ids: None,
            avatar: None,
            roles: None,
            created_at: None,
            updated_at: None,
            etag: None,
            remote_data: None,
        }
    }
}

/// A creation is changes that are all set or kept.
impl From<types::NewUser> for types::UserChanges {
    fn from(user: types::NewUser) -> Self {
        let types::NewUser {
            first_name,
            last_name,
            name,
            emails,
            roles,
            nick_name,
            custom_fields,
            avatar,
            remote_data,
        } = user;
        let string = |value: Option<String>| {
            value.map_or(types::StringChange::Keep, types::StringChange::Set)
        };
        Self {
            first_name: string(first_name),
            last_name: string(last_name),
            name: string(name),
            emails: emails.map_or(types::EmailsChange::Keep, types::EmailsChange::Set),
            roles: roles.map_or(types::RolesChange::Keep, types::RolesChange::Set),
            nick_name: string(nick_name),
            custom_fields: custom_fields.map_or(types::JsonChange::Keep, types::JsonChange::Set),
            avatar: string(avatar),
            remote_data,
        }
    }
}

impl Default for types::NewUser {
    /// A user without any field.
    fn default() -> Self {
        Self {
            first_name: None,
            last_name: None,
            name: None,
            emails: None,
            roles: None,
            nick_name: None,
            custom_fields: None,
            avatar: None,
            remote_data: None,
        }
    }
}

impl Default for types::UserChanges {
    /// No change at all.
    fn default() -> Self {
        Self {
            first_name: types::StringChange::Keep,
            last_name: types::StringChange::Keep,
            name: types::StringChange::Keep,
            emails: types::EmailsChange::Keep,
            roles: types::RolesChange::Keep,
            nick_name: types::StringChange::Keep,
            custom_fields: types::JsonChange::Keep,
            avatar: types::StringChange::Keep,
            remote_data: None,
        }
    }
}

impl Default for types::Options {
    /// The options of a call that names none.
    fn default() -> Self {
        Self {
            format: types::Format::Unified,
            ignore_remote_data: false,
            exclude_fields: Vec::new(),
            remote_query: Vec::new(),
            collections: Vec::new(),
            strict: false,
            if_exists: types::IfExists::Fail,
            settle: true,
            resend: false,
        }
    }
}
