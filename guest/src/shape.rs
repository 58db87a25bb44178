//! The response in the form that the caller asked for.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::bindings::types::{Body, Email, Format, Page, RawBody, Response, Role, User};
use crate::context::Form;
use crate::field::{REMOTE_DATA, ResponseField};
use crate::json::write;
use crate::operation::{Completed, Entry, Output};

/// The response as the typed contract has it.
#[must_use]
pub fn response(completed: Completed<'_>) -> Response {
    let content_type = completed.content_type().map(str::to_owned);
    let Completed {
        output,
        result,
        response,
        warnings,
        rate_limit,
        form,
        request: _,
    } = completed;
    let body = if form.format == Format::Raw {
        Body::Raw(RawBody {
            content_type,
            bytes: response.body.clone(),
        })
    } else {
        match output {
            Output::User(entry) => Body::User(typed(entry, &form)),
            Output::Users {
                entries,
                next_cursor,
            } => Body::Users(Page {
                users: entries
                    .into_iter()
                    .map(|entry| typed(entry, &form))
                    .collect(),
                complete: next_cursor.is_none(),
                next_cursor,
            }),
            Output::Deleted(id) => Body::Deleted(id),
        }
    };
    Response {
        body,
        result,
        warnings,
        rate_limit,
    }
}

/// A user as the typed contract has it.
fn typed(entry: Entry<'_>, form: &Form) -> User {
    let Entry { mut user, json } = entry;
    user.remote_data = has_remote_data(form).then(|| json.into_owned());
    for field in ResponseField::ALL {
        if is_excluded(field.name(), form) {
            clear(&mut user, field);
        }
    }
    user
}

/// The response as the published JSON has it.
#[must_use]
pub fn json(completed: &Completed<'_>) -> Vec<u8> {
    match &completed.output {
        Output::User(entry) => user_json(entry, &completed.form),
        Output::Users {
            entries,
            next_cursor,
        } => {
            let mut json = br#"{"result":"#.to_vec();
            users_json(entries, &completed.form, &mut json);
            let end = write(&PageEnd {
                next_cursor: next_cursor.as_deref(),
                prev_cursor: None,
                result_count: entries.len(),
            });
            json.push(b',');
            json.extend_from_slice(end.get(1..).unwrap_or_default());
            json
        }
        Output::Deleted(id) => write(&Deleted { id }),
    }
}

/// The users of a page as an array.
pub(crate) fn users_json(entries: &[Entry<'_>], form: &Form, json: &mut Vec<u8>) {
    json.push(b'[');
    for (position, entry) in entries.iter().enumerate() {
        if position > 0 {
            json.push(b',');
        }
        json.append(&mut user_json(entry, form));
    }
    json.push(b']');
}

/// A user as the published JSON has it.
fn user_json(entry: &Entry<'_>, form: &Form) -> Vec<u8> {
    let Entry { user, json: data } = entry;
    let mut json = write(&Shaped { user, form });
    if has_remote_data(form) && json.pop() == Some(b'}') {
        // The provider's JSON is inserted, never rebuilt: every digit and every member stays.
        let before: &[u8] = if json.len() > 1 { b",\"" } else { b"\"" };
        for part in [
            before,
            REMOTE_DATA.as_bytes(),
            b"\":",
            data.as_bytes(),
            b"}",
        ] {
            json.extend_from_slice(part);
        }
    }
    json
}

/// What follows the users of a page.
#[derive(Serialize)]
struct PageEnd<'a> {
    next_cursor: Option<&'a str>,
    /// The providers' lists go one way.
    prev_cursor: Option<&'a str>,
    result_count: usize,
}

#[derive(Serialize)]
struct Deleted<'a> {
    id: &'a str,
}

fn has_remote_data(form: &Form) -> bool {
    form.format == Format::Unified && !form.ignore_remote_data && !is_excluded(REMOTE_DATA, form)
}

fn is_excluded(name: &str, form: &Form) -> bool {
    form.exclude_fields.iter().any(|excluded| excluded == name)
}

fn clear(user: &mut User, field: ResponseField) {
    match field {
        ResponseField::Id => user.id = None,
        ResponseField::Name => user.name = None,
        ResponseField::FirstName => user.first_name = None,
        ResponseField::LastName => user.last_name = None,
        ResponseField::Username => user.username = None,
        ResponseField::Emails => user.emails = None,
        ResponseField::IsActive => user.is_active = None,
        ResponseField::TeamIds => user.team_ids = None,
        ResponseField::Avatar => user.avatar = None,
        ResponseField::Roles => user.roles = None,
        ResponseField::CreatedAt => user.created_at = None,
        ResponseField::UpdatedAt => user.updated_at = None,
        ResponseField::Etag => user.etag = None,
    }
}

struct Shaped<'a> {
    user: &'a User,
    form: &'a Form,
}

impl<'a> Serialize for Shaped<'a> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { user, form } = self;
        let nulls = form.format == Format::Normalized;
        let mut map = serializer.serialize_map(None)?;
        for field in ResponseField::ALL {
            let name = field.name();
            if is_excluded(name, form) {
                continue;
            }
            let string = match field {
                ResponseField::Id => &user.id,
                ResponseField::Name => &user.name,
                ResponseField::FirstName => &user.first_name,
                ResponseField::LastName => &user.last_name,
                ResponseField::Username => &user.username,
                ResponseField::Avatar => &user.avatar,
                ResponseField::CreatedAt => &user.created_at,
                ResponseField::UpdatedAt => &user.updated_at,
                ResponseField::Etag => &user.etag,
                ResponseField::IsActive => {
                    entry(&mut map, name, user.is_active.as_ref(), nulls)?;
                    continue;
                }
                ResponseField::TeamIds => {
                    entry(&mut map, name, user.team_ids.as_ref(), nulls)?;
                    continue;
                }
                ResponseField::Emails => {
                    let pair = |email: &'a Email| Pair {
                        names: ["email", "type"],
                        values: [Some(email.address.as_str()), email.type_.as_deref()],
                        nulls,
                    };
                    entry(
                        &mut map,
                        name,
                        user.emails
                            .as_ref()
                            .map(|emails| Entries(emails, pair))
                            .as_ref(),
                        nulls,
                    )?;
                    continue;
                }
                ResponseField::Roles => {
                    let pair = |role: &'a Role| Pair {
                        names: ["id", "name"],
                        values: [role.id.as_deref(), role.name.as_deref()],
                        nulls,
                    };
                    entry(
                        &mut map,
                        name,
                        user.roles
                            .as_ref()
                            .map(|roles| Entries(roles, pair))
                            .as_ref(),
                        nulls,
                    )?;
                    continue;
                }
            };
            entry(&mut map, name, string.as_ref(), nulls)?;
        }
        map.end()
    }
}

fn entry<M: SerializeMap, T: Serialize>(
    map: &mut M,
    name: &str,
    value: Option<&T>,
    nulls: bool,
) -> Result<(), M::Error> {
    if value.is_some() || nulls {
        map.serialize_entry(name, &value)
    } else {
        Ok(())
    }
}

/// An array whose entries are written by a function.
struct Entries<'a, T, F>(&'a [T], F);

impl<'a, T, F: Fn(&'a T) -> Pair<'a>> Serialize for Entries<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            sequence.serialize_element(&(self.1)(value))?;
        }
        sequence.end()
    }
}

/// An object of two strings.
struct Pair<'a> {
    names: [&'static str; 2],
    values: [Option<&'a str>; 2],
    nulls: bool,
}

impl Serialize for Pair<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.names.iter().zip(&self.values) {
            entry(&mut map, name, value.as_ref(), self.nulls)?;
        }
        map.end()
    }
}
