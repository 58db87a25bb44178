//! An operation of an integration: a row of its table.

use serde::{Deserialize, Serialize};

use crate::bindings::types::{CallResult, Safety, UserChanges};
use crate::field::{Field, ResponseField, Rule};
use crate::json::Value;

/// The operations of the published API.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum OperationName {
    /// Create a user.
    Create,
    /// Change a user.
    Update,
    /// Read a user.
    Get,
    /// List users.
    List,
    /// Delete a user.
    Delete,
}

impl OperationName {
    /// Every operation, in the order of documents.
    pub const ALL: &'static [Self] = &[
        Self::Create,
        Self::Update,
        Self::Get,
        Self::List,
        Self::Delete,
    ];

    /// The name in logs, in headings and of the published tables.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Get => "get",
            Self::List => "list",
            Self::Delete => "delete",
        }
    }

    /// The name in plans and in `integrations`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create-user",
            Self::Update => "update-user",
            Self::Get => "get-user",
            Self::List => "list-users",
            Self::Delete => "delete-user",
        }
    }

    /// The method of the HTTP API.
    #[must_use]
    pub const fn http_method(self) -> &'static str {
        match self {
            Self::Create => "POST",
            Self::Update => "PATCH",
            Self::Get | Self::List => "GET",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it is for one user, who exists.
    #[must_use]
    pub const fn has_id(self) -> bool {
        match self {
            Self::Create | Self::List => false,
            Self::Update | Self::Get | Self::Delete => true,
        }
    }

    /// Whether its input has the fields of a user.
    #[must_use]
    pub const fn has_fields(self) -> bool {
        match self {
            Self::Create | Self::Update => true,
            Self::Get | Self::List | Self::Delete => false,
        }
    }

    /// Whether the provider responds with a user.
    #[must_use]
    pub const fn responds_with_user(self) -> bool {
        match self {
            Self::Create | Self::Update | Self::Get => true,
            Self::List | Self::Delete => false,
        }
    }

    /// What its success means.
    #[must_use]
    pub const fn result(self) -> CallResult {
        match self {
            Self::Create => CallResult::Created,
            Self::Update => CallResult::Updated,
            Self::Get | Self::List => CallResult::Read,
            Self::Delete => CallResult::Deleted,
        }
    }
}

/// An operation of an integration.
#[derive(Debug)]
pub struct Operation {
    /// The operation.
    pub name: OperationName,
    /// Whether the published tables do not have it for this integration, though they have the operation.
    pub extension: bool,
    /// The provider's method.
    pub method: &'static str,
    /// The path below the base URL. `{id}` is the user's id, `{project}` the id of the collection of that type, anything else a
    /// setting.
    pub path: &'static str,
    /// Query parameters and the settings that they are.
    pub query: &'static [(&'static str, &'static str)],
    /// The effect of sending the request twice.
    pub safety: Safety,
    /// The URL of its documentation.
    pub docs: &'static str,
    /// The fields that it takes, in the published order.
    pub fields: &'static [Rule],
    /// The provider's needs beyond the published tables: of each set of fields, at least one.
    pub needs: &'static [&'static [Field]],
    /// Whether first and last name are parts of a name that is replaced as a whole: without `name`, both or none are given.
    pub joined_name: bool,
    /// The member that the provider wraps its request in.
    pub wrapper: Option<&'static str>,
    /// The fields that a response can have, by the published tables.
    pub response: &'static [ResponseField],
    /// The request body, as JSON, without `remote_data`. The input is valid by the table.
    pub body: Body,
    /// How a list is read.
    pub list: Option<&'static Listing>,
    /// What it does in the provider's terms, where its name says too little.
    pub effect: Option<&'static str>,
}

/// What makes a request body.
#[derive(Debug)]
pub enum Body {
    /// The request has none.
    None,
    /// The fields of the input.
    Fields(fn(&UserChanges) -> Vec<u8>),
    /// The user's identifier.
    Id(fn(&str) -> Vec<u8>),
}

/// How a provider lists its users.
#[derive(Debug)]
pub struct Listing {
    /// The member of a response that has the users; without one, the response is the array.
    pub users: Option<&'static str>,
    /// How the list is divided.
    pub paging: Paging,
    /// How the provider looks users up by an address, where it does.
    pub by_email: Option<ByEmail>,
}

/// A look-up by an address.
#[derive(Debug)]
pub struct ByEmail {
    /// The parameter that has the address.
    pub parameter: &'static str,
    /// The path, where it is not the list's own.
    pub path: Option<&'static str>,
}

/// How a provider divides its list.
#[derive(Debug)]
pub enum Paging {
    /// Not at all: a response has everyone.
    Whole,
    /// By a cursor in each response. The strings are parameters.
    Cursor {
        /// How many users to return.
        size: &'static str,
        /// The cursor of the page.
        cursor: &'static str,
        /// Reads the cursor of the next page, where there is one: empty where it cannot be read.
        next: fn(&Value<'_>) -> Option<String>,
        /// The largest page.
        max: u32,
    },
    /// By the position of the first user. A page with fewer users than asked for is the last one. The strings are parameters.
    Offset {
        /// How many users to return.
        size: &'static str,
        /// How many users to pass over.
        offset: &'static str,
        /// The largest page.
        max: u32,
    },
    /// By the number of the page, from 1. The strings are parameters.
    Number {
        /// How many users a page has.
        size: &'static str,
        /// The number of the page.
        number: &'static str,
        /// The header of a response that has the number of pages. Where it is missing, a page with fewer users than asked for is
        /// the last one.
        pages: &'static str,
        /// The largest page.
        max: u32,
    },
}

impl Paging {
    /// The largest page, where the list is divided.
    #[must_use]
    pub const fn max(&self) -> Option<u32> {
        match self {
            Self::Whole => None,
            Self::Cursor { max, .. } | Self::Offset { max, .. } | Self::Number { max, .. } => {
                Some(*max)
            }
        }
    }

    /// The parameters that divide the list.
    #[must_use]
    pub const fn parameters(&self) -> Option<[&'static str; 2]> {
        match self {
            Self::Whole => None,
            Self::Cursor { size, cursor, .. } => Some([size, cursor]),
            Self::Offset { size, offset, .. } => Some([size, offset]),
            Self::Number { size, number, .. } => Some([size, number]),
        }
    }
}

impl Operation {
    /// A row with nothing but what every read has.
    pub(super) const READ: Self = Self {
        name: OperationName::Get,
        extension: false,
        method: "GET",
        path: "",
        query: &[],
        safety: Safety::Safe,
        docs: "",
        fields: &[],
        needs: &[],
        joined_name: false,
        wrapper: None,
        response: &[],
        body: Body::None,
        list: None,
        effect: None,
    };

    /// A row with nothing but what every deletion has.
    pub(super) const DELETE: Self = Self {
        name: OperationName::Delete,
        method: "DELETE",
        safety: Safety::Idempotent,
        ..Self::READ
    };

    /// A row with nothing but what every creation has.
    pub(super) const CREATE: Self = Self {
        name: OperationName::Create,
        method: "POST",
        safety: Safety::Once,
        ..Self::READ
    };

    /// A row with nothing but what every update has.
    pub(super) const UPDATE: Self = Self {
        name: OperationName::Update,
        method: "PUT",
        safety: Safety::Idempotent,
        ..Self::READ
    };

    /// The rule of a field that it takes.
    #[must_use]
    pub fn rule(&self, field: Field) -> Option<&Rule> {
        self.fields.iter().find(|rule| rule.field == field)
    }

    /// The type of the collection that it needs, where it needs one.
    #[must_use]
    pub fn collection(&self) -> Option<&'static str> {
        let mut names = self.path.split(['{', '}']);
        names.any(|name| name == "project").then_some("project")
    }
}
