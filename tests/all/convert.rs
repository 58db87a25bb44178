//! Conversions from the guest crate's types to the host's: the same records, generated twice.

use unified_ticketing::types as host;
use unified_ticketing_guest::bindings::types as guest;

fn email(email: guest::Email) -> host::Email {
    host::Email {
        address: email.address,
        type_: email.type_,
    }
}

fn role(role: guest::Role) -> host::Role {
    host::Role {
        id: role.id,
        name: role.name,
    }
}

/// A user to create: changes that are all set or kept.
pub fn new_user(user: guest::UserChanges) -> host::NewUser {
    let guest::UserChanges {
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
    let set = |change| match change {
        guest::StringChange::Set(string) => Some(string),
        guest::StringChange::Keep | guest::StringChange::Clear => None,
    };
    host::NewUser {
        first_name: set(first_name),
        last_name: set(last_name),
        name: set(name),
        emails: match emails {
            guest::EmailsChange::Set(emails) => Some(emails.into_iter().map(email).collect()),
            guest::EmailsChange::Keep | guest::EmailsChange::Clear => None,
        },
        roles: match roles {
            guest::RolesChange::Set(roles) => Some(roles.into_iter().map(role).collect()),
            guest::RolesChange::Keep | guest::RolesChange::Clear => None,
        },
        nick_name: set(nick_name),
        custom_fields: match custom_fields {
            guest::JsonChange::Set(json) => Some(json),
            guest::JsonChange::Keep | guest::JsonChange::Clear => None,
        },
        avatar: set(avatar),
        remote_data,
    }
}

fn string_change(change: guest::StringChange) -> host::StringChange {
    match change {
        guest::StringChange::Keep => host::StringChange::Keep,
        guest::StringChange::Clear => host::StringChange::Clear,
        guest::StringChange::Set(value) => host::StringChange::Set(value),
    }
}

pub fn changes(changes: guest::UserChanges) -> host::UserChanges {
    let guest::UserChanges {
        first_name,
        last_name,
        name,
        emails,
        roles,
        nick_name,
        custom_fields,
        avatar,
        remote_data,
    } = changes;
    host::UserChanges {
        first_name: string_change(first_name),
        last_name: string_change(last_name),
        name: string_change(name),
        emails: match emails {
            guest::EmailsChange::Keep => host::EmailsChange::Keep,
            guest::EmailsChange::Clear => host::EmailsChange::Clear,
            guest::EmailsChange::Set(emails) => {
                host::EmailsChange::Set(emails.into_iter().map(email).collect())
            }
        },
        roles: match roles {
            guest::RolesChange::Keep => host::RolesChange::Keep,
            guest::RolesChange::Clear => host::RolesChange::Clear,
            guest::RolesChange::Set(roles) => {
                host::RolesChange::Set(roles.into_iter().map(role).collect())
            }
        },
        nick_name: string_change(nick_name),
        custom_fields: match custom_fields {
            guest::JsonChange::Keep => host::JsonChange::Keep,
            guest::JsonChange::Clear => host::JsonChange::Clear,
            guest::JsonChange::Set(json) => host::JsonChange::Set(json),
        },
        avatar: string_change(avatar),
        remote_data,
    }
}

pub fn options(options: guest::Options) -> host::Options {
    let guest::Options {
        format,
        ignore_remote_data,
        exclude_fields,
        remote_query,
        collections,
        strict,
        if_exists,
        settle,
        resend,
    } = options;
    host::Options {
        format: match format {
            guest::Format::Unified => host::Format::Unified,
            guest::Format::Raw => host::Format::Raw,
            guest::Format::Normalized => host::Format::Normalized,
        },
        ignore_remote_data,
        exclude_fields,
        remote_query,
        collections: collections
            .into_iter()
            .map(|each| host::Collection {
                id: each.id,
                type_: each.type_,
            })
            .collect(),
        strict,
        if_exists: match if_exists {
            guest::IfExists::Fail => host::IfExists::Fail,
            guest::IfExists::Keep => host::IfExists::Keep,
            guest::IfExists::Update => host::IfExists::Update,
        },
        settle,
        resend,
    }
}

pub fn query(query: guest::UserQuery) -> host::UserQuery {
    let guest::UserQuery {
        email,
        cursor,
        limit,
    } = query;
    host::UserQuery {
        email,
        cursor,
        limit,
    }
}
