//! The types and traits of `wit/`, generated for a host.

mod words;

#[expect(
    missing_docs,
    reason = "generated from `wit/`, where the documentation is"
)]
mod generated {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "core",
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
        require_store_data_send: true,
    });
}

pub use generated::exports::unified::ticketing::{http_api, integrations, steps};
#[cfg(not(feature = "native"))]
pub(crate) use generated::unified::ticketing::accounts;
#[cfg(feature = "native")]
pub use generated::unified::ticketing::accounts;
pub use generated::unified::ticketing::types;
#[cfg(feature = "component-sender")]
pub(crate) use words::parse_word;

use std::time::SystemTime;

use types::{
    Begun, EmailsChange, Format, IfExists, JsonChange, NewUser, Options, RolesChange, StringChange,
    User, UserChanges,
};

impl std::fmt::Display for types::Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for types::Error {}

impl Begun {
    /// A call that begins now.
    #[must_use]
    pub fn now() -> Self {
        Self::Now(humantime::format_rfc3339_seconds(SystemTime::now()).to_string())
    }
}

impl Default for User {
    /// Nothing is known.
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

impl Default for NewUser {
    /// Nothing is given.
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

impl Default for UserChanges {
    /// Everything is kept.
    fn default() -> Self {
        Self {
            first_name: StringChange::Keep,
            last_name: StringChange::Keep,
            name: StringChange::Keep,
            emails: EmailsChange::Keep,
            roles: RolesChange::Keep,
            nick_name: StringChange::Keep,
            custom_fields: JsonChange::Keep,
            avatar: StringChange::Keep,
            remote_data: None,
        }
    }
}

impl Default for Options {
    /// The unified format, with everything the provider gave.
    fn default() -> Self {
        Self {
            format: Format::Unified,
            ignore_remote_data: false,
            exclude_fields: Vec::new(),
            remote_query: Vec::new(),
            collections: Vec::new(),
            strict: false,
            if_exists: IfExists::Fail,
            settle: true,
            resend: false,
        }
    }
}
