//! Plans, steps and the HTTP API.

use super::*;

#[tokio::test]
async fn plan_shows_no_secret() {
    let provider = Provider::start([]).await;
    let [engine, _] = engines(&provider, |engine| engine);
    let plan = engine
        .plan_create_user(ID, ines(), Options::default())
        .await
        .unwrap();
    assert_eq!(
        plan.request.url,
        format!("http://{}/v1/agents", provider.address)
    );
    assert!(
        plan.request
            .headers
            .contains(&("authorization".to_owned(), "***".to_owned())),
        "{plan:?}"
    );
    assert!(!format!("{plan:?}").contains("the-token-of-dixa"));
    tokio::task::yield_now().await;
    assert_eq!(provider.received(), []);
}

#[tokio::test]
async fn caller_resumes_with_its_own_response() {
    let provider = Provider::start([]).await;
    let [engine, _] = engines(&provider, |engine| engine);
    let operation = || Operation::CreateUser(ines());
    let Step::Send(sending) = engine
        .start(ID, operation(), Options::default(), Begun::now())
        .await
    else {
        panic!("expected a request");
    };
    assert!(!String::from_utf8_lossy(&sending.context).contains("the-token-of-dixa"));
    assert_eq!(sending.plan.as_ref(), Some(&sending.request));
    assert_eq!(sending.safety, Safety::Once);
    let response = ProviderResponse {
        status: 201,
        headers: Vec::new(),
        body: CREATED.as_bytes().to_vec(),
    };
    let step = engine
        .resume(ID, sending.context.clone(), Ok(response.clone()))
        .await;
    let Step::Done(Ok(Response {
        body: Body::User(user),
        ..
    })) = step
    else {
        panic!("expected a user: {step:?}");
    };
    assert_eq!(user.id.as_deref(), Some("u1"));
    // A context is for its own account only.
    let other = "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35";
    let Step::Done(result) = engine.resume(other, sending.context, Ok(response)).await else {
        panic!("expected an error");
    };
    assert_eq!(
        code(&result),
        (ErrorCode::InvalidRequest, 400, Outcome::Unknown)
    );
    assert_eq!(provider.received(), []);
}

#[tokio::test]
async fn http_call_has_account_of_query() {
    let provider = Provider::start([response(201, CREATED)]).await;
    let [engine, _] = engines(&provider, |engine| engine);
    let request = |target: &str, body: &str| HttpRequest {
        method: "POST".to_owned(),
        target: target.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
    };
    let users = |id: &str| format!("/unified/ticketing/users?integrated_account_id={id}");
    let input = "{\"name\": \"Ines\", \"emails\": [{\"email\": \"ines@acme.example\"}]}";
    let response = engine
        .http(request(&users(&ID.to_uppercase()), input))
        .await;
    let body = String::from_utf8(response.body).unwrap();
    assert_eq!(response.status, 200, "{body}");
    assert!(body.contains("\"id\":\"u1\""), "{body}");

    let statuses = [
        (users("00000000-0000-4000-8000-000000000000"), 404),
        (users("acme"), 400),
        ("/unified/ticketing/users".to_owned(), 400),
        (users(ID), 400),
        ("/other".to_owned(), 404),
    ];
    for (target, status) in statuses {
        assert_eq!(
            engine.http(request(&target, "{}")).await.status,
            status,
            "{target}"
        );
    }
    assert_eq!(provider.received().len(), 1);
}

#[tokio::test]
async fn host_error_is_response() {
    let engine = Engine::builder()
        .accounts(Slow)
        .deadline(Duration::from_millis(1))
        .build()
        .unwrap();
    let target = format!("/unified/ticketing/users?integrated_account_id={ID}");
    let request = HttpRequest {
        method: "POST".to_owned(),
        target,
        headers: Vec::new(),
        body: b"{}".to_vec(),
    };
    let response = engine.http(request).await;
    let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(
        (response.status, &body["code"], &body["outcome"]),
        (504, &"deadline".into(), &"not-sent".into())
    );
    assert_eq!(body["error"], "Gateway Timeout");
}
