//! The provider, and the call that everything is measured with: a typical creation in Dixa.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use crate::process;
use crate::tls::Root;

/// The account's id.
pub(crate) const ACCOUNT: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";

/// What a client sends, but for its address: the beginning and the end.
pub(crate) const BODY: (&str, &str) = (
    r#"{"name":"Ines Halvorsen","first_name":"Ines","last_name":"Halvorsen","emails":[{"email":"ines."#,
    r#"@kelpworks.example","type":"primary"},{"email":"ines@kelpworks.example","type":"other"}],"avatar":"https://img.kelpworks.example/ines.png"}"#,
);

/// What Dixa responds.
pub(crate) const RESPONSE: &str = r#"{"data":{"id":"7f1b9c7e-3d0a-4a57-8f5a-0b3b6b1c2d3e","createdAt":"2026-03-14T09:26:53.589Z","displayName":"Ines Halvorsen","email":"ines.halvorsen@kelpworks.example","avatarUrl":"https://img.kelpworks.example/ines.png","additionalEmails":["ines@kelpworks.example"],"additionalPhoneNumbers":[],"firstName":"Ines","lastName":"Halvorsen","middleNames":[],"roles":[{"id":"agent","name":"Agent"}],"userType":"Internal","_type":"Agent"}}"#;

/// Serves until standard input ends.
pub(crate) fn serve(wait: u64, tls: Option<&Path>) -> Result<()> {
    process::served(async move {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let acceptor = match tls {
            Some(file) => {
                let root = Root::new()?;
                std::fs::write(file, root.pem())
                    .context("the root certificate cannot be written")?;
                Some(root.acceptor("127.0.0.1")?)
            }
            None => None,
        };
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        process::listening(&format!("{scheme}://{}", listener.local_addr()?));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                match acceptor {
                    None => connection(stream, wait).await,
                    Some(acceptor) => {
                        if let Ok(secure) = acceptor.accept(stream).await {
                            connection(secure, wait).await;
                        }
                    }
                }
            });
        }
    })
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, wait: u64) {
    let respond = move |request: Request<Incoming>| async move {
        // What is not read would be in the way of the next request.
        let _ = request.into_body().collect().await;
        if wait > 0 {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        let mut response = Response::new(Full::new(Bytes::from_static(RESPONSE.as_bytes())));
        *response.status_mut() = http::StatusCode::CREATED;
        let json = http::HeaderValue::from_static("application/json");
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, json);
        Ok::<_, Infallible>(response)
    };
    // A client that leaves is no error here.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service_fn(respond))
        .await;
}
