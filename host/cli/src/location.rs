//! Locations in a request, in terms of the command line: the flag that set the value.

use std::path::Path;

use unified_ticketing_guest::http_api::IDEMPOTENCY_KEY;

use crate::args::{CallArgs, UserArgs};
use crate::operation::Call;

/// The location of the user's id.
pub(crate) const ID: &str = "ID";

/// Returns the flag for a location of the HTTP API; for a member that `--input` has, `--input` and the member's pointer.
pub(crate) fn location(part: &str, path: &str, call: &Call<'_>) -> String {
    match (part, call.operation.user()) {
        ("body", Some(user)) => body_location(path, user),
        ("query", _) => query_location(path, call.options),
        ("path", _) => ID.to_owned(),
        ("header", _) if path == IDEMPOTENCY_KEY => "--idempotency-key".to_owned(),
        _ => format!("{part} {path}"),
    }
}

fn body_location(pointer: &str, user: &UserArgs) -> String {
    let trimmed = pointer.strip_prefix('/').unwrap_or(pointer);
    let (member, rest) = trimmed.split_once('/').unwrap_or((trimmed, ""));
    let (flag, given) = match member {
        "name" => ("--name", usize::from(user.name.is_some())),
        "first_name" => ("--first-name", usize::from(user.first_name.is_some())),
        "last_name" => ("--last-name", usize::from(user.last_name.is_some())),
        "nick_name" => ("--nick-name", usize::from(user.nick_name.is_some())),
        "avatar" => ("--avatar", usize::from(user.avatar.is_some())),
        "emails" => ("--email", user.emails.len()),
        "roles" => ("--role", user.roles.len()),
        "custom_fields" => ("--custom-fields", usize::from(user.custom_fields.is_some())),
        "remote_data" => ("--remote-data", usize::from(user.remote_data.is_some())),
        _ => ("", 0),
    };
    match &user.input {
        Some(input) if given == 0 => format!("{} {pointer}", input_flag(input))
            .trim_end()
            .to_owned(),
        _ if flag.is_empty() && pointer.is_empty() => "the flags".to_owned(),
        _ if flag.is_empty() => pointer.to_owned(),
        _ => format!("{flag}{}", location_in_value(member, rest, given)),
    }
}

/// Returns `--input` with its value.
pub(crate) fn input_flag(file: &Path) -> String {
    format!("--input {}", file.display())
}

/// Returns the location within the value of a flag.
fn location_in_value(member: &str, rest: &str, given: usize) -> String {
    match member {
        "custom_fields" | "remote_data" if !rest.is_empty() => format!(" /{rest}"),
        // Several have a position.
        "emails" | "roles" if given > 1 => {
            let position = rest.split('/').next().and_then(|index| index.parse().ok());
            position.map_or_else(String::new, |index: usize| {
                format!(" (number {})", index + 1)
            })
        }
        _ => String::new(),
    }
}

fn query_location(name: &str, options: &CallArgs) -> String {
    let (base, keys) = name.split_at(name.find('[').unwrap_or(name.len()));
    match base {
        "integrated_account_id" => "--account".to_owned(),
        "collections" => match keys.trim_start_matches('[').split(']').next() {
            Some(index) if options.collections.len() > 1 => match index.parse::<usize>() {
                Ok(index) => format!("--collection (number {})", index + 1),
                Err(_) => "--collection".to_owned(),
            },
            _ => "--collection".to_owned(),
        },
        "remote_query" => format!("--remote-query {}", keys.trim_matches(['[', ']']))
            .trim_end()
            .to_owned(),
        "emails" => "--email".to_owned(),
        "limit" => "--limit".to_owned(),
        "next_cursor" => "--cursor".to_owned(),
        "truto_exclude_fields" => "--exclude-field".to_owned(),
        "truto_ignore_remote_data" => "--ignore-remote-data".to_owned(),
        "truto_response_format" => "--format".to_owned(),
        "unified_dry_run" => "--dry-run".to_owned(),
        "unified_strict" => "--strict".to_owned(),
        _ => name.to_owned(),
    }
}

/// Removes the name of the field from the message of a violation that is `required`: its location has the name already.
pub(crate) fn without_field(code: &str, path: &str, message: String) -> String {
    let field = path.trim_start_matches('/');
    if code != "required" {
        return message;
    }
    match message.strip_prefix(&format!("`{field}` is required: ")) {
        Some(expectation) => expectation.to_owned(),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command, UsersCommand};

    /// Returns the locations of parts and paths, for the flags of a command.
    fn assert_locations(command: &[&str], locations: &[(&str, &str, &str)]) {
        let arguments = ["unified-ticketing", "users"].iter().chain(command);
        let cli = Cli::try_parse_from(arguments.chain(&["--account", "a"])).expect("good flags");
        let Command::Users(UsersCommand::User(command)) = &cli.command else {
            panic!("{:?}", cli.command);
        };
        let call = Call::new(command).expect("a call");
        for (part, path, shown) in locations {
            assert_eq!(location(part, path, &call), *shown, "{part} {path}");
        }
    }

    #[test]
    fn location_is_the_flag() {
        let create = [
            "create",
            "--email=a",
            "--email=b",
            "--custom-fields={}",
            "--role=x",
        ];
        let locations = [
            ("body", "/first_name", "--first-name"),
            ("body", "/emails", "--email"),
            ("body", "/emails/1/email", "--email (number 2)"),
            ("body", "/roles/0/name", "--role"),
            ("body", "/custom_fields/a/0", "--custom-fields /a/0"),
            ("body", "", "the flags"),
            ("query", "collections", "--collection"),
            ("query", "remote_query[user_id]", "--remote-query user_id"),
            ("query", "truto_exclude_fields[0]", "--exclude-field"),
            ("query", "x", "x"),
            ("path", "id", "ID"),
        ];
        assert_locations(&create, &locations);
        let locations = [
            ("query", "emails", "--email"),
            ("query", "emails[][email]", "--email"),
            ("query", "limit", "--limit"),
            ("query", "next_cursor", "--cursor"),
        ];
        assert_locations(&["list"], &locations);
    }

    #[test]
    fn input_member_has_its_pointer() {
        let locations = [
            ("body", "/name", "--name"),
            ("body", "/emails/0", "--input - /emails/0"),
            ("body", "", "--input -"),
        ];
        assert_locations(&["create", "--input=-", "--name=x"], &locations);
    }

    #[test]
    fn required_field_is_named_once() {
        for (code, path, message, shown) in [
            (
                "required",
                "/name",
                "`name` is required: expected x",
                "expected x",
            ),
            ("required", "a", "`a` is required: expected x", "expected x"),
            ("required", "/a", "A requires `a`", "A requires `a`"),
            ("enum", "/a", "expected `a` or `b`", "expected `a` or `b`"),
        ] {
            assert_eq!(without_field(code, path, message.to_owned()), shown);
        }
    }
}
