//! Connections: how they are made, kept, and given up.

use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::{
    Connect, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts,
};
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, TargetSessionAttrs};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::StoreError;
use crate::client::tls;

/// The connections of a process, at most. A call holds one for a statement or two; more of them share a flush of the server's log,
/// and 100 is what a server allows by default, to all.
pub(super) const MAX_CONNECTIONS: usize = 16;

/// How long a connection of the pool is waited for.
pub(super) const WAIT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long each host of the URL may take to connect to, unless the URL says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the server lets a statement take, and the locks that it waits for: as long as a lock of SQLite is waited for.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the server's answer is waited for, after which it counts as gone: longer than the server itself lets a statement take,
/// and long enough for the largest record on a slow line.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// When an idle connection is asked whether it is still there: before firewalls forget it.
const KEEPALIVE_IDLE: Duration = Duration::from_mins(1);

/// What holds for every statement of a connection: an answer means that what was written is on the disk; a transaction that waits
/// for a process that has stopped is rolled back; `INSERT … ON CONFLICT` and locks see what others have committed meanwhile.
fn settings() -> String {
    let timeout = STATEMENT_TIMEOUT.as_millis();
    format!(
        "SET synchronous_commit = on; \
         SET default_transaction_isolation = 'read committed'; \
         SET statement_timeout = {timeout}; \
         SET idle_in_transaction_session_timeout = {timeout}"
    )
}

/// Makes the pool. No connection is made yet.
pub(super) fn pool(
    mut config: Config,
    root_certificates: Option<&[u8]>,
) -> Result<Pool, StoreError> {
    let defaults = Config::new();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_keepalives_idle() == defaults.get_keepalives_idle() {
        config.keepalives_idle(KEEPALIVE_IDLE);
    }
    if config.get_application_name().is_none() {
        config.application_name("unified-ticketing");
    }
    // Of several hosts, the one that is not a standby.
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);

    let each = config
        .get_connect_timeout()
        .copied()
        .unwrap_or(CONNECT_TIMEOUT);
    let hosts = config
        .get_hosts()
        .len()
        .max(config.get_hostaddrs().len())
        .max(1);
    let timeouts = Timeouts {
        wait: Some(WAIT_TIMEOUT),
        create: Some(each.saturating_mul(u32::try_from(hosts).unwrap_or(u32::MAX))),
        recycle: None,
    };
    let recycling_method = RecyclingMethod::Fast;
    let connector = Connector {
        tls: MakeRustlsConnect::new(tls_config(root_certificates)?),
    };
    let manager = Manager::from_connect(config, connector, ManagerConfig { recycling_method });
    Pool::builder(manager)
        .max_size(MAX_CONNECTIONS)
        .timeouts(timeouts)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| StoreError::unavailable(error.to_string()))
}

/// As of every connection to a provider.
fn tls_config(root_certificates: Option<&[u8]>) -> Result<rustls::ClientConfig, StoreError> {
    let mut config =
        tls(root_certificates).map_err(|error| StoreError::unavailable(error.to_string()))?;
    // For `sslnegotiation=direct` (<https://www.postgresql.org/docs/17/protocol-flow.html#PROTOCOL-FLOW-SSL>).
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

/// Whether this names a host at all: the client has no default.
pub(super) fn has_host(config: &Config) -> bool {
    let hosts = config.get_hosts().iter();
    let named = hosts.filter(|host| !matches!(host, Host::Tcp(name) if name.is_empty()));
    named.count() + config.get_hostaddrs().len() > 0
}

struct Connector {
    tls: MakeRustlsConnect,
}

impl Connect for Connector {
    fn connect(
        &self,
        config: &Config,
    ) -> Pin<
        Box<
            dyn Future<Output = Result<(Client, JoinHandle<()>), tokio_postgres::Error>>
                + Send
                + '_,
        >,
    > {
        let (tls, config) = (self.tls.clone(), config.clone());
        Box::pin(async move {
            let (client, connection) = config.connect(tls).await?;
            // The statement that fails with the connection says why.
            let task = tokio::spawn(async move { drop(connection.await) });
            client.batch_execute(&settings()).await?;
            Ok((client, task))
        })
    }
}
