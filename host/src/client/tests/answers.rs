//! What is made of what a provider says.

use super::*;

/// One request to a server that acts so.
async fn one(act: Act) -> Result<ProviderResponse, Failure> {
    one_of(&client(), act).await
}

async fn one_of(client: &Client, act: Act) -> Result<ProviderResponse, Failure> {
    let provider = Provider::start([act]).await;
    let result = post(client, &provider.account().build().unwrap(), "{}").await;
    assert_eq!(provider.received().len(), 1);
    result
}

#[tokio::test]
async fn a_broken_connection_is_lost_however_it_breaks() {
    let say = |text: &str| Act::SayAndClose(text.to_owned());
    assert_eq!(lost(&one(Act::Close).await), Some(Break::Terminated));
    assert_eq!(lost(&one(Act::Reset).await), Some(Break::Terminated));
    assert_eq!(
        lost(&one(say("220 mail.example ESMTP\r\n\r\n")).await),
        Some(Break::Protocol)
    );
}

#[tokio::test]
async fn an_answer_that_is_not_whole_keeps_its_status() {
    for (answer, expected) in [
        ("200 OK\r\ncontent-length: 100\r\n\r\n{}", 200),
        ("201 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", 201),
        (
            "422 No\r\ntransfer-encoding: chunked\r\n\r\nno chunk\r\n",
            422,
        ),
    ] {
        let result = one(Act::SayAndClose(format!("HTTP/1.1 {answer}"))).await;
        assert!(
            matches!(&result, Err(Failure::Cut(status, _)) if *status == expected),
            "{answer}: {result:?}"
        );
    }
}

/// A head of so many bytes, in so many headers.
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
async fn head_within_the_limits_is_read_and_one_beyond_has_no_status() {
    const MOST: usize = 4096;
    for (limit, bytes, headers, fits) in [
        (128 << 10, 1000, 122, true),
        (128 << 10, 32 << 10, MOST, true),
        (128 << 10, 32 << 10, MOST + 1, false),
        (128 << 10, 128 << 10, 3, true),
        (128 << 10, 128 << 10, MOST, true),
        (128 << 10, (128 << 10) + 1, 3, false),
        (128 << 10, 1 << 20, 3, false),
        (LARGEST_HEAD, LARGEST_HEAD, 200, true),
        (LARGEST_HEAD, LARGEST_HEAD + 1, 200, false),
        (1 << 20, 1 << 20, 200, true),
        (1 << 20, (1 << 20) + 1, 200, false),
        // Less than 8 KiB is taken for 8 KiB.
        (1, 8 << 10, 3, true),
        (1, (8 << 10) + 1, 3, false),
    ] {
        let largest = LargestAnswer {
            head: limit,
            body: LARGEST,
        };
        let client = Client::new(None, largest).unwrap();
        let result = one_of(&client, Act::SayAndClose(head(bytes, headers))).await;
        let name = format!("{headers} headers, {bytes} bytes of {limit}");
        if fits {
            let answer = result.unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
            assert_eq!(
                (answer.status, answer.headers.len()),
                (201, headers),
                "{name}"
            );
        } else {
            assert_eq!(result, Err(Failure::ResponseTooLarge(None)), "{name}");
        }
    }
}

#[tokio::test]
async fn an_answer_over_the_limit_keeps_its_status() {
    let body = "x".repeat(LARGEST + 1);
    assert_eq!(
        one(answer(201, &body)).await,
        Err(Failure::ResponseTooLarge(Some(201)))
    );
    let chunked = format!(
        "HTTP/1.1 422 X\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    assert_eq!(
        one(Act::Say(chunked)).await,
        Err(Failure::ResponseTooLarge(Some(422)))
    );
    let fits = "x".repeat(LARGEST);
    assert_eq!(one(answer(200, &fits)).await.unwrap().body.len(), LARGEST);
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let found = "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(one(Act::Say(found.to_owned())).await.unwrap().status, 307);
}

#[tokio::test]
async fn secrets_do_not_come_back() {
    let echo = "HTTP/1.1 401 X\r\nx-echo: the-token-of-dixa!\r\ncontent-length: 27\r\n\r\n{\"sent\":\"the-token-of-dixa\"}";
    let answer = one(Act::Say(echo.replace("27", "28"))).await.unwrap();
    assert_eq!(answer.body, b"{\"sent\":\"***\"}");
    let header = |name: &str| {
        answer
            .headers
            .iter()
            .find(|(key, _)| key == name)
            .unwrap()
            .1
            .as_str()
    };
    assert_eq!((header("x-echo"), header("content-length")), ("***!", "14"));
}
