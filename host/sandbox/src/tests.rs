//! The simulators over loopback, with a client that reads raw bytes.

mod control;
mod faults;
mod lists;
mod reads;
mod shapes;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{SIMULATORS, Sandbox};

/// A sandbox that serves until it is dropped.
struct TestSandbox {
    address: SocketAddr,
    accounts: String,
    _runtime: Runtime,
}

/// Status, headers and JSON of an ordinary response.
type Received = (u16, String, Value);

impl TestSandbox {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime
            .block_on(Sandbox::bind((Ipv4Addr::LOCALHOST, 0).into()))
            .unwrap();
        let (address, accounts) = (sandbox.address(), sandbox.accounts_file());
        runtime.spawn(sandbox.serve(std::future::pending()));
        Self {
            address,
            accounts,
            _runtime: runtime,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream
    }

    /// Sends a request on its own connection. Returns all bytes of the response, and how the
    /// connection ended.
    fn exchange(&self, line: &str, headers: &str, body: &str) -> (String, Option<ErrorKind>) {
        let mut stream = self.connect();
        let (host, length) = (self.address, body.len());
        let fixed = format!("host: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n");
        let request = format!("{line} HTTP/1.1\r\n{fixed}{headers}\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = Vec::new();
        let end = stream
            .read_to_end(&mut response)
            .err()
            .map(|error| error.kind());
        (String::from_utf8(response).unwrap(), end)
    }

    fn send(&self, line: &str, headers: &str, body: &Value) -> Received {
        let headers = format!("{headers}content-type: application/json\r\n");
        let (response, end) = self.exchange(line, &headers, &body.to_string());
        assert_eq!(end, None);
        let (headers, body) = response.split_once("\r\n\r\n").unwrap();
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        let body = if body.is_empty() {
            assert!(!headers.contains("content-"), "{headers}");
            Value::Null
        } else {
            serde_json::from_str(body).unwrap()
        };
        (status, headers.to_owned(), body)
    }

    /// Sends a control request that must succeed.
    fn control(&self, line: &str, body: &Value) -> Value {
        let (status, _, response) = self.send(&line.replace(' ', " /_sandbox/"), "", body);
        assert_eq!(status, 200, "{response}");
        response
    }
}

/// The requests and responses of a provider, for the checks that every provider must pass.
#[derive(Deserialize)]
struct Provider {
    name: String,
    /// The header that authenticates.
    key: String,
    create: String,
    body: Value,
    /// Status of a create, and of a create with an unknown member.
    created: (u16, u16),
    /// Status and a part of the body.
    bad_key: (u16, String),
    duplicate: (u16, String),
    unknown_id: (u16, String),
    /// The path of a user and the method that changes it, a change, its status.
    user: String,
    method: String,
    change: Value,
    changed: u16,
    /// A pointer to the array in a list, whose path is that of a create; the list with an address
    /// and the parameter for the size of a page, where there are such; status and body of a delete.
    users: String,
    find: Option<String>,
    page: Option<String>,
    deleted: (u16, Value),
    /// Pointers to the id in a response and to the address in the body of a create; a pointer and
    /// its value in a changed user.
    id: String,
    email: String,
    new: (String, Value),
}

/// Every provider. Keys in `Basic` form are encoded by hand, to check `base64`.
fn providers() -> Vec<Provider> {
    serde_json::from_value(json!([
        {
            "name": "dixa", "key": "authorization: sandbox-dixa-token",
            "create": "/dixa/v1/agents", "created": [201, 201],
            "body": { "displayName": "Ines Halvorsen", "email": "ines@kelpworks.example" },
            "bad_key": [401, "{\"message\":"], "duplicate": [400, "already taken"], "unknown_id": [404, "{\"message\":"],
            "user": "/dixa/v1/agents/{id}", "method": "PATCH", "change": { "lastName": "Aas" }, "changed": 200,
            "users": "/data", "find": "/dixa/v1/agents?email={}", "page": "pageLimit", "deleted": [204, null],
            "id": "/data/id", "email": "/email", "new": ["/data/lastName", "Aas"],
        },
        {
            "name": "gorgias", "key": "authorization: Basic b3BzQGFjbWUuZXhhbXBsZTpzYW5kYm94LWdvcmdpYXMta2V5",
            "create": "/gorgias/api/users", "created": [201, 400],
            "body": { "name": "Tomas Okafor", "email": "tomas@kelpworks.example", "role": { "name": "agent" } },
            "bad_key": [401, "{\"error\":{\"msg\":"], "duplicate": [409, "already exists"], "unknown_id": [404, "{\"error\":{\"msg\":"],
            "user": "/gorgias/api/users/{id}", "method": "PUT", "change": { "name": "Tomas Eze Okafor" }, "changed": 202,
            "users": "/data", "find": "/gorgias/api/users?email={}", "page": "limit", "deleted": [204, null],
            "id": "/id", "email": "/email", "new": ["/lastname", "Okafor"],
        },
        {
            "name": "hive", "key": "api_key: sandbox-hive-key",
            "create": "/hive/api/v1/workspaces/Wk4SpAcE8mRn2TjLq/users?user_id=Ow7nErKq3ZtYb5VdX", "created": [200, 200],
            "body": { "fullName": "Priya Lind", "email": "priya@kelpworks.example" },
            "bad_key": [400, "Invalid API Key."], "duplicate": [400, "already a member"], "unknown_id": [400, "User not found"],
            "user": "/hive/api/v1/users/{id}?user_id=Ow7nErKq3ZtYb5VdX", "method": "PUT",
            "change": { "profile": { "lastName": "Okoye" } }, "changed": 200,
            "users": "", "find": "/hive/api/v1/users?user_id=Ow7nErKq3ZtYb5VdX&email={}", "page": null, "deleted": [204, null],
            "id": "/id", "email": "/email", "new": ["/fullName", "Priya Okoye"],
        },
        {
            "name": "pivotal_tracker", "key": "x-trackertoken: 5a6d6b0c1f2e4d3897a8b9c0d1e2f304",
            "create": "/pivotal_tracker/services/v5/projects/1/memberships", "created": [200, 400],
            "body": { "name": "Ines Duarte", "email": "ines@example.org" },
            "bad_key": [403, "invalid_authentication"], "duplicate": [400, "already a project member"], "unknown_id": [404, "unfound_resource"],
            "user": "/pivotal_tracker/services/v5/projects/1/memberships/{id}", "method": "PUT",
            "change": { "role": "viewer" }, "changed": 200,
            "users": "", "find": null, "page": null, "deleted": [204, null],
            "id": "/id", "email": "/email", "new": ["/role", "viewer"],
        },
        {
            "name": "planhat", "key": "authorization: Bearer sandbox-planhat-token",
            "create": "/planhat/users", "created": [200, 200],
            "body": { "firstName": "Tariq", "lastName": "Osei", "nickName": "T", "email": "tariq@example.net", "roles": ["000000020000000000000000"] },
            "bad_key": [401, "{\"message\":"], "duplicate": [400, "in use"], "unknown_id": [404, "{\"message\":"],
            "user": "/planhat/users/{id}", "method": "PUT", "change": { "lastName": "Osei-Bonsu" }, "changed": 200,
            "users": "", "find": "/planhat/users?email={}", "page": "limit", "deleted": [200, { "deletedCount": 1 }],
            "id": "/_id", "email": "/email", "new": ["/lastName", "Osei-Bonsu"],
        },
        {
            "name": "teamwork", "key": "authorization: Basic c2FuZGJveC10ZWFtd29yay1rZXk6eA==",
            "create": "/teamwork/people.json", "created": [201, 201],
            "body": { "person": { "first-name": "Maren", "last-name": "Solheim", "email-address": "maren@example.com" } },
            "bad_key": [401, "\"STATUS\":\"Error\""], "duplicate": [400, "already in use"], "unknown_id": [404, "\"STATUS\":\"Error\""],
            "user": "/teamwork/people/{id}.json", "method": "PUT", "change": { "person": { "last-name": "Aas" } }, "changed": 200,
            "users": "/people", "find": "/teamwork/people.json?emailaddress={}", "page": "pageSize", "deleted": [200, { "STATUS": "OK" }],
            "id": "/id", "email": "/person/email-address", "new": ["/person/last-name", "Aas"],
        },
    ]))
    .unwrap()
}

impl Provider {
    fn named(name: &str) -> Self {
        providers()
            .into_iter()
            .find(|provider| provider.name == name)
            .unwrap()
    }

    fn key(&self) -> String {
        format!("{}\r\n", self.key)
    }

    fn create(&self, sandbox: &TestSandbox, body: &Value) -> Received {
        sandbox.send(&format!("POST {}", self.create), &self.key(), body)
    }

    fn on_user(&self, sandbox: &TestSandbox, method: &str, id: &Value, body: &Value) -> Received {
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let line = format!("{method} {}", self.user.replace("{id}", &id));
        sandbox.send(&line, &self.key(), body)
    }

    fn delete(&self, sandbox: &TestSandbox, id: &Value) -> Received {
        if self.name == "hive" {
            let line = format!("DELETE {}", self.create);
            return sandbox.send(&line, &self.key(), &json!({ "userId": id }));
        }
        self.on_user(sandbox, "DELETE", id, &json!({}))
    }

    /// The users of a list, whose path may be that of a filtered one or of a page.
    fn list(&self, sandbox: &TestSandbox, path: &str) -> Vec<Value> {
        let (status, _, list) = sandbox.send(&format!("GET {path}"), &self.key(), &json!({}));
        assert_eq!(status, 200, "{path}: {list}");
        list.pointer(&self.users)
            .unwrap()
            .as_array()
            .unwrap()
            .clone()
    }

    /// Creates users with these addresses. Returns their ids.
    fn fill(&self, sandbox: &TestSandbox, addresses: &[&str]) -> Vec<Value> {
        let create = |address: &&str| {
            let (_, _, user) = self.create(sandbox, &self.body(*address));
            user.pointer(&self.id).unwrap().clone()
        };
        addresses.iter().map(create).collect()
    }

    /// The ids of users in a list, where no envelope is around each.
    fn ids(&self, users: &[Value]) -> Vec<Value> {
        let id = self.id.rsplit('/').next().unwrap();
        users.iter().map(|user| user[id].clone()).collect()
    }

    /// The body of a create with this address.
    fn body(&self, address: impl Into<Value>) -> Value {
        let mut body = self.body.clone();
        *body.pointer_mut(&self.email).unwrap() = address.into();
        body
    }
}

#[test]
fn every_simulator_has_its_provider() {
    let names = SIMULATORS
        .iter()
        .map(|simulator| simulator.account.integration);
    let tested: Vec<String> = providers()
        .into_iter()
        .map(|provider| provider.name)
        .collect();
    assert_eq!(tested, names.collect::<Vec<_>>());
}

#[test]
fn every_provider_stores_creates_and_updates() {
    let sandbox = TestSandbox::new();
    for provider in providers() {
        let name = &provider.name;
        let (status, _, user) = provider.create(&sandbox, &provider.body);
        assert_eq!(status, provider.created.0, "{name}: {user}");
        let id = user.pointer(&provider.id).unwrap();
        let (method, change) = (&provider.method, &provider.change);
        let (status, _, response) = provider.on_user(&sandbox, method, id, change);
        assert_eq!(status, provider.changed, "{name}: {response}");
        let (status, _, user) = provider.on_user(&sandbox, "GET", id, &json!({}));
        let (path, value) = &provider.new;
        assert_eq!(
            (status, user.pointer(path)),
            (200, Some(value)),
            "{name}: {user}"
        );
        let count = sandbox.control(&format!("GET count?integration={name}"), &json!({}));
        assert_eq!(
            (&count["requests"], &count["users"]),
            (&json!(3), &json!(1))
        );
    }
}

#[test]
fn deleted_user_is_unknown() {
    let sandbox = TestSandbox::new();
    for provider in providers() {
        let name = &provider.name;
        let ids = provider.fill(&sandbox, &["a@example.org", "b@example.org"]);
        let (status, _, body) = provider.delete(&sandbox, &ids[0]);
        assert_eq!((status, body), provider.deleted, "{name}");
        let (expected, part) = &provider.unknown_id;
        for (status, _, response) in [
            provider.delete(&sandbox, &ids[0]),
            provider.on_user(&sandbox, "GET", &ids[0], &json!({})),
            provider.on_user(&sandbox, &provider.method, &ids[0], &provider.change),
        ] {
            assert_eq!(status, *expected, "{name}: {response}");
            assert!(response.to_string().contains(part), "{name}: {response}");
        }
        let again = provider.fill(&sandbox, &["a@example.org"]);
        let listed = provider.list(&sandbox, &provider.create);
        let expected = [ids[1].clone(), again[0].clone()];
        assert_eq!(provider.ids(&listed), expected, "{name}");
        assert!(!ids.contains(&again[0]), "{name}");
    }
}

#[test]
fn every_provider_rejects_invalid_requests() {
    let sandbox = TestSandbox::new();
    for provider in providers() {
        let (name, body) = (&provider.name, &provider.body);
        let rejected = |(status, _, response): Received, (expected, part): &(u16, String)| {
            let matches = status == *expected && response.to_string().contains(part);
            assert!(matches, "{name}: {status} {response}");
        };
        let line = format!("POST {}", provider.create);
        let key = provider.key();
        for wrong in ["", &key.replace("\r\n", "0\r\n"), &format!("{key}{key}")] {
            rejected(sandbox.send(&line, wrong, body), &provider.bad_key);
        }
        assert_eq!(provider.create(&sandbox, body).0, provider.created.0);
        let address = body.pointer(&provider.email).unwrap().as_str().unwrap();
        let again = provider.body(address.to_uppercase());
        rejected(provider.create(&sandbox, &again), &provider.duplicate);
        let unknown_id = json!(if name == "dixa" {
            "00000000-0000-4000-8000-000000000000"
        } else {
            "7"
        });
        let unknown = provider.on_user(&sandbox, &provider.method, &unknown_id, &provider.change);
        rejected(unknown, &provider.unknown_id);

        let mut surplus = provider.body("other@kelpworks.example");
        let inner = surplus.pointer_mut(if name == "teamwork" { "/person" } else { "" });
        inner.unwrap()["shoe_size"] = json!(41);
        assert_eq!(
            provider.create(&sandbox, &surplus).0,
            provider.created.1,
            "{name}"
        );
        for wrong in [json!("no address"), json!(7), json!(" "), json!(null)] {
            let (status, _, response) = provider.create(&sandbox, &provider.body(wrong));
            assert_eq!(status, 400, "{name}: {response}");
        }
        let unreadable = if name == "teamwork" { 422 } else { 400 };
        assert_eq!(
            provider.create(&sandbox, &json!([])).0,
            unreadable,
            "{name}"
        );
        assert_eq!(
            provider.create(&sandbox, &json!({})).0,
            unreadable,
            "{name}"
        );
        let (untyped, _) = sandbox.exchange(&line, &key, &body.to_string());
        assert!(
            untyped.starts_with(&format!("HTTP/1.1 {unreadable} ")),
            "{name}: {untyped}"
        );

        let unknown_path = provider.on_user(&sandbox, "GET", &json!("a/b/c"), &json!({}));
        assert_eq!(unknown_path.0, 404, "{name}");
        let patched = sandbox.send(&line.replace("POST", "PATCH"), &key, &json!({}));
        assert_eq!(
            patched.0,
            if name == "pivotal_tracker" { 404 } else { 405 },
            "{name}"
        );
    }
}
