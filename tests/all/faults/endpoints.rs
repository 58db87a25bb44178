//! The accounts of a row: the simulator, and endpoints that no request reaches.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use super::rows::Endpoint;
use super::tls::proxy;
use crate::serve::Simulators;
use crate::tls::Root;

/// An account for each endpoint, and what is at their other ends.
pub struct Endpoints {
    /// The accounts file.
    pub accounts: String,
    /// The certificate of the root that is trusted.
    pub root: String,
    /// Accepts connections and sends nothing.
    _silent: TcpListener,
    /// Reserves a port without a listener.
    _closed: TcpSocket,
}

impl Endpoints {
    /// Those of an integration, whose simulator has this address.
    pub async fn start(simulators: &Simulators, integration: &str, simulator: SocketAddr) -> Self {
        let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        // Bound, and not listening: no other process gets the port, and connections are refused.
        let closed = TcpSocket::new_v4().expect("a socket");
        let any_port = ([127, 0, 0, 1], 0).into();
        closed.bind(any_port).expect("a port");
        let closed_address = closed.local_addr().expect("its address");

        let root = || Root::new().expect("a root");
        let (root, other) = (root(), root());
        let mut accounts = String::new();
        for endpoint in Endpoint::ALL {
            let origin = match endpoint {
                Endpoint::Plain => format!("http://{simulator}"),
                Endpoint::Tls => format!("https://{}", proxy(&root, "127.0.0.1", simulator).await),
                Endpoint::WrongName => {
                    format!("https://{}", proxy(&root, "example.com", simulator).await)
                }
                Endpoint::UnknownRoot => {
                    format!("https://{}", proxy(&other, "127.0.0.1", simulator).await)
                }
                Endpoint::NoTls => format!("https://{simulator}"),
                Endpoint::Mute => format!("https://{}", silent.local_addr().expect("its address")),
                Endpoint::Refused => format!("http://{closed_address}"),
                // A label has at most 63 characters (RFC 1035), so no name server is asked.
                Endpoint::Unresolvable => format!("http://{}.example", "x".repeat(64)),
            };
            accounts.push_str(&account(simulators, integration, endpoint, &origin));
        }
        Self {
            accounts,
            root: root.pem(),
            _silent: silent,
            _closed: closed,
        }
    }
}

/// The account of an integration in the sandbox's file, with another id and origin.
fn account(simulators: &Simulators, integration: &str, endpoint: Endpoint, origin: &str) -> String {
    let file: toml::Table = simulators.accounts.parse().expect("TOML");
    let accounts = file["account"].as_array().expect("accounts");
    let account = accounts
        .iter()
        .find(|account| account["integration"].as_str() == Some(integration));
    let mut account = account
        .expect(integration)
        .as_table()
        .expect("a table")
        .clone();
    let base_url = account["base_url"].as_str().expect("a URL");
    let base_url = base_url.replace(&format!("http://{}", simulators.address), origin);
    account.insert("id".to_owned(), endpoint.id().into());
    account.insert("name".to_owned(), endpoint.name().into());
    account.insert("base_url".to_owned(), base_url.into());
    let mut file = toml::Table::new();
    file.insert("account".to_owned(), vec![account].into());
    file.to_string()
}
