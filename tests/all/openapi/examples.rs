//! The examples of the document: calls that were made.

use std::path::Path;

use serde_json::{Value, json};

use super::settings;
use crate::case::ACCOUNT;
use crate::http::runners::Runner;
use crate::http::{Call, CompletedCall, Suite};

/// The calls that are the document's examples: golden cases, and rows of the table for errors without a provider.
const EXAMPLES: &[&str] = &[
    "dixa/create-minimal",
    "gorgias/create-full",
    "hive/create-minimal",
    "pivotal_tracker/create-minimal",
    "planhat/create-full",
    "teamwork/create-full",
    "dixa/create-minimal-dry-run",
    "planhat/create-full-normalized",
    "hive/update-minimal",
    "pivotal_tracker/update-minimal",
    "planhat/update-full",
    "teamwork/update-minimal",
    "gorgias/update-full",
    "dixa/get-full",
    "pivotal_tracker/get-minimal",
    "planhat/get-full-normalized",
    "gorgias/list-first-page",
    "hive/list-last-page",
    "teamwork/list-email",
    "dixa/list-empty",
    "gorgias/delete-minimal",
    "hive/delete-minimal",
    "hive/delete-minimal-dry-run",
    "dixa/get-full-debug",
    "gorgias/list-last-page-debug",
    "hive/delete-minimal-debug",
    "pivotal_tracker/create-invalid",
    "gorgias/create-rejected",
    "hive/create-rejected-bad-key",
    "gorgias/create-rejected-forbidden",
    "gorgias/create-rejected-taken",
    "gorgias/create-rejected-rate-limited",
    "gorgias/create-rejected-failed",
    "hive/update-rejected",
    "a body of 2 MB",
    "a body of plain text",
    "an account that the host does not have",
];

/// `BLESS=1` writes the examples.
#[tokio::test]
async fn examples_are_current() {
    let suite = Suite::start().await;
    let runner = Runner::Native(suite.accounts());
    let all = suite.all(&runner, true).await;
    let examples: Vec<Value> = EXAMPLES
        .iter()
        .map(|name| {
            let call = all.iter().find(|call| call.name() == *name);
            example(
                call.unwrap_or_else(|| panic!("there is no `{name}`")),
                &suite.provider.url(),
            )
        })
        .collect();
    let current = format!("{:#}\n", Value::Array(examples));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/openapi/examples.json");
    let text = std::fs::read_to_string(&file).expect("the examples");
    if text != current && std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, current).expect("the examples are written");
        return;
    }
    assert!(text == current, "BLESS=1 writes the current examples");
}

fn example(call: &CompletedCall<'_>, server: &str) -> Value {
    let response =
        String::from_utf8(call.response.body.clone().unwrap_or_default()).expect("UTF-8");
    let response = response.replace(server, "https://provider.example");
    let about = match call.call {
        Call::Row(row) => row.name.clone(),
        Call::Case(case) => case.file.about.clone(),
    };
    // Only an accepted case has a body to show.
    let body = match call.call {
        Call::Case(case) if case.operation.has_fields() => {
            serde_json::from_slice(&call.request.body).expect("JSON")
        }
        Call::Case(_) | Call::Row(_) => Value::Null,
    };
    assert!(!response.contains(ACCOUNT), "{about}");
    let settings = settings(call);
    let settings = settings.as_ref();
    let form = match call.response.status {
        200 if settings.is_some_and(|it| it.dry_run) => "plan",
        200 if settings.is_some_and(|it| it.debug) => "debug",
        200 => "default",
        _ => "error",
    };
    json!({
        "case": call.name(),
        "about": about,
        "operation": match call.call {
            Call::Case(case) => case.operation.as_str(),
            Call::Row(_) => "",
        },
        "form": form,
        "body": body,
        "status": call.response.status,
        "response": serde_json::from_str::<Value>(&response).expect("JSON"),
    })
}
