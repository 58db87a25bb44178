//! `users create` and `users update`: the flags become a request of the HTTP API, which goes through the component.

use std::io::Read as _;
use std::path::Path;

use form_urlencoded::Serializer;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};
use unified_ticketing::face::{HttpRequest, HttpResponse};

use super::failure::{Failure, Status};
use super::setup::{find, runtime};
use super::{Format, Global, Terminal, UserArgs};

pub(super) fn create(
    global: &Global,
    user: &UserArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    call(global, "POST", "/unified/ticketing/users", user, terminal)
}

pub(super) fn update(
    global: &Global,
    id: &str,
    user: &UserArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    if id.is_empty() {
        return Err(Failure::new(
            Status::Invalid,
            "ID: expected a user's id, but found nothing",
        ));
    }
    // Every byte but letters and digits, so that an id such as `..` is judged as it is.
    let path = format!(
        "/unified/ticketing/users/{}",
        utf8_percent_encode(id, NON_ALPHANUMERIC)
    );
    call(global, "PATCH", &path, user, terminal)
}

fn call(
    global: &Global,
    method: &str,
    path: &str,
    user: &UserArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let body = body(user)?;
    let response = runtime()?.block_on(async {
        let accounts = global.open_accounts().await?;
        let account = find(&accounts, &user.account)?.id().to_owned();
        let request = HttpRequest {
            method: method.to_owned(),
            target: format!("{path}?{}", query(&account, user)),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body,
        };
        Ok::<HttpResponse, Failure>(global.engine(accounts)?.http(request).await)
    })?;
    if response.status != 200 {
        return Err(Failure::answer(&response));
    }
    for (name, value) in &response.headers {
        if name == "unified-warning" {
            let (code, path) = value.split_once("; path=").unwrap_or((value, ""));
            terminal.warn(
                code,
                &percent_decode_str(path.trim_matches('"')).decode_utf8_lossy(),
            );
        }
    }
    if user.format == Format::Raw && !user.dry_run {
        return terminal.result(&response.body);
    }
    let value = serde_json::from_slice(&response.body);
    terminal.json(&value.map_err(|error| {
        Failure::new(Status::Other, format!("the answer cannot be read: {error}"))
    })?)
}

/// `K=V`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected `NAME=VALUE`".to_owned()),
    }
}

fn query(account: &str, user: &UserArgs) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("integrated_account_id", account);
    let format = match user.format {
        Format::Unified => "unified",
        Format::Raw => "raw",
        Format::Normalized => "normalized",
    };
    query.append_pair("truto_response_format", format);
    for (name, given) in [
        ("truto_ignore_remote_data", user.ignore_remote_data),
        ("unified_strict", user.strict),
        ("unified_dry_run", user.dry_run),
    ] {
        if given {
            query.append_pair(name, "true");
        }
    }
    for field in &user.exclude_fields {
        query.append_pair("truto_exclude_fields[]", field);
    }
    for (position, collection) in user.collections.iter().enumerate() {
        let (kind, id) = collection
            .split_once(':')
            .map_or((None, collection.as_str()), |(kind, id)| (Some(kind), id));
        query.append_pair(&format!("collections[{position}][id]"), id);
        if let Some(kind) = kind {
            query.append_pair(&format!("collections[{position}][type]"), kind);
        }
    }
    for (name, value) in &user.remote_query {
        // `filter[a]` is a key within a key.
        let (base, keys) = name.split_at(name.find('[').unwrap_or(name.len()));
        query.append_pair(&format!("remote_query[{base}]{keys}"), value);
    }
    query.finish()
}

/// The JSON body: `--input`, and the flags over it.
fn body(user: &UserArgs) -> Result<Vec<u8>, Failure> {
    let mut body = match &user.input {
        Some(file) => read(file)?,
        None => Map::new(),
    };
    for (name, value) in [
        ("first_name", &user.first_name),
        ("last_name", &user.last_name),
        ("name", &user.name),
        ("nick_name", &user.nick_name),
        ("avatar", &user.avatar),
    ] {
        if let Some(value) = value {
            body.insert(name.to_owned(), json!(value));
        }
    }
    if !user.emails.is_empty() {
        body.insert(
            "emails".to_owned(),
            user.emails.iter().map(|email| parse_email(email)).collect(),
        );
    }
    if !user.roles.is_empty() {
        body.insert(
            "roles".to_owned(),
            user.roles.iter().map(|role| parse_role(role)).collect(),
        );
    }
    for (flag, name, value) in [
        ("--custom-fields", "custom_fields", &user.custom_fields),
        ("--remote-data", "remote_data", &user.remote_data),
    ] {
        if let Some(text) = value {
            let value = serde_json::from_str(text).map_err(|error| {
                Failure::flag(
                    flag,
                    &format!("/{name}"),
                    &format!("expected JSON, but found a fault: {error}"),
                )
            })?;
            body.insert(name.to_owned(), value);
        }
    }
    Ok(Value::Object(body).to_string().into_bytes())
}

/// `ADDRESS[:TYPE]`. What follows the last colon is a type; which types there are is the API's to say.
fn parse_email(text: &str) -> Value {
    match text.rsplit_once(':') {
        Some((address, kind)) => json!({"email": address, "type": kind}),
        None => json!({"email": text}),
    }
}

/// `NAME` or `id:ID`.
fn parse_role(text: &str) -> Value {
    match text.strip_prefix("id:") {
        Some(id) => json!({"id": id}),
        None => json!({"name": text}),
    }
}

fn read(file: &Path) -> Result<Map<String, Value>, Failure> {
    let from_input = file == Path::new("-");
    let flag = format!("--input {}", file.display());
    let mut bytes = Vec::new();
    let read = if from_input {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::flag(&flag, "", &error.to_string()))?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(Failure::flag(
            &flag,
            "",
            "expected a JSON object, but found another JSON value",
        )),
        Err(error) => Err(Failure::flag(
            &flag,
            "",
            &format!("expected JSON, but found a fault: {error}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_may_end_in_its_type() {
        assert_eq!(parse_email("a@b.example"), json!({"email": "a@b.example"}));
        assert_eq!(
            parse_email("a@b.example:other"),
            json!({"email": "a@b.example", "type": "other"})
        );
    }

    #[test]
    fn a_role_is_a_name_or_an_id() {
        assert_eq!(parse_role("owner"), json!({"name": "owner"}));
        assert_eq!(parse_role("id:64c0"), json!({"id": "64c0"}));
    }

    #[test]
    fn a_pair_needs_a_name() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("a").is_err() && pair("=b").is_err());
    }
}
