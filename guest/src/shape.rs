//! The answer in the form that the caller asked for.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::bindings::types::{Body, Email, Format, Response, Role, User};
use crate::field::{REMOTE_DATA, ResponseField};
use crate::interpret::Answered;
use crate::json::write;
use crate::plan::Context;

/// The answer as the typed contract has it.
#[must_use]
pub fn response(answered: Answered<'_>, context: &Context) -> Response {
    let Answered {
        mut user,
        json,
        body,
        content_type: _,
        warnings,
        rate_limit,
    } = answered;
    let body = if context.format == Format::Raw {
        Body::Raw(body.to_vec())
    } else {
        user.remote_data = has_remote_data(context).then(|| json.to_owned());
        for field in ResponseField::ALL {
            if is_excluded(field.name(), context) {
                clear(&mut user, field);
            }
        }
        Body::User(user)
    };
    Response {
        body,
        warnings,
        rate_limit,
    }
}

/// The answer as the published JSON has it.
#[must_use]
pub fn json(answered: &Answered<'_>, context: &Context) -> Vec<u8> {
    let user = &answered.user;
    let mut json = write(&Shaped { user, context });
    if has_remote_data(context) && json.pop() == Some(b'}') {
        // The provider's JSON is put in as it came, not rebuilt: every digit and every member stays.
        let before: &[u8] = if json.len() > 1 { b",\"" } else { b"\"" };
        let data = answered.json.as_bytes();
        for part in [before, REMOTE_DATA.as_bytes(), b"\":", data, b"}"] {
            json.extend_from_slice(part);
        }
    }
    json
}

fn has_remote_data(context: &Context) -> bool {
    context.format == Format::Unified
        && !context.ignore_remote_data
        && !is_excluded(REMOTE_DATA, context)
}

fn is_excluded(name: &str, context: &Context) -> bool {
    context
        .exclude_fields
        .iter()
        .any(|excluded| excluded == name)
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
    context: &'a Context,
}

impl<'a> Serialize for Shaped<'a> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { user, context } = self;
        let nulls = context.format == Format::Normalized;
        let mut map = serializer.serialize_map(None)?;
        for field in ResponseField::ALL {
            let name = field.name();
            if is_excluded(name, context) {
                continue;
            }
            let text = match field {
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
                        user.emails.as_ref().map(|list| List(list, pair)).as_ref(),
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
                        user.roles.as_ref().map(|list| List(list, pair)).as_ref(),
                        nulls,
                    )?;
                    continue;
                }
            };
            entry(&mut map, name, text.as_ref(), nulls)?;
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

/// A list whose entries are written by a function.
struct List<'a, T, F>(&'a [T], F);

impl<'a, T, F: Fn(&'a T) -> Pair<'a>> Serialize for List<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            sequence.serialize_element(&(self.1)(value))?;
        }
        sequence.end()
    }
}

/// An object of two texts.
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
