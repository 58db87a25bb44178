//! What of a creation differs in the user who is there.

use crate::bindings::types::{
    Email, EmailsChange, Role, RolesChange, StringChange, User, UserChanges,
};
use crate::body::{role_value, set_emails};
use crate::field::{Field, Rule};
use crate::integration::Operation;
use crate::json::is_hollow;
use crate::member::joined;

/// A difference between the fields given and a user.
pub(super) struct Difference {
    /// The changes to make, where there are any.
    pub(super) changes: Option<UserChanges>,
    /// The fields given that differ, or cannot be compared, and that an update does not change; and why.
    pub(super) not_changed: Vec<(Field, &'static str)>,
}

/// Why an update does not change a field: the rest of a sentence that begins with the provider.
const CREATE_ONLY: &str = "takes this of a new user only";
const HALF: &str = "takes both parts of a name, or neither";

/// Compares the fields given with a user. `row` is the update, `creates` the creation. A field that cannot be compared differs.
///
/// The primary address does not differ: by it the user was found.
pub(super) fn difference(
    row: &Operation,
    creates: Option<&Operation>,
    given: &UserChanges,
    user: &User,
) -> Difference {
    let UserChanges {
        first_name,
        last_name,
        name,
        emails,
        roles,
        nick_name,
        custom_fields,
        avatar,
        remote_data,
    } = given;
    let mut changes = UserChanges::default();
    let mut not_changed = Vec::new();
    let mut take = |field: Field, differs: bool| {
        let taken = differs && row.rule(field).is_some();
        if differs && !taken {
            not_changed.push((field, CREATE_ONLY));
        }
        taken
    };
    let parts = [first_name, last_name].map(set);
    let own = [&user.first_name, &user.last_name].map(Option::as_deref);
    let is_half = row.joined_name && set(name).is_none() && parts.contains(&None);
    // Where the name is replaced as a whole, its parts differ together, and one alone would replace both.
    let parts_differ = if is_half {
        [false; 2]
    } else if row.joined_name {
        let whole = joined(parts[0], parts[1]);
        let differ = set(name).is_none() && whole.is_some() && whole != user.name;
        [differ, differ]
    } else {
        [differs(first_name, own[0]), differs(last_name, own[1])]
    };
    if take(Field::FirstName, parts_differ[0]) {
        changes.first_name = first_name.clone();
    }
    if take(Field::LastName, parts_differ[1]) {
        changes.last_name = last_name.clone();
    }
    if take(Field::Name, differs(name, user.name.as_deref())) {
        changes.name = name.clone();
    }
    if take(
        Field::Roles,
        roles_differ(row.rule(Field::Roles), roles, user),
    ) {
        changes.roles = roles.clone();
    }
    if take(Field::NickName, differs(nick_name, None)) {
        changes.nick_name = nick_name.clone();
    }
    if take(Field::Avatar, differs(avatar, user.avatar.as_deref())) {
        changes.avatar = avatar.clone();
    }
    let has_custom_fields = matches!(custom_fields, crate::bindings::types::JsonChange::Set(_));
    if take(Field::CustomFields, has_custom_fields) {
        changes.custom_fields = custom_fields.clone();
    }
    // Where a creation has no place for further addresses, there is a warning already.
    let further = |row: &Operation| row.rule(Field::Emails).is_some_and(|rule| rule.further);
    if row.rule(Field::Emails).is_none() && creates.is_some_and(further) {
        take(Field::Emails, emails_differ(emails, user));
    }
    if is_half {
        let fields = [(Field::FirstName, first_name), (Field::LastName, last_name)];
        let differing = fields
            .into_iter()
            .zip(own)
            .filter(|((_, given), own)| differs(given, *own));
        not_changed.extend(differing.map(|((field, _), _)| (field, HALF)));
    }
    changes.remote_data = remote_data.clone().filter(|data| !is_hollow(data));
    Difference {
        changes: (changes != UserChanges::default()).then_some(changes),
        not_changed,
    }
}

fn set(change: &StringChange) -> Option<&str> {
    match change {
        StringChange::Set(string) => Some(string),
        StringChange::Keep | StringChange::Clear => None,
    }
}

fn differs(change: &StringChange, found: Option<&str>) -> bool {
    set(change).is_some_and(|given| found.is_none_or(|found| found.trim() != given.trim()))
}

/// Whether the user lacks one of the addresses.
fn emails_differ(emails: &EmailsChange, user: &User) -> bool {
    let own = user.emails.as_deref().unwrap_or_default();
    let is_own = |given: &Email| {
        let mut own = own.iter();
        own.any(|own| own.address.eq_ignore_ascii_case(&given.address))
    };
    !set_emails(emails).iter().all(is_own)
}

fn roles_differ(rule: Option<&Rule>, roles: &RolesChange, user: &User) -> bool {
    let RolesChange::Set(given) = roles else {
        return false;
    };
    let Some(found) = &user.roles else {
        return true;
    };
    let by_id = rule.is_some_and(|rule| rule.by_id);
    let is_same = |given: &Role, found: &Role| {
        let value = if by_id {
            given.id.as_deref()
        } else {
            role_value(given)
        };
        value.is_some()
            && (value == found.id.as_deref() || (!by_id && value == found.name.as_deref()))
    };
    let all = |these: &[Role], in_those: &dyn Fn(&Role) -> bool| these.iter().all(in_those);
    !(all(given, &|role| found.iter().any(|it| is_same(role, it)))
        && all(found, &|role| given.iter().any(|it| is_same(it, role))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integration::{OperationName, find};

    fn compared(integration: &str, given: &UserChanges, user: &User) -> Difference {
        let integration = find(integration).unwrap();
        let row = integration.operation(OperationName::Update).unwrap();
        let creates = integration.operation(OperationName::Create);
        difference(row, creates, given, user)
    }

    fn string(value: &str) -> StringChange {
        StringChange::Set(value.to_owned())
    }

    fn role(id: &str, name: &str) -> Role {
        let some = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        Role {
            id: some(id),
            name: some(name),
        }
    }

    #[test]
    fn equal_fields_are_not_changed() {
        let given = UserChanges {
            name: string("Ines Duarte "),
            roles: RolesChange::Set(vec![role("", "admin")]),
            ..UserChanges::default()
        };
        let mut user = User {
            name: Some("Ines Duarte".to_owned()),
            roles: Some(vec![role("7", "admin")]),
            ..User::default()
        };
        assert_eq!(compared("gorgias", &given, &user).changes, None);
        user.roles = Some(vec![role("7", "agent")]);
        let changes = compared("gorgias", &given, &user).changes.unwrap();
        assert_eq!(
            (changes.roles, changes.name),
            (given.roles, StringChange::Keep)
        );
    }

    #[test]
    fn role_that_is_not_given_stays() {
        let given = UserChanges {
            name: string("Ines"),
            ..UserChanges::default()
        };
        let user = User {
            name: Some("Ana".to_owned()),
            roles: Some(vec![role("1", "admin")]),
            ..User::default()
        };
        let changes = compared("gorgias", &given, &user).changes.unwrap();
        assert_eq!(changes, given);
    }

    #[test]
    fn parts_of_a_name_differ_together() {
        let given = UserChanges {
            first_name: string("Ines"),
            last_name: string("Duarte"),
            ..UserChanges::default()
        };
        let mut user = User {
            name: Some("Ines Duarte".to_owned()),
            first_name: Some("Ines".to_owned()),
            ..User::default()
        };
        assert_eq!(compared("gorgias", &given, &user).changes, None);
        user.name = Some("Ines D.".to_owned());
        assert_eq!(compared("gorgias", &given, &user).changes, Some(given));
    }

    #[test]
    fn field_of_creations_only_is_named() {
        let given = UserChanges {
            name: string("Ines"),
            ..UserChanges::default()
        };
        let difference = compared("hive", &given, &User::default());
        assert_eq!(difference.not_changed, [(Field::Name, CREATE_ONLY)]);
        assert_eq!(difference.changes, None);
    }
}
