//! The first step of a call, with typed input that JSON need not be able to express.
//!
//! The first byte chooses the operation, the second by its lowest bit whether the host injects the credentials, and by the
//! next whether the call is strict. The parts are the account's base URL and setting, each its usual one when empty, and the
//! prefix of its credential; the user's id; the remote query, the collections and the excluded fields; the fields
//! in the published order, and `remote_data`; address, cursor and limit of a list. A field begins with `=` and has a value, or with `-`
//! and is cleared.

#![no_main]

use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use unified_ticketing_fuzz::case::ACCOUNT;
use unified_ticketing_fuzz::input::{Input as Bytes, entries, string};
use unified_ticketing_fuzz::support::Operation;
use unified_ticketing_fuzz::{account, invariants, operation};
use unified_ticketing_guest::bindings::accounts::Account;
use unified_ticketing_guest::bindings::steps::{Operation as Input, Step, UserUpdate};
use unified_ticketing_guest::bindings::types::{
    Begun, Collection, Email, EmailsChange, Error, ErrorCode, Finding, FindingCode, JsonChange,
    Location, NewUser, Options, Outcome, Role, RolesChange, Sending, StringChange, UserChanges,
    UserQuery,
};
use unified_ticketing_guest::context::EntryPoint;
use unified_ticketing_guest::integration::OperationName;
use unified_ticketing_guest::steps;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Bytes(bytes);
    let operation = operation(input.byte());
    let choice = input.byte();
    let [base_url, setting, credential] = [input.string(), input.string(), input.string()];
    let mut account = account(operation, choice, bytes, &credential);
    account.base_url = Some(base_url).filter(|url| !url.is_empty());
    if !setting.is_empty() {
        for (_, value) in &mut account.settings {
            value.clone_from(&setting);
        }
    }
    let id = input.string();
    let options = Options {
        remote_query: input.pairs(),
        collections: entries(input.part())
            .map(|entry| collection(&entry))
            .collect(),
        exclude_fields: entries(input.part())
            .map(|entry| string(entry[0]))
            .collect(),
        strict: choice & 2 != 0,
        ..Options::default()
    };
    let changes = changes(&mut input);
    let given = |part: &[u8]| part.strip_prefix(b"=").map(string);
    let query = UserQuery {
        email: given(input.part()),
        cursor: given(input.part()),
        limit: input.string().parse().ok(),
    };
    let looks_up = operation.row.list.is_some() && query.email.is_some();
    let input = match operation.row.name {
        OperationName::Create => Input::CreateUser(user(changes)),
        OperationName::Update => {
            let id = id.clone();
            Input::UpdateUser(UserUpdate { id, changes })
        }
        OperationName::Get => Input::GetUser(id.clone()),
        OperationName::List => Input::ListUsers(query),
        OperationName::Delete => Input::DeleteUser(id.clone()),
    };
    assert!(
        !looks_up || options.remote_query.is_empty() || is_rejected(&account, &input, &options)
    );
    match start(&account, input, &options) {
        Step::Send(sending) => check_sending(operation, &account, &id, &options, &sending),
        Step::Done(Err(error)) => check_error(&account, &error),
        Step::Done(Ok(response)) => panic!("a response without a request: {response:?}"),
    }
});

/// Starts a call.
fn start(account: &Account, input: Input, options: &Options) -> Step {
    let begun = Begun::Now("2026-03-02T08:15:30Z".to_owned());
    steps::start(ACCOUNT, input, options, &begun, |_| Ok(account.clone()))
}

/// Whether a call is rejected: a look-up takes no parameters of the provider.
fn is_rejected(account: &Account, input: &Input, options: &Options) -> bool {
    let step = start(account, input.clone(), options);
    matches!(step, Step::Done(Err(_)))
}

/// Checks that request and context follow the input.
fn check_sending(
    operation: Operation,
    account: &Account,
    id: &str,
    options: &Options,
    sending: &Sending,
) {
    let context = invariants::assert_sending(operation, account, sending, EntryPoint::Steps);
    assert_distinct(&sending.warnings);
    assert!(
        !options.strict
            || sending.warnings.iter().all(|warning| matches!(
                warning.code,
                FindingCode::SurplusValue | FindingCode::More
            ))
    );
    assert_eq!(
        (context.form.format, context.form.ignore_remote_data),
        (options.format, options.ignore_remote_data)
    );
    let has_id = operation.row.name.has_id();
    assert_eq!(context.id.as_deref(), has_id.then_some(id));

    let request = &sending.request;
    let (url, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    let (_, last) = url.rsplit_once('/').expect("a path");
    let ends_with_id = operation.row.path.ends_with("{id}");
    let given = ends_with_id.then_some(id.as_bytes());
    assert!(given.is_none_or(|id| percent_decode_str(last).eq(id.iter().copied())));
    let sent: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    assert!(sent.ends_with(&options.remote_query));
}

/// Checks that an error has every violation, and that no request is sent.
fn check_error(account: &Account, error: &Error) {
    let Error {
        code,
        message,
        status,
        violations,
        provider,
        retry_after,
        rate_limit,
        limit,
        outcome,
        existing_ids,
        looked,
    } = error;
    assert_eq!(*outcome, Outcome::NotSent);
    assert!(!message.is_empty());
    invariants::assert_hidden(account, message);
    assert!(existing_ids.is_empty() && *looked == 0);
    assert!(provider.is_none() && retry_after.is_none() && rate_limit.is_none() && limit.is_none());
    let expected = if *code == ErrorCode::InvalidRequest {
        (400, false)
    } else {
        (500, true)
    };
    assert_eq!((*status, violations.is_empty()), expected);
    invariants::assert_findings(violations);
    assert_distinct(violations);
}

/// Checks that no location has the same finding twice.
fn assert_distinct(findings: &[Finding]) {
    for (position, finding) in findings.iter().enumerate() {
        let same = |other: &Finding| {
            (other.code, other.in_, &other.path) == (finding.code, finding.in_, &finding.path)
        };
        // A parameter may be given any number of times.
        let again = finding.in_ != Location::Query && findings.iter().skip(position + 1).any(same);
        assert!(!again, "{finding:?}");
    }
}

fn collection(entry: &[&[u8]]) -> Collection {
    Collection {
        id: string(entry[0]),
        type_: entry.get(1).map(|kind| string(kind)),
    }
}

fn changes(input: &mut Bytes<'_>) -> UserChanges {
    let change = |part: &[u8]| match part.split_first() {
        Some((b'=', value)) => StringChange::Set(string(value)),
        Some((b'-', _)) => StringChange::Clear,
        _ => StringChange::Keep,
    };
    let [first_name, last_name, name] = [input.part(), input.part(), input.part()].map(change);
    let emails = match input.part().split_first() {
        Some((b'=', value)) => {
            EmailsChange::Set(entries(value).map(|entry| email(&entry)).collect())
        }
        Some((b'-', _)) => EmailsChange::Clear,
        _ => EmailsChange::Keep,
    };
    let roles = match input.part().split_first() {
        Some((b'=', value)) => RolesChange::Set(entries(value).map(|entry| role(&entry)).collect()),
        Some((b'-', _)) => RolesChange::Clear,
        _ => RolesChange::Keep,
    };
    let nick_name = change(input.part());
    let custom_fields = match change(input.part()) {
        StringChange::Set(json) => JsonChange::Set(json),
        StringChange::Clear => JsonChange::Clear,
        StringChange::Keep => JsonChange::Keep,
    };
    let avatar = change(input.part());
    let remote_data = input.part().strip_prefix(b"=").map(string);
    UserChanges {
        first_name,
        last_name,
        name,
        emails,
        roles,
        nick_name,
        custom_fields,
        avatar,
        remote_data,
    }
}

fn email(entry: &[&[u8]]) -> Email {
    Email {
        address: string(entry[0]),
        type_: entry.get(1).map(|kind| string(kind)),
    }
}

/// A role's name, then its id; an empty name is none.
fn role(entry: &[&[u8]]) -> Role {
    let name = Some(string(entry[0])).filter(|name| !name.is_empty());
    Role {
        name,
        id: entry.get(1).map(|id| string(id)),
    }
}

/// A user with the values that the changes set; a cleared value is empty.
fn user(changes: UserChanges) -> NewUser {
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
    } = changes;
    let set = |change| match change {
        StringChange::Set(text) => Some(text),
        StringChange::Clear => Some(String::new()),
        StringChange::Keep => None,
    };
    NewUser {
        first_name: set(first_name),
        last_name: set(last_name),
        name: set(name),
        emails: match emails {
            EmailsChange::Set(emails) => Some(emails),
            EmailsChange::Clear => Some(Vec::new()),
            EmailsChange::Keep => None,
        },
        roles: match roles {
            RolesChange::Set(roles) => Some(roles),
            RolesChange::Clear => Some(Vec::new()),
            RolesChange::Keep => None,
        },
        nick_name: set(nick_name),
        custom_fields: match custom_fields {
            JsonChange::Set(json) => Some(json),
            JsonChange::Clear => Some(String::new()),
            JsonChange::Keep => None,
        },
        avatar: set(avatar),
        remote_data,
    }
}
