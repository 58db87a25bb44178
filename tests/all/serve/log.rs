//! The log: a line for each request, without its contents.

use super::support::{Serve, Simulators, create};

#[tokio::test]
async fn log_names_requests_without_contents() {
    const TOKEN: &str = "a-token-of-the-log-test";
    let simulators = Simulators::start().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), TOKEN).expect("a file");
    let token_file = file.path().to_str().expect("UTF-8");
    for (format, verbose, sender) in [
        ("text", "-v", "host"),
        ("json", "-v", "host"),
        ("text", "-vv", "component"),
        ("json", "-vv", "host"),
    ] {
        let arguments = [
            "--log-format",
            format,
            verbose,
            "--token-file",
            token_file,
            "--sender",
            sender,
        ];
        let mut serve = Serve::start(&simulators, &arguments);
        simulators.control("POST", "reset", "").await;
        let mut request = create(&simulators.id("gorgias"), "inbody@kelpworks.example");
        request
            .headers
            .push(("authorization".to_owned(), format!("Bearer {TOKEN}")));
        request
            .headers
            .push(("x-note".to_owned(), "in-a-header".to_owned()));
        request.target.push_str("&remote_query[note]=in-the-query");
        let created = serve.call(&request).await;
        assert_eq!(created.status, 200, "{created:?}");
        request.target = request.target.replace("users?", "users/612004418?");
        let lost = serve.call(&request).await;
        assert_eq!(lost.status, 405, "{lost:?}");
        serve.terminate();
        assert!(serve.wait_for_exit().await.success());
        let log = serve.log();
        for (response, path) in [
            (&created, "/unified/ticketing/users"),
            (&lost, "/unified/ticketing/users/{id}"),
        ] {
            let id = response.header("x-request-id").expect("a request id");
            let mut lines = log.lines().filter(|line| line.contains(id));
            let line = lines
                .rfind(|line| line.contains(path))
                .unwrap_or_else(|| panic!("{id} is not in {log}"));
            // The line about the provider's response comes first.
            let provider = lines.next().is_some_and(|line| line.contains("provider"));
            assert_eq!(provider, response.status == 200, "{log}");
            for word in ["POST", &response.status.to_string(), "gorgias"] {
                assert!(line.contains(word), "{word} is not in {line}");
            }
            if format == "json" {
                let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
                let fields = &line["fields"];
                assert_eq!(fields["request"], id, "{line:#}");
                assert_eq!(fields["status"], response.status, "{line:#}");
                let error = response.json();
                for name in ["code", "outcome"] {
                    assert_eq!(fields[name], error[name], "{line:#}");
                }
                let operation = (response.status == 200).then_some("create");
                assert_eq!(fields["operation"].as_str(), operation, "{line:#}");
                assert_eq!(fields["account"], "gorgias", "{line:#}");
                assert_eq!(fields["integration"], "gorgias", "{line:#}");
            }
        }
        let foreign = [
            "inbody",
            "Halvorsen",
            "in-the-query",
            "in-a-header",
            "integrated_account_id",
            "612004418",
            TOKEN,
        ]
        .map(str::to_owned);
        for word in foreign.into_iter().chain(simulators.secrets()) {
            assert!(!log.contains(&word), "{word} is in {log}");
        }
        assert!(
            !log.contains('\u{1b}'),
            "no colours where there is no terminal: {log}"
        );
    }
}
