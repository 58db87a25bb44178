//! The servers that are compared.

use std::convert::Infallible;
use std::path::Path;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use clap::ValueEnum;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use unified_ticketing::server::Server;
use unified_ticketing::store::{Secret, Sqlite};
use unified_ticketing::{Account, Engine, MemoryAccounts, Sender};

use crate::native::Core;
use crate::process;
use crate::provider::ACCOUNT;

/// What a request goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Nothing: it is passed on.
    Bare,
    /// The core, in process.
    Native,
    /// The component, host-driven.
    Host,
    /// The component, component-driven.
    Component,
}

/// Serves until standard input ends, and then says how many instances were made.
pub(crate) fn serve(
    kind: Kind,
    provider: &str,
    reuse: u32,
    root: Option<&Path>,
    store: Option<&Path>,
) -> Result<()> {
    let builder = Engine::builder();
    let mut builder = match kind {
        Kind::Bare => return bare(provider),
        Kind::Native => builder.native(Core),
        Kind::Host => builder.sender(Sender::Host),
        Kind::Component => builder.sender(Sender::Component),
    }
    .accounts(accounts(provider)?)
    .reuse(reuse);
    if let Some(root) = root {
        builder = builder.root_certificates(std::fs::read(root)?);
    }
    if let Some(path) = store {
        let secret = Secret::create_beside(path)?;
        builder = builder.store(Sqlite::open(path, &secret)?, secret);
    }
    let engine = builder.build()?;
    let counted = engine.clone();
    process::served(async move {
        let server = Server::builder(engine).max_in_flight(4096);
        let server = server.bind(([127, 0, 0, 1], 0).into()).await?;
        process::listening(&format!("http://{}", server.address()));
        server.serve(std::future::pending()).await;
        Ok(())
    })?;
    println!("{}", counted.instances());
    Ok(())
}

/// The one account, at this provider.
pub(crate) fn accounts(provider: &str) -> Result<MemoryAccounts> {
    let account = Account::builder(ACCOUNT, "dixa")
        .base_url(format!("{provider}/v1"))
        .credential("api_token", "a-token-for-the-benchmark")
        .build()?;
    Ok([account].into_iter().collect())
}

fn bare(provider: &str) -> Result<()> {
    let target: Uri = format!("{provider}/v1/agents").parse()?;
    process::served(async move {
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        process::listening(&format!("http://{}", listener.local_addr()?));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (client, target) = (client.clone(), target.clone());
            let pass_on = service_fn(move |request: Request<Incoming>| {
                let (client, target) = (client.clone(), target.clone());
                async move {
                    let response = passed_on(&client, target, request).await;
                    Ok::<_, Infallible>(response.unwrap_or_else(|_| {
                        let mut failed = Response::new(Full::default());
                        *failed.status_mut() = http::StatusCode::BAD_GATEWAY;
                        failed
                    }))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), pass_on));
        }
    })
}

async fn passed_on(
    client: &Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
    target: Uri,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>> {
    let body = request.into_body().collect().await?.to_bytes();
    let request = Request::post(target)
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Full::new(body))?;
    let (head, body) = client.request(request).await?.into_parts();
    let body = body.collect().await.context("a whole response")?.to_bytes();
    Ok(Response::from_parts(head, Full::new(body)))
}
