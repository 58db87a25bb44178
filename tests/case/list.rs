//! The users of a list, and the objects of the provider that they were read from.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Case, Response};

/// The part of a list that is compared as text.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    result: Vec<ListedUser<'a>>,
}

#[derive(Deserialize)]
struct ListedUser<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    remote_data: Option<&'a RawValue>,
}

/// A member that is there, `null` included: an entry of the provider's list may be that.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

impl Case {
    /// Checks that the `remote_data` of every user is an element of the provider's responses, digit for digit and in their order.
    /// Removes it from `found`.
    pub(super) fn take_listed_data(&self, found: &mut Value, body: &[u8]) {
        let name = &self.name;
        let Envelope { result } = serde_json::from_slice(body)
            .unwrap_or_else(|error| panic!("{name}: no list of users, {error}"));
        let sent: Vec<String> = self.file.responses.iter().flat_map(elements).collect();
        let mut rest = sent.iter();
        for (position, user) in result.iter().enumerate() {
            let data = user.remote_data.map(RawValue::get);
            let data =
                data.unwrap_or_else(|| panic!("{name}: user {position} without remote_data"));
            assert!(
                rest.any(|element| element == data),
                "{name}: remote_data of user {position} is no element of a response, or is out of order: {data}"
            );
        }
        let users = found.get_mut("result").and_then(Value::as_array_mut);
        users.into_iter().flatten().for_each(take_data);
    }

    /// Checks that the `remote_data` of a user who was looked for is an element of the provider's responses, digit for digit. Removes
    /// it from `found`.
    pub(super) fn take_found_data(&self, found: &mut Value, body: &[u8]) {
        let name = &self.name;
        let ListedUser { remote_data } =
            serde_json::from_slice(body).unwrap_or_else(|error| panic!("{name}: no user, {error}"));
        let data = remote_data.map(RawValue::get);
        self.check_listed_data(data.unwrap_or_else(|| panic!("{name}: no remote_data")));
        take_data(found);
    }

    /// Checks that JSON is an element of the provider's responses.
    pub(super) fn check_listed_data(&self, data: &str) {
        let mut sent = self.file.responses.iter().flat_map(elements);
        assert!(
            sent.any(|element| element == data),
            "{}: no element of a response: {data}",
            self.name
        );
    }
}

fn take_data(user: &mut Value) {
    let _ = user
        .as_object_mut()
        .map(|user| user.shift_remove("remote_data"));
}

/// The elements of a provider's list, as they came: the response is an array, or an object with one.
fn elements(response: &Response) -> Vec<String> {
    let body = String::from_utf8(response.body()).unwrap_or_default();
    let body = body.trim_start_matches('\u{feff}');
    let array = |text| serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default();
    let members = serde_json::from_str::<BTreeMap<String, &RawValue>>(body).unwrap_or_default();
    let nested = members.values().flat_map(|member| array(member.get()));
    let elements = array(body).into_iter().chain(nested);
    elements.map(|element| element.get().to_owned()).collect()
}
