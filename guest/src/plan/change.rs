//! A change of any field.

use crate::bindings::types::{
    Email, EmailsChange, JsonChange, Role, RolesChange, StringChange, UserChanges,
};
use crate::field::Field;

/// A change of one field, whatever its type.
pub(super) enum Change<'a> {
    Keep,
    Clear,
    String(&'a str),
    Emails(&'a [Email]),
    Roles(&'a [Role]),
    Json(&'a str),
}

impl<'a> Change<'a> {
    pub(super) fn new(changes: &'a UserChanges, field: Field) -> Self {
        match field {
            Field::FirstName => (&changes.first_name).into(),
            Field::LastName => (&changes.last_name).into(),
            Field::Name => (&changes.name).into(),
            Field::NickName => (&changes.nick_name).into(),
            Field::Avatar => (&changes.avatar).into(),
            Field::Emails => match &changes.emails {
                EmailsChange::Keep => Self::Keep,
                EmailsChange::Clear => Self::Clear,
                EmailsChange::Set(emails) => Self::Emails(emails),
            },
            Field::Roles => match &changes.roles {
                RolesChange::Keep => Self::Keep,
                RolesChange::Clear => Self::Clear,
                RolesChange::Set(roles) => Self::Roles(roles),
            },
            Field::CustomFields => match &changes.custom_fields {
                JsonChange::Keep => Self::Keep,
                JsonChange::Clear => Self::Clear,
                JsonChange::Set(json) => Self::Json(json),
            },
        }
    }

    pub(super) const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<'a> From<&'a StringChange> for Change<'a> {
    fn from(change: &'a StringChange) -> Self {
        match change {
            StringChange::Keep => Self::Keep,
            StringChange::Clear => Self::Clear,
            StringChange::Set(string) => Self::String(string),
        }
    }
}
