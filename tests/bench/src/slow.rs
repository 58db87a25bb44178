//! A thousand calls in flight to a provider that takes two seconds.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::load::target;
use crate::process::Process;
use crate::provider::BODY;

pub(crate) const CALLS: usize = 1_000;

/// What the server had resident while all calls were in flight, in bytes, and how many succeeded.
pub(crate) fn run(sender: &str) -> Result<(u64, usize)> {
    let provider = Process::part(&["provider", "--wait", "2000"])?;
    let server = Process::part(&["server", sender, "--provider", &provider.url])?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let address = server.url.trim_start_matches("http://").to_owned();
        let target = target("");
        let calls: Vec<_> = (0..CALLS)
            .map(|number| tokio::spawn(call(address.clone(), target.clone(), number)))
            .collect();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let resident = server.resident()?;
        let mut succeeded = 0;
        for call in calls {
            succeeded += usize::from(call.await?.is_ok());
        }
        Ok((resident, succeeded))
    })
}

async fn call(address: String, target: String, number: usize) -> Result<()> {
    let mut stream = TcpStream::connect(&address).await?;
    let (begin, end) = BODY;
    let body = format!("{begin}{number}{end}");
    let request = format!(
        "POST {target} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    let good = response.starts_with("HTTP/1.1 200 ") && response.ends_with('}');
    good.then_some(()).context("a good response")
}
