//! What an input has in each field, so that tables can look at either kind of input.

use crate::bindings::types::{
    Email, EmailsChange, JsonChange, NewUser, Role, RolesChange, StringChange, UserChanges,
};
use crate::field::Field;
use crate::integration::OperationName;

/// What an input has in one field.
pub(super) enum Given<'a> {
    Absent,
    Cleared,
    Text(&'a str),
    Emails(&'a [Email]),
    Roles(&'a [Role]),
    Json(&'a str),
}

/// An input that tables can look at.
pub(super) trait Input {
    fn operation(&self) -> OperationName;
    fn given(&self, field: Field) -> Given<'_>;
    fn remote_data(&self) -> Option<&str>;
}

impl Input for NewUser {
    fn operation(&self) -> OperationName {
        OperationName::Create
    }

    fn given(&self, field: Field) -> Given<'_> {
        let given = match field {
            Field::FirstName => self.first_name.as_deref().map(Given::Text),
            Field::LastName => self.last_name.as_deref().map(Given::Text),
            Field::Name => self.name.as_deref().map(Given::Text),
            Field::Emails => self.emails.as_deref().map(Given::Emails),
            Field::Roles => self.roles.as_deref().map(Given::Roles),
            Field::NickName => self.nick_name.as_deref().map(Given::Text),
            Field::CustomFields => self.custom_fields.as_deref().map(Given::Json),
            Field::Avatar => self.avatar.as_deref().map(Given::Text),
        };
        given.unwrap_or(Given::Absent)
    }

    fn remote_data(&self) -> Option<&str> {
        self.remote_data.as_deref()
    }
}

impl Input for UserChanges {
    fn operation(&self) -> OperationName {
        OperationName::Update
    }

    fn given(&self, field: Field) -> Given<'_> {
        let text = |change| match change {
            &StringChange::Keep => Given::Absent,
            StringChange::Clear => Given::Cleared,
            StringChange::Set(text) => Given::Text(text),
        };
        match field {
            Field::FirstName => text(&self.first_name),
            Field::LastName => text(&self.last_name),
            Field::Name => text(&self.name),
            Field::NickName => text(&self.nick_name),
            Field::Avatar => text(&self.avatar),
            Field::Emails => match &self.emails {
                EmailsChange::Keep => Given::Absent,
                EmailsChange::Clear => Given::Cleared,
                EmailsChange::Set(emails) => Given::Emails(emails),
            },
            Field::Roles => match &self.roles {
                RolesChange::Keep => Given::Absent,
                RolesChange::Clear => Given::Cleared,
                RolesChange::Set(roles) => Given::Roles(roles),
            },
            Field::CustomFields => match &self.custom_fields {
                JsonChange::Keep => Given::Absent,
                JsonChange::Clear => Given::Cleared,
                JsonChange::Set(json) => Given::Json(json),
            },
        }
    }

    fn remote_data(&self) -> Option<&str> {
        self.remote_data.as_deref()
    }
}
