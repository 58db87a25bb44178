//! What the client makes of the provider's responses.

use super::*;

/// The result of one request, to which the server reacts with this act.
async fn one(act: Act) -> Result<ProviderResponse, ClientError> {
    one_of(&client(), act).await
}

async fn one_of(client: &Client, act: Act) -> Result<ProviderResponse, ClientError> {
    let provider = Provider::start([act]).await;
    let result = post(client, &provider.account().build().unwrap(), "{}").await;
    assert_eq!(provider.received().len(), 1);
    result
}

#[tokio::test]
async fn broken_connection_is_lost() {
    let say = |text: &str| Act::SayAndClose(text.to_owned());
    assert_eq!(lost(&one(Act::Close).await), Some(LostKind::Closed));
    assert_eq!(lost(&one(Act::Reset).await), Some(LostKind::Closed));
    assert_eq!(
        lost(&one(say("220 mail.example ESMTP\r\n\r\n")).await),
        Some(LostKind::NotHttp)
    );
}

#[tokio::test]
async fn truncated_response_keeps_its_status() {
    for (response, expected) in [
        ("200 OK\r\ncontent-length: 100\r\n\r\n{}", 200),
        ("201 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", 201),
        (
            "422 No\r\ntransfer-encoding: chunked\r\n\r\nno chunk\r\n",
            422,
        ),
    ] {
        let result = one(Act::SayAndClose(format!("HTTP/1.1 {response}"))).await;
        assert!(
            matches!(&result, Err(ClientError::ResponseTruncated(status, _)) if *status == expected),
            "{response}: {result:?}"
        );
    }
}

/// A head with this number of bytes, and of headers.
fn head(bytes: usize, headers: usize) -> String {
    let mut head = "HTTP/1.1 201 X\r\ncontent-length: 0\r\n".to_owned();
    head.push_str(&"x: y\r\n".repeat(headers - 2));
    let filled = head.len() + "z: \r\n\r\n".len();
    let last = "z".repeat(bytes - filled);
    head = format!("{head}z: {last}\r\n\r\n");
    assert_eq!(head.len(), bytes);
    head
}

#[tokio::test]
async fn oversized_headers_have_no_status() {
    const MAX: usize = 4096;
    for (limit, bytes, headers, fits) in [
        (128 << 10, 1000, 122, true),
        (128 << 10, 32 << 10, MAX, true),
        (128 << 10, 32 << 10, MAX + 1, false),
        (128 << 10, 128 << 10, 3, true),
        (128 << 10, 128 << 10, MAX, true),
        (128 << 10, (128 << 10) + 1, 3, false),
        (128 << 10, 1 << 20, 3, false),
        (MAX_HEADERS_SIZE, MAX_HEADERS_SIZE, 200, true),
        (MAX_HEADERS_SIZE, MAX_HEADERS_SIZE + 1, 200, false),
        (1 << 20, 1 << 20, 200, true),
        (1 << 20, (1 << 20) + 1, 200, false),
        // A smaller limit counts as 8 KiB.
        (1, 8 << 10, 3, true),
        (1, (8 << 10) + 1, 3, false),
    ] {
        let limits = ResponseLimits {
            headers: limit,
            body: MAX_BODY,
        };
        let client = Client::new(None, limits, None).unwrap();
        let result = one_of(&client, Act::SayAndClose(head(bytes, headers))).await;
        let name = format!("{headers} headers, {bytes} bytes of {limit}");
        if fits {
            let response = result.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(
                (response.status, response.headers.len()),
                (201, headers),
                "{name}"
            );
        } else {
            assert_eq!(result, Err(ClientError::ResponseTooLarge(None)), "{name}");
        }
    }
}

#[tokio::test]
async fn oversized_response_keeps_its_status() {
    let body = "x".repeat(MAX_BODY + 1);
    assert_eq!(
        one(response(201, &body)).await,
        Err(ClientError::ResponseTooLarge(Some(201)))
    );
    let chunked = format!(
        "HTTP/1.1 422 X\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    assert_eq!(
        one(Act::Say(chunked)).await,
        Err(ClientError::ResponseTooLarge(Some(422)))
    );
    let fits = "x".repeat(MAX_BODY);
    assert_eq!(
        one(response(200, &fits)).await.unwrap().body.len(),
        MAX_BODY
    );
}

#[tokio::test]
async fn redirect_is_a_response() {
    let found = "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(one(Act::Say(found.to_owned())).await.unwrap().status, 307);
}

#[tokio::test]
async fn secrets_are_redacted() {
    let echo = "HTTP/1.1 401 X\r\nx-echo: the-token-of-dixa!\r\ncontent-length: 27\r\n\r\n{\"sent\":\"the-token-of-dixa\"}";
    let response = one(Act::Say(echo.replace("27", "28"))).await.unwrap();
    assert_eq!(response.body, b"{\"sent\":\"***\"}");
    let header = |name: &str| {
        response
            .headers
            .iter()
            .find(|(key, _)| key == name)
            .unwrap()
            .1
            .as_str()
    };
    assert_eq!((header("x-echo"), header("content-length")), ("***!", "14"));
}
