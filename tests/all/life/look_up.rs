//! Look-ups by an address where a provider passes over filters, gives small pages, or shows users late.

use serde_json::json;
use unified_ticketing::types::{ErrorCode, Outcome};

use super::{Directory, SENDERS, engine};
use crate::serve::Simulators;

/// Addresses in several cases.
const ADDRESSES: [&str; 12] = [
    "Ines.0@Kelpworks.example",
    "ines.1@kelpworks.example",
    "INES.2@KELPWORKS.EXAMPLE",
    "iNes.3@kelpWorks.example",
    "ines.4@kelpworks.example",
    "Ines.5@Kelpworks.example",
    "ines.6@kelpworks.example",
    "INES.7@KELPWORKS.EXAMPLE",
    "iNes.8@kelpWorks.example",
    "ines.9@kelpworks.example",
    "Ines.10@Kelpworks.example",
    "ines.11@kelpworks.example",
];

/// The settings of reads that a simulator has, and whether a look-up may need more than its ten pages then.
fn settings(integration: &str) -> Vec<(serde_json::Value, bool)> {
    let has_filters = integration != "pivotal_tracker";
    let has_pages = !matches!(integration, "hive" | "pivotal_tracker" | "planhat");
    let mut settings = vec![(json!({}), false)];
    if has_filters {
        settings.push((json!({ "ignore_filters": true }), false));
    }
    if has_pages {
        for size in [1, 2, 5] {
            let small = json!({ "max_page_size": size });
            let both = json!({ "max_page_size": size, "ignore_filters": true });
            settings.push((small, false));
            settings.push((both, size * 10 < ADDRESSES.len()));
        }
    }
    settings
}

#[tokio::test]
async fn present_address_is_never_absent() {
    for sender in SENDERS {
        let simulators = Simulators::start().await;
        let engine = engine(&simulators, sender);
        for directory in Directory::all(&simulators, &engine) {
            let mut created = Vec::new();
            for address in ADDRESSES {
                created.push(directory.create(address).await);
            }
            for (settings, may_be_too_many) in settings(directory.integration) {
                directory.set_reads(&settings).await;
                let named = format!("{sender:?}, {}, {settings}", directory.integration);
                look_up(&directory, &created, may_be_too_many, &named).await;
            }
        }
    }
}

/// Looks every address up, in three cases, and one that nobody has.
async fn look_up(
    directory: &Directory<'_>,
    created: &[String],
    may_be_too_many: bool,
    named: &str,
) {
    let mut too_many = 0;
    for (address, id) in ADDRESSES.iter().zip(created) {
        for spelling in [
            (*address).to_owned(),
            address.to_lowercase(),
            address.to_uppercase(),
        ] {
            match directory.find(&spelling).await {
                Ok(found) => assert_eq!(found, std::slice::from_ref(id), "{named}: {spelling}"),
                Err(error) => {
                    let uncertain = (ErrorCode::InvalidResponse, 502, Outcome::NotSent);
                    let found = (error.code, error.status, error.outcome);
                    assert_eq!(found, uncertain, "{named}: {spelling}");
                    too_many += 1;
                }
            }
        }
    }
    assert_eq!(too_many > 0, may_be_too_many, "{named}");
    let absent = directory.find("Ines.12@Kelpworks.example").await;
    match absent {
        Ok(found) => assert!(found.is_empty() && !may_be_too_many, "{named}: {found:?}"),
        Err(error) => assert!(may_be_too_many, "{named}: {error:?}"),
    }
}

/// A user whom the provider does not show yet is in no list of it. The others are, and so is this one, as soon as it is shown.
#[tokio::test]
async fn late_user_hides_nobody_else() {
    for sender in SENDERS {
        let simulators = Simulators::start().await;
        let engine = engine(&simulators, sender);
        for directory in Directory::all(&simulators, &engine) {
            let name = directory.integration;
            let early = directory.create("Early@Kelpworks.example").await;
            for filtered in [true, false] {
                if !filtered && name == "pivotal_tracker" {
                    continue;
                }
                directory.set_reads(&json!({ "late_by": 6 })).await;
                let address = format!("late.{filtered}@kelpworks.example");
                let late = directory.create(&address).await;
                let reads = json!({ "ignore_filters": !filtered });
                directory.set_reads(&reads).await;
                let mut seen = false;
                for _ in 0..7 {
                    let found = directory.find("early@kelpworks.example").await;
                    assert_eq!(found.expect(name), std::slice::from_ref(&early), "{name}");
                    let found = directory.find(&address).await.expect(name);
                    assert!(
                        found.is_empty() || found == [late.clone()],
                        "{name}: {found:?}"
                    );
                    assert!(!seen || !found.is_empty(), "{name}: seen, and then not");
                    seen = !found.is_empty();
                }
                assert!(seen, "{name}");
            }
        }
    }
}
