//! Laws of a creation of several requests, whatever the provider answers.

use proptest::prelude::*;
use serde_json::{Value, json};
use unified_ticketing_guest::bindings::http_api::{HttpResponse, HttpStep};
use unified_ticketing_guest::bindings::types::{
    Begun, Outcome, ProviderResponse, Safety, TransportError,
};
use unified_ticketing_guest::integration::OperationName;

use crate::case::ACCOUNT;
use crate::case::begun::{BEGUN, time};
use crate::support::{
    Operation, every_operation, http_request, json_of, provider_response, resume_step, start_at,
};

/// [`BEGUN`] in seconds since 1970.
const BEGUN_SECONDS: i64 = 1_772_439_330;

/// The address of the user of [`Operation::body`].
const EMAIL: &str = "ines@duarte.example";

/// The modes of `unified_if_exists`.
const MODES: [&str; 3] = ["fail", "keep", "update"];

fn creations() -> Vec<Operation> {
    let mut operations = every_operation();
    operations.retain(|operation| operation.row.name == OperationName::Create);
    operations
}

/// A user in a response: its number, its address, and how many seconds after the call it was created, where that is given.
#[derive(Clone, Copy, Debug)]
struct Listed(u32, &'static str, Option<i64>);

const NEW: Listed = Listed(1, EMAIL, Some(1));
const OLD: Listed = Listed(2, EMAIL, Some(-86_400));
const TIMELESS: Listed = Listed(3, EMAIL, None);
const OTHER: Listed = Listed(4, "otto@duarte.example", Some(1));

impl Listed {
    fn id(self, operation: Operation) -> String {
        let number = self.0;
        match operation.integration.id {
            Some(shape) if !(shape.accepts)("42") => {
                format!("7c1e0d52-3f0a-4b7e-9a55-{number:012}")
            }
            _ => number.to_string(),
        }
    }

    /// The user in the shapes of all providers at once.
    fn json(self, operation: Operation) -> Value {
        let (id, email) = (self.id(operation), self.1);
        let mut user = json!({
            "id": id, "_id": id, "email": email, "email-address": email, "person": {"email": email, "name": "Somebody"},
        });
        if let Some(after) = self.2 {
            let at = time(BEGUN_SECONDS + after) + "Z";
            for member in [
                "createdAt",
                "created_datetime",
                "created_at",
                "createDate",
                "created-at",
            ] {
                user[member] = json!(at);
            }
        }
        user
    }
}

/// What becomes of a request.
#[derive(Clone, Debug)]
enum Answer {
    Users(Vec<Listed>),
    Status(u16, &'static str),
    Error(TransportError),
}

impl Answer {
    fn given(&self, operation: Operation) -> Result<ProviderResponse, TransportError> {
        let headers = &[("content-type", "application/json")];
        match self {
            Self::Users(users) => {
                let listing = operation.integration.operation(OperationName::List);
                let member = listing.and_then(|row| row.list).and_then(|list| list.users);
                let users: Vec<Value> = users.iter().map(|user| user.json(operation)).collect();
                let body = match member {
                    Some(member) => json!({ member: users }),
                    None => json!(users),
                };
                Ok(provider_response(200, headers, &body.to_string()))
            }
            Self::Status(status, body) => Ok(provider_response(*status, headers, body)),
            Self::Error(error) => Err(error.clone()),
        }
    }

    /// Whether a creation with this answer may have created the user, though there is none in it.
    fn is_unknown(&self, operation: Operation) -> bool {
        match self {
            // An array is no user.
            Self::Users(_) => {
                let row = operation.integration.operation(OperationName::List);
                row.and_then(|row| row.list)
                    .is_some_and(|list| list.users.is_none())
            }
            Self::Status(status, body) => match status {
                200..=299 => *status == 206 || body.starts_with('<'),
                400..=499 => *status == 408,
                _ => true,
            },
            Self::Error(error) => !matches!(
                error,
                TransportError::NoConnection(_)
                    | TransportError::EgressDenied(_)
                    | TransportError::Deadline(false)
                    | TransportError::ResponseTooLarge(Some(400..=407 | 409..=499))
            ),
        }
    }
}

fn lost() -> Answer {
    Answer::Error(TransportError::ConnectionLost("reset".to_owned()))
}

fn errors() -> Vec<Answer> {
    let why = || "a test says so".to_owned();
    let errors = [
        TransportError::NoConnection(why()),
        TransportError::EgressDenied(why()),
        TransportError::ConnectionLost(why()),
        TransportError::ResponseTruncated((201, why())),
        TransportError::ResponseTruncated((409, why())),
        TransportError::Deadline(false),
        TransportError::Deadline(true),
        TransportError::ResponseTooLarge(None),
        TransportError::ResponseTooLarge(Some(200)),
        TransportError::ResponseTooLarge(Some(409)),
        TransportError::ResponseTooLarge(Some(500)),
    ];
    errors.map(Answer::Error).to_vec()
}

fn statuses() -> Vec<Answer> {
    let statuses = [
        200, 201, 204, 206, 302, 307, 400, 401, 403, 404, 408, 409, 421, 422, 429, 500, 502, 503,
    ];
    let bodies = [
        "",
        "<html></html>",
        r#"{"id": "42", "message": "the email is already in use"}"#,
        r#"{"data": {"id": "42"}, "error": {"msg": "no"}}"#,
    ];
    let each = statuses.into_iter();
    each.flat_map(|status| bodies.map(|body| Answer::Status(status, body)))
        .collect()
}

/// Every answer after which the user may exist.
fn unknowns(operation: Operation) -> Vec<Answer> {
    let mut answers = [errors(), statuses()].concat();
    answers.retain(|answer| answer.is_unknown(operation));
    answers
}

fn answer() -> impl Strategy<Value = Answer> {
    let user = || prop::sample::select(vec![NEW, OLD, TIMELESS, OTHER]);
    prop_oneof![
        3 => prop::collection::vec(user(), 0..3).prop_map(Answer::Users),
        1 => Just(Answer::Users(Vec::new())),
        2 => prop::sample::select(statuses()),
        1 => prop::sample::select(errors()),
    ]
}

/// A call and its provider.
#[derive(Clone, Debug)]
struct Made {
    operation: Operation,
    mode: &'static str,
    settle: bool,
    begun: Begun,
}

/// What a call did.
#[derive(Debug)]
struct Trace {
    /// Of each request its safety, its URL, how long the host waits before it, and its body.
    requests: Vec<(Safety, String, u32, Vec<u8>)>,
    response: HttpResponse,
}

impl Made {
    fn now(operation: Operation, mode: &'static str) -> Self {
        Self {
            operation,
            mode,
            settle: true,
            begun: Begun::Now(BEGUN.to_owned()),
        }
    }

    /// Makes the call. The last answer is given to every further request.
    fn run(&self, answers: &[Answer]) -> Trace {
        let Self {
            operation,
            mode,
            settle,
            begun,
        } = self;
        let target = format!(
            "/unified/ticketing/users?integrated_account_id={ACCOUNT}&collections[][id]=1\
             &unified_if_exists={mode}&unified_settle={settle}"
        );
        let body = Value::Object(operation.body()).to_string();
        let request = http_request("POST", &target, body.as_bytes());
        let mut step = start_at(&request, operation.account(true), begun);
        let mut requests = Vec::new();
        loop {
            let sending = match step {
                HttpStep::Send(sending) => sending,
                HttpStep::Respond(response) => return Trace { requests, response },
            };
            let answer = answers.get(requests.len()).or(answers.last());
            let response = answer.expect("an answer").given(*operation);
            requests.push((
                sending.safety,
                sending.request.url,
                sending.wait_ms,
                sending.request.body,
            ));
            assert!(requests.len() < 50, "{self:?} does not end");
            step = resume_step(&sending.context, response.as_ref(), operation.account(true));
        }
    }
}

impl Trace {
    fn outcome(&self) -> Option<Outcome> {
        self.response.error.as_ref().map(|error| error.outcome)
    }

    fn result(&self) -> Option<&str> {
        let mut headers = self.response.headers.iter();
        let found = headers.find(|(name, _)| name == "unified-result");
        found.map(|(_, value)| value.as_str())
    }

    fn position(&self, safety: Safety) -> Option<usize> {
        self.requests.iter().position(|(it, ..)| *it == safety)
    }

    fn count(&self, safety: Safety) -> usize {
        self.requests
            .iter()
            .filter(|(it, ..)| *it == safety)
            .count()
    }

    fn ids(&self) -> Vec<String> {
        let body = json_of(&self.response);
        let one = body["existing_id"].as_str().map(str::to_owned);
        let several = body["existing_ids"].as_array().cloned().unwrap_or_default();
        let several = several.iter().filter_map(Value::as_str).map(str::to_owned);
        one.into_iter().chain(several).collect()
    }
}

fn made() -> impl Strategy<Value = Made> {
    let begun = prop::sample::select(vec![
        Begun::Now(BEGUN.to_owned()),
        Begun::Earlier(BEGUN.to_owned()),
        // A host without a clock.
        Begun::Now(String::new()),
    ]);
    let operation = prop::sample::select(creations());
    (
        operation,
        prop::sample::select(&MODES[..]),
        any::<bool>(),
        begun,
    )
        .prop_map(|(operation, mode, settle, begun)| Made {
            operation,
            mode,
            settle,
            begun,
        })
}

proptest! {
    #[test]
    fn creation_is_sent_once_at_most(made in made(), answers in prop::collection::vec(answer(), 1..12)) {
        let trace = made.run(&answers);
        let is_earlier = matches!(made.begun, Begun::Earlier(_));
        let sent = trace.position(Safety::Once);
        prop_assert!(trace.count(Safety::Once) <= usize::from(!is_earlier), "{trace:?}");
        prop_assert!(trace.count(Safety::Idempotent) <= 1, "{trace:?}");
        let answered = sent.and_then(|sent| answers.get(sent).or(answers.last()));
        let is_unknown = answered.is_some_and(|answer| answer.is_unknown(made.operation));
        if is_unknown {
            // Nothing that changes anything follows.
            let rest = &trace.requests[sent.unwrap_or_default() + 1..];
            prop_assert!(rest.iter().all(|(safety, ..)| *safety == Safety::Safe), "{trace:?}");
            prop_assert!(made.settle || rest.is_empty(), "{trace:?}");
        }
        let given = || (0..trace.requests.len()).filter_map(|at| answers.get(at).or(answers.last()));
        let found_older = given().any(|answer| matches!(answer, Answer::Users(users) if users.iter().any(|user| user.0 == OLD.0)));
        if is_unknown || is_earlier {
            prop_assert_ne!(trace.outcome(), Some(Outcome::NotSent).filter(|_| trace.count(Safety::Idempotent) == 0), "{:?}", trace);
            if trace.outcome() == Some(Outcome::Rejected) {
                prop_assert!(found_older && made.operation.integration.name != "hive", "{trace:?}");
            }
        }
        if is_unknown && trace.outcome() == Some(Outcome::Rejected) {
            prop_assert!(!made.operation.integration.adopts, "{trace:?}");
            prop_assert_eq!(trace.ids(), [OLD.id(made.operation)]);
        }
        if trace.count(Safety::Once) == 0 && !is_earlier && trace.count(Safety::Idempotent) == 0 {
            prop_assert_ne!(trace.outcome(), Some(Outcome::Unknown), "{:?}", trace);
        }
        if trace.result() == Some("settled") {
            let found_new = given().any(|answer| matches!(answer, Answer::Users(users) if users.iter().any(|user| user.0 == NEW.0)));
            prop_assert!(found_new && (sent.is_some() || is_earlier), "{trace:?}");
        }
    }

    #[test]
    fn unknown_names_address_and_findings(made in made(), answers in prop::collection::vec(answer(), 1..12)) {
        let trace = made.run(&answers);
        if trace.outcome() != Some(Outcome::Unknown) || trace.count(Safety::Idempotent) > 0 {
            return Ok(());
        }
        let body = json_of(&trace.response);
        let message = body["message"].as_str().unwrap_or_default();
        prop_assert!(message.contains(EMAIL), "{message}");
        for id in trace.ids() {
            prop_assert!(message.contains(&id), "{message}");
        }
        let looked = body["looked"].as_u64().unwrap_or_default();
        prop_assert!(looked == 0 || trace.ids().len() == 1 || message.contains(&format!("{looked} look-up")), "{message}");
        // After the creation, every look-up that is over left its trace.
        let sent = trace.position(Safety::Once).map_or(0, |sent| sent + 1);
        let has_looked = trace.requests.len() > sent;
        prop_assert!(!has_looked || !trace.ids().is_empty() || message.contains("look-up"), "{message}");
    }

    #[test]
    fn earlier_creation_ends_the_same(mut made in made(), answers in prop::collection::vec(answer(), 1..12)) {
        made.begun = Begun::Earlier(BEGUN.to_owned());
        let (first, second) = (made.run(&answers), made.run(&answers));
        prop_assert_eq!(&first.requests, &second.requests);
        prop_assert_eq!(first.response.status, second.response.status);
        prop_assert_eq!(first.response.headers, second.response.headers);
        prop_assert_eq!(first.response.body, second.response.body);
    }
}

#[test]
fn somebody_else_never_settles() {
    for operation in creations() {
        for mode in MODES {
            for unknown in unknowns(operation) {
                // Others first, then nobody, until the pages end.
                for others in [1, 2, 3] {
                    let mut answers = vec![Answer::Users(Vec::new()); usize::from(mode != "fail")];
                    answers.push(unknown.clone());
                    answers.extend(vec![Answer::Users(vec![OTHER]); others]);
                    answers.push(Answer::Users(Vec::new()));
                    let trace = Made::now(operation, mode).run(&answers);
                    let name = operation.name();
                    assert_eq!(trace.outcome(), Some(Outcome::Unknown), "{name}: {trace:?}");
                    let body = json_of(&trace.response);
                    assert_eq!(body["looked"], 3, "{name}: {unknown:?}: {body}");
                    assert_eq!(trace.ids(), [""; 0], "{name}: {body}");
                }
            }
        }
    }
}

/// What is created five minutes before the call by the provider's clock may be of the call; a second earlier it is not.
#[test]
fn clocks_may_be_minutes_apart() {
    for operation in creations() {
        let name = operation.name();
        for (after, settles) in [
            (-300, true),
            (-301, false),
            (0, true),
            (300, true),
            (86_400, true),
        ] {
            let user = Listed(7, EMAIL, Some(after));
            let made = Made::now(operation, "fail");
            let trace = made.run(&[lost(), Answer::Users(vec![user])]);
            let expected = match operation.integration.name {
                "hive" => Ok("found"),
                _ if settles => Ok("settled"),
                _ if operation.integration.adopts => Err(Outcome::Unknown),
                _ => Err(Outcome::Rejected),
            };
            let found = trace.result().ok_or_else(|| trace.outcome());
            assert_eq!(found, expected.map_err(Some), "{name}: {after}");
            if expected.is_err() {
                assert_eq!(trace.ids(), [user.id(operation)], "{name}");
            }
        }
    }
}

/// A host without a clock cannot tell a new user from an old one.
#[test]
fn user_without_begin_is_found() {
    for operation in creations() {
        for user in [NEW, OLD, TIMELESS] {
            let made = Made {
                begun: Begun::Now(String::new()),
                ..Made::now(operation, "fail")
            };
            let trace = made.run(&[lost(), Answer::Users(vec![user])]);
            assert_eq!(trace.result(), Some("found"), "{}", operation.name());
        }
    }
}

#[test]
fn earlier_creation_is_looked_for() {
    for operation in creations() {
        for mode in MODES {
            let name = format!("{} {mode}", operation.name());
            let made = Made {
                begun: Begun::Earlier(BEGUN.to_owned()),
                ..Made::now(operation, mode)
            };
            let found = made.run(&[Answer::Users(vec![NEW])]);
            let expected = if operation.integration.name == "hive" {
                "found"
            } else {
                "settled"
            };
            assert_eq!(found.result(), Some(expected), "{name}");
            let absent = made.run(&[Answer::Users(Vec::new())]);
            assert_eq!(absent.outcome(), Some(Outcome::Unknown), "{name}");
            let body = json_of(&absent.response);
            assert_eq!(body["looked"], 3, "{name}: {body}");
            let waits: Vec<u32> = absent
                .requests
                .iter()
                .map(|(_, _, wait, _)| *wait)
                .collect();
            assert_eq!(waits, [0, 1_000, 2_000], "{name}");
        }
    }
}
