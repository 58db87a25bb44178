//! The unified fields, and the rules of an integration for each.
//!
//! The order of both enums is the published order of the request and of the response.

/// A field of the request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `first_name`
    FirstName,
    /// `last_name`
    LastName,
    /// `name`
    Name,
    /// `emails`
    Emails,
    /// `roles`
    Roles,
    /// `nick_name`
    NickName,
    /// `custom_fields`
    CustomFields,
    /// `avatar`
    Avatar,
}

impl Field {
    /// Every field, in the published order. `remote_data` is not among them: every integration takes it.
    pub const ALL: [Self; 8] = [
        Self::FirstName,
        Self::LastName,
        Self::Name,
        Self::Emails,
        Self::Roles,
        Self::NickName,
        Self::CustomFields,
        Self::Avatar,
    ];

    /// The name in the published JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Name => "name",
            Self::Emails => "emails",
            Self::Roles => "roles",
            Self::NickName => "nick_name",
            Self::CustomFields => "custom_fields",
            Self::Avatar => "avatar",
        }
    }

    /// The JSON Pointer of the field in a request body.
    #[must_use]
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::FirstName => "/first_name",
            Self::LastName => "/last_name",
            Self::Name => "/name",
            Self::Emails => "/emails",
            Self::Roles => "/roles",
            Self::NickName => "/nick_name",
            Self::CustomFields => "/custom_fields",
            Self::Avatar => "/avatar",
        }
    }
}

/// An option of a call that a finding can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionField {
    /// `exclude_fields`
    ExcludeFields,
    /// `remote_query`
    RemoteQuery,
    /// `collections`
    Collections,
    /// `email`
    Email,
    /// `cursor`
    Cursor,
    /// `limit`
    Limit,
}

impl OptionField {
    /// The name in the typed contract.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExcludeFields => "exclude_fields",
            Self::RemoteQuery => "remote_query",
            Self::Collections => "collections",
            Self::Email => "email",
            Self::Cursor => "cursor",
            Self::Limit => "limit",
        }
    }
}

/// A field of the unified response, besides `remote_data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseField {
    /// `id`
    Id,
    /// `name`
    Name,
    /// `first_name`
    FirstName,
    /// `last_name`
    LastName,
    /// `username`
    Username,
    /// `emails`
    Emails,
    /// `is_active`
    IsActive,
    /// `team_ids`
    TeamIds,
    /// `avatar`
    Avatar,
    /// `roles`
    Roles,
    /// `created_at`
    CreatedAt,
    /// `updated_at`
    UpdatedAt,
    /// `etag`
    Etag,
}

impl ResponseField {
    /// Every field, in the published order.
    pub const ALL: [Self; 13] = [
        Self::Id,
        Self::Name,
        Self::FirstName,
        Self::LastName,
        Self::Username,
        Self::Emails,
        Self::IsActive,
        Self::TeamIds,
        Self::Avatar,
        Self::Roles,
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::Etag,
    ];

    /// The name in the published JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Username => "username",
            Self::Emails => "emails",
            Self::IsActive => "is_active",
            Self::TeamIds => "team_ids",
            Self::Avatar => "avatar",
            Self::Roles => "roles",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::Etag => "etag",
        }
    }
}

/// The name of the field that holds the provider's whole response.
pub const REMOTE_DATA: &str = "remote_data";

/// The rules of an operation of an integration for a field that it takes.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of the table, set by a word of its own"
)]
pub struct Rule {
    /// The field.
    pub field: Field,
    /// Whether a call without it is rejected.
    pub required: bool,
    /// The values that a role may have; empty where any is accepted.
    pub values: &'static [&'static str],
    /// Whether only one entry of an array is taken, so that it cannot be cleared either.
    pub single: bool,
    /// Whether a role counts by its `id`; else by its `name`, and by `id` where there is no name.
    pub by_id: bool,
    /// Whether entries after the primary one are taken; else each of them is a warning.
    pub further: bool,
    /// Whether a JSON value must be an object.
    pub object: bool,
}

/// A field that a call must have.
#[must_use]
pub const fn required(field: Field) -> Rule {
    Rule {
        required: true,
        ..supported(field)
    }
}

/// A field that a call may have.
#[must_use]
pub const fn supported(field: Field) -> Rule {
    Rule {
        field,
        required: false,
        values: &[],
        single: false,
        by_id: false,
        further: false,
        object: false,
    }
}

impl Rule {
    /// Accepts these values only.
    #[must_use]
    pub const fn one_of(self, values: &'static [&'static str]) -> Self {
        Self { values, ..self }
    }

    /// Accepts one entry only.
    #[must_use]
    pub const fn single(self) -> Self {
        Self {
            single: true,
            ..self
        }
    }

    /// Takes a role by its `id` only.
    #[must_use]
    pub const fn by_id(self) -> Self {
        Self {
            by_id: true,
            ..self
        }
    }

    /// Takes the entries after the primary one too.
    #[must_use]
    pub const fn further(self) -> Self {
        Self {
            further: true,
            ..self
        }
    }

    /// Accepts a JSON object only.
    #[must_use]
    pub const fn object(self) -> Self {
        Self {
            object: true,
            ..self
        }
    }
}
