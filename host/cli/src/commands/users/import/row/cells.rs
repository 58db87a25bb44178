//! The values of a row, by field.

use serde_json::{Map, Value, json};

use super::super::columns::Field;

/// The values of a row that are not in its body.
#[derive(Default)]
pub(super) struct Envelope {
    pub(super) account: Option<String>,
    pub(super) id: Option<String>,
    pub(super) key: Option<String>,
    pub(super) collections: Vec<String>,
}

/// The values of a user, by field.
#[derive(Default)]
pub(super) struct Cells {
    body: Map<String, Value>,
    emails: Vec<Value>,
    roles: Vec<String>,
    role_ids: Vec<String>,
    pub(super) envelope: Envelope,
}

impl Cells {
    pub(super) fn add(&mut self, field: &Field, value: &str) {
        let text = value.to_owned();
        match field {
            Field::Name | Field::FirstName | Field::LastName | Field::NickName | Field::Avatar => {
                self.body.insert(field.name(), Value::String(text));
            }
            Field::Email => self.emails.push(json!({"email": text})),
            Field::Role => self.roles.push(text),
            Field::RoleId => self.role_ids.push(text),
            Field::Custom(name) => self.add_to("custom_fields", name, text),
            Field::RemoteData(name) => self.add_to("remote_data", name, text),
            Field::Collection => self.envelope.collections.push(text),
            Field::Account => self.envelope.account = Some(text),
            Field::Id => self.envelope.id = Some(text),
            Field::Key => self.envelope.key = Some(text),
        }
    }

    fn add_to(&mut self, object: &str, name: &str, value: String) {
        let entry = self.body.entry(object).or_insert_with(|| json!({}));
        if let Some(members) = entry.as_object_mut() {
            members.insert(name.to_owned(), Value::String(value));
        }
    }

    /// Adds values for the fields that have none. Those of a field that is a list are all of it, or none.
    pub(super) fn add_defaults(&mut self, defaults: &[(Field, String)]) {
        let missing: Vec<&(Field, String)> = defaults
            .iter()
            .filter(|(field, _)| !self.has(field))
            .collect();
        for (field, value) in missing {
            self.add(field, value);
        }
    }

    fn has(&self, field: &Field) -> bool {
        let has_member = |object: &str, name: &str| {
            let object = self.body.get(object).and_then(Value::as_object);
            object.is_some_and(|members| members.contains_key(name))
        };
        match field {
            Field::Email => !self.emails.is_empty(),
            Field::Role | Field::RoleId => !(self.roles.is_empty() && self.role_ids.is_empty()),
            Field::Custom(name) => has_member("custom_fields", name),
            Field::RemoteData(name) => has_member("remote_data", name),
            Field::Collection => !self.envelope.collections.is_empty(),
            Field::Account => self.envelope.account.is_some(),
            Field::Id => self.envelope.id.is_some(),
            Field::Key => self.envelope.key.is_some(),
            field => self.body.contains_key(&field.name()),
        }
    }

    /// The members of the body.
    pub(super) fn members(mut self) -> Map<String, Value> {
        if !self.emails.is_empty() {
            self.body
                .insert("emails".to_owned(), Value::Array(self.emails));
        }
        let count = self.roles.len().max(self.role_ids.len());
        let (mut names, mut ids) = (self.roles.into_iter(), self.role_ids.into_iter());
        let roles: Vec<Value> = std::iter::repeat_with(|| {
            let mut role = Map::new();
            role.extend(ids.next().map(|id| ("id".to_owned(), Value::String(id))));
            role.extend(
                names
                    .next()
                    .map(|name| ("name".to_owned(), Value::String(name))),
            );
            Value::Object(role)
        })
        .take(count)
        .collect();
        if !roles.is_empty() {
            self.body.insert("roles".to_owned(), Value::Array(roles));
        }
        self.body
    }

    pub(super) fn into_body(mut self) -> (Vec<u8>, Envelope) {
        let envelope = std::mem::take(&mut self.envelope);
        let members = Value::Object(self.members());
        (members.to_string().into_bytes(), envelope)
    }
}
