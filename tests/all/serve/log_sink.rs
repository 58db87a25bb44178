//! A log that takes no lines.

use serde_json::Value;

use super::support::{Simulators, create, get};
use crate::client;
use crate::faults::{Served, Stderr};

#[tokio::test(flavor = "multi_thread")]
async fn log_that_fails_holds_up_no_request() {
    let simulators = Simulators::start().await;
    for stderr in [Stderr::Full, Stderr::Undrained, Stderr::Gone] {
        let mut served = Served::start(&simulators.accounts, "", &[], stderr).await;
        let before = simulators.control("GET", "count", "").await;
        for number in 0..5 {
            let email = format!("{stderr:?}.{number}@kelpworks.example");
            let request = create(&simulators.id("dixa"), &email);
            let created = client::send(served.address, &request).await;
            assert_eq!(created.expect("a response").status, 200, "{stderr:?}");
        }
        // More than any pipe holds.
        let mut connection = client::Connection::open(served.address)
            .await
            .expect("a connection");
        for _ in 0..1_000 {
            let answered = connection.call(&get("/nowhere")).await;
            assert_eq!(answered.expect("a response").status, 404, "{stderr:?}");
        }
        let after = simulators.control("GET", "count", "").await;
        let users = |count: &Value| count["users"].as_u64().expect("a figure");
        assert_eq!(users(&after) - users(&before), 5, "{stderr:?}");
        drop(connection);
        assert!(served.stopped().await.success(), "{stderr:?}");
    }
}
