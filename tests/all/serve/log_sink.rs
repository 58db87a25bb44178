//! A log that takes no lines.

use serde_json::Value;

use super::support::{Simulators, create, get};
use crate::client;
use crate::faults::{BrokenLogServer, Stderr};

#[tokio::test(flavor = "multi_thread")]
async fn failing_log_delays_no_request() {
    let simulators = Simulators::start().await;
    for stderr in [Stderr::Full, Stderr::Undrained, Stderr::Gone] {
        let mut server = BrokenLogServer::start(&simulators.accounts, "", &[], stderr).await;
        let before = simulators.control("GET", "count", "").await;
        for number in 0..5 {
            let email = format!("{stderr:?}.{number}@kelpworks.example");
            let request = create(&simulators.id("dixa"), &email);
            let created = client::send(server.address, &request).await;
            assert_eq!(created.expect("a response").status, 200, "{stderr:?}");
        }
        // More than a pipe holds.
        let mut connection = client::Connection::open(server.address)
            .await
            .expect("a connection");
        for _ in 0..1_000 {
            let response = connection.call(&get("/no-such-path")).await;
            assert_eq!(response.expect("a response").status, 404, "{stderr:?}");
        }
        let after = simulators.control("GET", "count", "").await;
        let users = |count: &Value| count["users"].as_u64().expect("a figure");
        assert_eq!(users(&after) - users(&before), 5, "{stderr:?}");
        drop(connection);
        assert!(server.stop().await.success(), "{stderr:?}");
    }
}
