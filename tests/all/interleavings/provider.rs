//! The provider: Dixa's agents, one connection for each request. A creation waits for what the script makes of it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

use super::history::{History, State, User};
use super::memory::Memory;
use super::world::Process;
use super::{Fate, Loss};
use crate::provider::{Received, read_request};

/// Clones share everything.
#[derive(Clone)]
pub(super) struct Provider {
    state: Arc<Mutex<Inner>>,
    /// Changes with everything that happens.
    changed: watch::Sender<u64>,
    pub(super) store: Memory,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) history: History,
    /// The creations that wait.
    pub(super) pending: Vec<Pending>,
}

/// A creation that waits.
pub(super) struct Pending {
    pub(super) creation: usize,
    pub(super) decide: oneshot::Sender<Fate>,
}

impl Provider {
    pub(super) fn new(store: Memory) -> Self {
        Self {
            state: Arc::default(),
            changed: watch::Sender::new(0),
            store,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().expect("no panic inside")
    }

    /// Notes that something has happened.
    pub(super) fn notify(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Listens for the requests of a call. Returns the origin to reach it by.
    pub(super) async fn listen(&self, call: usize, process: Arc<Process>) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let provider = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (provider, process) = (provider.clone(), Arc::clone(&process));
                tokio::spawn(async move { provider.serve(stream, call, &process).await });
            }
        });
        format!("http://{address}")
    }

    async fn serve(&self, mut stream: TcpStream, call: usize, process: &Process) {
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        // A process that has ended sends nothing.
        if !process.is_alive() {
            return;
        }
        let response = if request.method == "POST" {
            self.create(&request, call, &mut stream).await
        } else {
            Some(self.list(&request))
        };
        let Some((status, body, length)) = response else {
            return;
        };
        let head = format!(
            "HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        // A client that has left needs no response.
        let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    /// The agents with the address that the query asks for.
    fn list(&self, request: &Received) -> (u16, String, usize) {
        let query = request
            .target
            .split_once('?')
            .map_or("", |(_, query)| query);
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        let email = parameters.find(|(name, _)| name == "email");
        let (_, email) = email.expect("a look-up");
        let inner = self.lock();
        let users = inner.history.users.iter();
        let users = users.filter(|user| user.address == email).map(agent);
        let body = json!({"data": users.collect::<Vec<_>>(), "meta": {}}).to_string();
        let length = body.len();
        (200, body, length)
    }

    /// Status, body and length of the response to a creation, if there is one.
    async fn create(
        &self,
        request: &Received,
        call: usize,
        stream: &mut TcpStream,
    ) -> Option<(u16, String, usize)> {
        let body: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
        let address = body["email"].as_str().expect("an address").to_owned();
        let (decide, decided) = oneshot::channel();
        let creation = {
            let mut inner = self.lock();
            let creation = inner.history.arrive(call, self.store.now());
            inner.pending.push(Pending { creation, decide });
            creation
        };
        self.notify();
        let fate = decided.await.ok()?;
        let response = self.decide(creation, address, fate);
        self.notify();
        match (fate, response) {
            (Fate::CreateAnd(Loss::Closed) | Fate::Close, _) => None,
            (Fate::CreateAnd(Loss::Silence), _) => {
                // Until the client closes the connection.
                let _ = stream.read(&mut [0]).await;
                None
            }
            (Fate::CreateAnd(Loss::Truncated), (status, body)) => {
                let length = body.len() + 1;
                Some((status, body, length))
            }
            (_, (status, body)) => {
                let length = body.len();
                Some((status, body, length))
            }
        }
    }

    /// Does with a creation what was decided. Returns status and body of the response.
    fn decide(&self, creation: usize, address: String, fate: Fate) -> (u16, String) {
        let mut inner = self.lock();
        let history = &mut inner.history;
        let at = history.tick();
        let (state, response) = match fate {
            Fate::Create | Fate::CreateAnd(_) => {
                let user = User {
                    id: format!("a{}", history.users.len()),
                    address,
                    created: self.store.now(),
                };
                let body = json!({"data": agent(&user)}).to_string();
                let id = user.id.clone();
                history.users.push(user);
                let response = match fate {
                    Fate::CreateAnd(Loss::Failed) => (500, "{}".to_owned()),
                    _ => (201, body),
                };
                (State::Created(id), response)
            }
            Fate::Close | Fate::Fail => (State::Nothing, (500, "{}".to_owned())),
            Fate::Reject => (State::Rejected(at), (422, "{}".to_owned())),
        };
        history.creations[creation].state = state;
        response
    }
}

fn agent(user: &User) -> serde_json::Value {
    let created: SystemTime = user.created;
    json!({
        "id": user.id,
        "email": user.address,
        "displayName": "Ines",
        "createdAt": humantime::format_rfc3339_seconds(created).to_string(),
    })
}
