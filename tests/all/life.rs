//! The life of a user in every integration: the library's functions against the simulators, by either sender.

mod look_up;

use std::collections::BTreeSet;

use unified_ticketing::types::{
    Body, CallResult, Collection, Email, Error, ErrorCode, NewUser, Options, Outcome, Page,
    Response, Role, RolesChange, StringChange, User, UserChanges, UserQuery,
};
use unified_ticketing::{Engine, FileAccounts, Sender};
use unified_ticketing_guest::integration::ALL;

use crate::serve::Simulators;

const SENDERS: [Sender; 2] = [Sender::Host, Sender::Component];

/// A query for everyone.
const EVERYONE: UserQuery = UserQuery {
    email: None,
    cursor: None,
    limit: None,
};

/// An integration's simulator, called through the library.
pub struct Directory<'a> {
    simulators: &'a Simulators,
    engine: &'a Engine,
    pub integration: &'static str,
    pub account: String,
}

impl<'a> Directory<'a> {
    /// Every integration.
    pub fn all(simulators: &'a Simulators, engine: &'a Engine) -> Vec<Self> {
        let directories = ALL.iter().map(|integration| Self {
            simulators,
            engine,
            integration: integration.name,
            account: simulators.id(integration.name),
        });
        directories.collect()
    }

    fn options(&self) -> Options {
        options(self.integration)
    }

    /// Creates a user, and returns the id.
    async fn create(&self, address: &str) -> String {
        let created = self
            .engine
            .create_user(&self.account, new_user(address), self.options());
        let created = created.await.expect(self.integration);
        assert_eq!(created.result, CallResult::Created);
        user_of(created).id.expect("an id")
    }

    async fn get(&self, id: &str) -> Result<User, Error> {
        let read = self.engine.get_user(&self.account, id, self.options());
        read.await.map(user_of)
    }

    /// The page of a query, which is complete if there is no next one.
    async fn list(&self, query: UserQuery) -> Result<Page, Error> {
        let listed = self.engine.list_users(&self.account, query, self.options());
        let Response { body, result, .. } = listed.await?;
        assert_eq!(result, CallResult::Read);
        let Body::Users(page) = body else {
            panic!("{}: expected users, but found {body:?}", self.integration);
        };
        assert_eq!(page.complete, page.next_cursor.is_none());
        Ok(page)
    }

    /// The ids of everyone who has an address.
    pub async fn find(&self, address: &str) -> Result<Vec<String>, Error> {
        let query = UserQuery {
            email: Some(address.to_owned()),
            ..EVERYONE
        };
        let page = self.list(query).await?;
        assert_eq!(page.next_cursor, None, "{}", self.integration);
        Ok(ids(&page))
    }

    /// The ids on each page of the whole list.
    async fn pages(&self, limit: u32) -> Vec<Vec<String>> {
        let query = UserQuery {
            limit: Some(limit),
            ..EVERYONE
        };
        let mut pages = self.engine.pages(&self.account, query, self.options());
        let mut found = Vec::new();
        while let Some(page) = pages.next().await.expect(self.integration) {
            let Body::Users(page) = page.body else {
                panic!("{}: expected users", self.integration);
            };
            found.push(ids(&page));
        }
        found
    }

    /// Changes what every integration has of a user: a name, or a role.
    async fn update(&self, id: &str) -> User {
        let set = |value: &str| StringChange::Set(value.to_owned());
        let changes = if self.integration == "pivotal_tracker" {
            let viewer = Role {
                id: None,
                name: Some("viewer".to_owned()),
            };
            UserChanges {
                roles: RolesChange::Set(vec![viewer]),
                ..UserChanges::default()
            }
        } else {
            UserChanges {
                first_name: set("Ida"),
                last_name: set("Strand"),
                name: set("Ida Strand"),
                ..UserChanges::default()
            }
        };
        let options = self.options();
        let updated = self.engine.update_user(&self.account, id, changes, options);
        let updated = updated.await.expect(self.integration);
        assert_eq!(updated.result, CallResult::Updated);
        user_of(updated)
    }

    async fn delete(&self, id: &str) -> Result<(), Error> {
        let deleted = self.engine.delete_user(&self.account, id, self.options());
        let deleted = deleted.await?;
        assert_eq!(deleted.result, CallResult::Deleted);
        assert_eq!(deleted.body, Body::Deleted(id.to_owned()));
        Ok(())
    }

    /// Sets what reads see.
    async fn set_reads(&self, settings: &serde_json::Value) {
        let target = format!("reads/{}", self.integration);
        let settings = settings.to_string();
        self.simulators.control("PUT", &target, &settings).await;
    }
}

fn engine(simulators: &Simulators, sender: Sender) -> Engine {
    let accounts = FileAccounts::parse("accounts.toml".as_ref(), &simulators.accounts, |_| None);
    let engine = Engine::builder()
        .accounts(accounts.expect("good accounts"))
        .sender(sender);
    engine.max_instances(2).build().expect("an engine")
}

/// A user with what any integration requires.
pub fn new_user(address: &str) -> NewUser {
    let some = |value: &str| Some(value.to_owned());
    let email = Email {
        address: address.to_owned(),
        type_: None,
    };
    NewUser {
        name: some("Ines Halvorsen"),
        first_name: some("Ines"),
        last_name: some("Halvorsen"),
        nick_name: some("Ines"),
        emails: Some(vec![email]),
        ..NewUser::default()
    }
}

/// The options that an integration requires.
pub fn options(integration: &str) -> Options {
    let project = Collection {
        id: "1".to_owned(),
        type_: None,
    };
    let needs_project = integration == "pivotal_tracker";
    Options {
        collections: Vec::from_iter(needs_project.then_some(project)),
        ..Options::default()
    }
}

pub fn user_of(response: Response) -> User {
    match response.body {
        Body::User(user) => user,
        other => panic!("expected a user, but found {other:?}"),
    }
}

fn ids(page: &Page) -> Vec<String> {
    let users = page.users.iter();
    users.map(|user| user.id.clone().expect("an id")).collect()
}

fn has_address(user: &User, address: &str) -> bool {
    let mut emails = user.emails.iter().flatten();
    emails.any(|email| email.address == address)
}

/// Whether [`Directory::update`] has been carried out.
fn is_updated(user: &User) -> bool {
    let mut roles = user.roles.iter().flatten();
    user.name.as_deref() == Some("Ida Strand")
        || user.first_name.as_deref() == Some("Ida")
        || roles.any(|role| role.name.as_deref() == Some("viewer"))
}

#[tokio::test]
async fn user_lives_in_every_integration() {
    for sender in SENDERS {
        let simulators = Simulators::start().await;
        let engine = engine(&simulators, sender);
        for directory in Directory::all(&simulators, &engine) {
            life(&directory).await;
        }
    }
}

async fn life(directory: &Directory<'_>) {
    let name = directory.integration;
    let mut created = Vec::new();
    for number in 0..5 {
        let address = format!("Ines.{number}@Kelpworks.example");
        created.push(directory.create(&address).await);
    }
    let (id, address) = (&created[3], "Ines.3@Kelpworks.example");
    let user = directory.get(id).await.expect(name);
    assert_eq!(user.id.as_ref(), Some(id), "{name}");
    assert!(has_address(&user, address), "{name}: {user:?}");
    assert!(!is_updated(&user), "{name}: {user:?}");

    let pages = directory.pages(2).await;
    let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 2, 1], "{name}");
    let listed: BTreeSet<&String> = pages.iter().flatten().collect();
    assert_eq!(listed, created.iter().collect(), "{name}");

    for address in [
        address,
        "ines.3@kelpworks.example",
        "INES.3@KELPWORKS.EXAMPLE",
        "iNES.3@kELPWORKS.example",
    ] {
        let found = directory.find(address).await.expect(name);
        assert_eq!(found, std::slice::from_ref(id), "{name}: {address}");
    }

    directory.update(id).await;
    let updated = directory.get(id).await.expect(name);
    assert!(is_updated(&updated), "{name}: {updated:?}");
    assert!(has_address(&updated, address), "{name}: {updated:?}");

    directory.delete(id).await.expect(name);
    let error = directory.get(id).await.expect_err(name);
    let gone = (ErrorCode::ProviderNotFound, 404, Outcome::NotSent);
    assert_eq!((error.code, error.status, error.outcome), gone, "{name}");
    let again = directory.delete(id).await.expect_err(name);
    let gone = (ErrorCode::ProviderNotFound, 404, Outcome::Rejected);
    assert_eq!((again.code, again.status, again.outcome), gone, "{name}");
    let found = directory.find(address).await.expect(name);
    assert!(found.is_empty(), "{name}: {found:?}");
    let rest = directory.pages(500).await;
    assert_eq!(rest.concat().len(), 4, "{name}");
    assert!(!rest.concat().contains(id), "{name}");
}
