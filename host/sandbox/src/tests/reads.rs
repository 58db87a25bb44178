//! The settings of reads: small pages, filters that are ignored, late users.

use serde_json::json;

use super::lists::pages;
use super::{Provider, TestSandbox, providers};

#[test]
fn pages_are_small_when_set() {
    let sandbox = TestSandbox::new();
    for provider in providers() {
        let settings = format!("PUT reads/{}", provider.name);
        // Planhat says nothing about a next page: a short one is the last.
        let Some(parameter) = provider
            .page
            .as_ref()
            .filter(|_| provider.name != "planhat")
        else {
            continue;
        };
        provider.fill(
            &sandbox,
            &["a@example.org", "b@example.org", "c@example.org"],
        );
        sandbox.control(&settings, &json!({ "max_page_size": 2 }));
        for query in [String::new(), format!("?{parameter}=100")] {
            let page = provider.list(&sandbox, &format!("{}{query}", provider.create));
            assert_eq!(page.len(), 2, "{}", provider.name);
        }
        let page = provider.list(&sandbox, &format!("{}?{parameter}=1", provider.create));
        assert_eq!(page.len(), 1, "{}", provider.name);
        let pages = pages(&sandbox, &provider, 100);
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        sandbox.control(&settings.replace("PUT", "DELETE"), &json!({}));
        assert_eq!(provider.list(&sandbox, &provider.create).len(), 3);
    }
}

#[test]
fn filters_are_ignored_when_set() {
    let sandbox = TestSandbox::new();
    for provider in providers() {
        let Some(find) = &provider.find else {
            continue;
        };
        provider.fill(&sandbox, &["a@example.org", "b@example.org"]);
        let missing = find.replace("{}", "z@example.org");
        assert_eq!(provider.list(&sandbox, &missing).len(), 0);
        let settings = format!("PUT reads/{}", provider.name);
        sandbox.control(&settings, &json!({ "ignore_filters": true }));
        assert_eq!(
            provider.list(&sandbox, &missing).len(),
            2,
            "{}",
            provider.name
        );
    }
}

#[test]
fn late_user_is_missing_from_reads() {
    let sandbox = TestSandbox::new();
    for provider in providers() {
        let name = &provider.name;
        provider.fill(&sandbox, &["early@example.org"]);
        let settings = format!("PUT reads/{name}");
        sandbox.control(&settings, &json!({ "late_by": 3 }));
        let id = &provider.fill(&sandbox, &["late@example.org"])[0];
        sandbox.control(&settings, &json!({}));

        let get = || provider.on_user(&sandbox, "GET", id, &json!({})).0;
        let listed = || provider.list(&sandbox, &provider.create).len();
        assert_eq!((listed(), get()), (1, provider.unknown_id.0), "{name}");
        let again = provider.create(&sandbox, &provider.body("late@example.org"));
        assert_eq!(again.0, provider.duplicate.0, "{name}");
        let changed = provider.on_user(&sandbox, &provider.method, id, &provider.change);
        assert_eq!(changed.0, provider.changed, "{name}");
        assert_eq!((listed(), get(), listed()), (1, 200, 2), "{name}");
    }
}

#[test]
fn late_user_can_be_deleted() {
    let sandbox = TestSandbox::new();
    for provider in providers() {
        let settings = format!("PUT reads/{}", provider.name);
        sandbox.control(&settings, &json!({ "late_by": 9 }));
        let id = &provider.fill(&sandbox, &["late@example.org"])[0];
        let deleted = provider.delete(&sandbox, id);
        assert_eq!(deleted.0, provider.deleted.0, "{}", provider.name);
    }
}

#[test]
fn rejected_requests_are_no_reads() {
    let (sandbox, dixa) = (TestSandbox::new(), Provider::named("dixa"));
    sandbox.control("PUT reads/dixa", &json!({ "late_by": 1 }));
    dixa.fill(&sandbox, &["late@example.org"]);
    sandbox.control("PUT faults/dixa", &json!({ "kind": "html" }));
    sandbox.exchange(&format!("GET {}", dixa.create), &dixa.key(), "");
    sandbox.exchange(&format!("GET {}", dixa.create), "", "");
    assert_eq!(dixa.list(&sandbox, &dixa.create).len(), 0);
    assert_eq!(dixa.list(&sandbox, &dixa.create).len(), 1);
}

#[test]
fn settings_are_replaced_as_whole() {
    let sandbox = TestSandbox::new();
    let usual = json!({ "max_page_size": null, "ignore_filters": false, "late_by": 0 });
    assert_eq!(sandbox.control("GET reads/gorgias", &json!({})), usual);
    let settings = json!({ "max_page_size": 2, "ignore_filters": true, "late_by": 3 });
    sandbox.control("PUT reads/gorgias", &settings);
    assert_eq!(sandbox.control("GET reads/gorgias", &json!({})), settings);
    assert_eq!(sandbox.control("GET reads/dixa", &json!({})), usual);
    sandbox.control("PUT reads/gorgias", &json!({}));
    assert_eq!(sandbox.control("GET reads/gorgias", &json!({})), usual);
}

#[test]
fn invalid_settings_are_rejected() {
    let sandbox = TestSandbox::new();
    for (name, body, part) in [
        ("dixa", json!({ "max_page_size": 0 }), "nonzero"),
        ("dixa", json!({ "late_by": -1 }), "-1"),
        ("dixa", json!({ "pages": 2 }), "unknown field `pages`"),
        ("hive", json!({ "max_page_size": 2 }), "hive has no pages"),
        (
            "planhat",
            json!({ "max_page_size": 2 }),
            "planhat ends its list",
        ),
        (
            "pivotal_tracker",
            json!({ "ignore_filters": true }),
            "no filters",
        ),
    ] {
        let line = format!("PUT /_sandbox/reads/{name}");
        let (status, _, response) = sandbox.send(&line, "", &body);
        let message = response["message"].as_str().unwrap();
        assert!(status == 400 && message.contains(part), "{body}: {message}");
    }
}
