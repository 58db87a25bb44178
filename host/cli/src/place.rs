//! Where something is, as the command line knows it: the flag that it came by.

use std::path::Path;

use crate::args::UserArgs;

/// The flag behind a place of the HTTP API; where a member came by `--input`, that and its pointer.
pub(crate) fn place(part: &str, path: &str, user: &UserArgs) -> String {
    match part {
        "body" => body(path, user),
        "query" => query(path, user),
        "path" => "ID".to_owned(),
        _ => format!("{part} {path}"),
    }
}

fn body(pointer: &str, user: &UserArgs) -> String {
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
        Some(input) if given == 0 => format!("{} {pointer}", named(input)).trim_end().to_owned(),
        _ if flag.is_empty() && pointer.is_empty() => "the flags".to_owned(),
        _ if flag.is_empty() => pointer.to_owned(),
        _ => format!("{flag}{}", within(member, rest, given)),
    }
}

/// `--input`, with the file that it names.
pub(crate) fn named(input: &Path) -> String {
    format!("--input {}", input.display())
}

/// Where within the value of a flag something is.
fn within(member: &str, rest: &str, given: usize) -> String {
    match member {
        "custom_fields" | "remote_data" if !rest.is_empty() => format!(" /{rest}"),
        // Which one, where there are several.
        "emails" | "roles" if given > 1 => {
            let position = rest.split('/').next().and_then(|index| index.parse().ok());
            position.map_or_else(String::new, |index: usize| {
                format!(" (number {})", index + 1)
            })
        }
        _ => String::new(),
    }
}

fn query(name: &str, user: &UserArgs) -> String {
    let (base, keys) = name.split_at(name.find('[').unwrap_or(name.len()));
    match base {
        "integrated_account_id" => "--account".to_owned(),
        "collections" => match keys.trim_start_matches('[').split(']').next() {
            Some(index) if user.collections.len() > 1 => match index.parse::<usize>() {
                Ok(index) => format!("--collection (number {})", index + 1),
                Err(_) => "--collection".to_owned(),
            },
            _ => "--collection".to_owned(),
        },
        "remote_query" => format!("--remote-query {}", keys.trim_matches(['[', ']']))
            .trim_end()
            .to_owned(),
        "truto_exclude_fields" => "--exclude-field".to_owned(),
        "truto_ignore_remote_data" => "--ignore-remote-data".to_owned(),
        "truto_response_format" => "--format".to_owned(),
        "unified_dry_run" => "--dry-run".to_owned(),
        "unified_strict" => "--strict".to_owned(),
        _ => name.to_owned(),
    }
}

/// A sentence without the name that its place says already.
pub(crate) fn sentence(message: &str) -> &str {
    match message.split_once("` is required: ") {
        Some((name, rest)) if name.starts_with('`') && !name.contains(' ') => rest,
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command, UsersCommand};

    fn user(flags: &[&str]) -> UserArgs {
        let program = ["unified-ticketing", "users", "create", "--account", "a"];
        let cli = Cli::try_parse_from(program.iter().chain(flags)).expect("good flags");
        match cli.command {
            Command::Users(UsersCommand::Create(user)) => user,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_place_is_the_flag_that_it_came_by() {
        let flags = [
            "--email",
            "a",
            "--email",
            "b",
            "--custom-fields",
            "{}",
            "--role",
            "x",
        ];
        let user = user(&flags);
        for (part, path, shown) in [
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
        ] {
            assert_eq!(place(part, path, &user), shown, "{part} {path}");
        }
    }

    #[test]
    fn a_member_of_the_input_is_named_by_its_pointer() {
        let user = user(&["--input", "-", "--name", "x"]);
        assert_eq!(place("body", "/name", &user), "--name");
        assert_eq!(place("body", "/emails/0", &user), "--input - /emails/0");
        assert_eq!(place("body", "", &user), "--input -");
    }

    #[test]
    fn a_sentence_does_not_say_the_place_again() {
        assert_eq!(
            sentence("`name` is required: expected a string"),
            "expected a string"
        );
        assert_eq!(sentence("expected `a` or `b`"), "expected `a` or `b`");
    }
}
