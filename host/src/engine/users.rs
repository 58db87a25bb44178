//! The operations of the typed contract.

use std::collections::VecDeque;

use unified_ticketing_guest::http_api::is_idempotency_key;

use super::exchange::clear_key;
use super::{Caller, Engine, Plan, http_response, plain};
use crate::bindings::http_api::{HttpRequest, HttpResponse};
use crate::bindings::steps::{Operation, UserUpdate};
use crate::bindings::types::{
    Body, Error as CallError, ErrorCode, NewUser, Options, Outcome, Page, Response, Safety, User,
    UserChanges, UserQuery,
};
use crate::client::SendState;

impl Engine {
    /// Calls under an idempotency key: the same call with the same key is carried out once, whoever makes it again and when, as
    /// long as the store keeps it. Where the engine has no store, a key is a warning `idempotency-key-ignored` of the HTTP API, and
    /// has no effect here.
    #[must_use]
    pub fn once(&self, key: impl Into<String>) -> Once<'_> {
        Once {
            engine: self,
            caller: self.caller(Some(key.into())),
        }
    }

    /// Creates a user with the account of id `account`.
    ///
    /// Sends at most one request that creates, whatever happens.
    ///
    /// # Errors
    ///
    /// Every violation at once, before anything is sent; else why the call failed, with an `outcome` that says whether the user may
    /// exist now.
    pub async fn create_user(
        &self,
        account: &str,
        user: NewUser,
        options: Options,
    ) -> Result<Response, CallError> {
        let operation = Operation::CreateUser(user);
        self.carry_out(account, operation, options, self.caller(None))
            .await
    }

    /// Changes the user `id` with the account of id `account`.
    ///
    /// Sends at most one request that changes.
    ///
    /// # Errors
    ///
    /// As [`Self::create_user`].
    pub async fn update_user(
        &self,
        account: &str,
        id: &str,
        changes: UserChanges,
        options: Options,
    ) -> Result<Response, CallError> {
        let operation = update(id, changes);
        self.carry_out(account, operation, options, self.caller(None))
            .await
    }

    /// Reads the user `id` with the account of id `account`.
    ///
    /// # Errors
    ///
    /// As [`Self::create_user`]. A read changes nothing, so the outcome is always `not-sent`.
    pub async fn get_user(
        &self,
        account: &str,
        id: &str,
        options: Options,
    ) -> Result<Response, CallError> {
        let operation = Operation::GetUser(id.to_owned());
        self.carry_out(account, operation, options, self.caller(None))
            .await
    }

    /// Lists users with the account of id `account`: a page of all, or everyone who has an address.
    ///
    /// [`Self::pages`] reads a list to its end.
    ///
    /// # Errors
    ///
    /// As [`Self::get_user`]. `invalid-response` also where it is not certain that nobody has the address.
    pub async fn list_users(
        &self,
        account: &str,
        query: UserQuery,
        options: Options,
    ) -> Result<Response, CallError> {
        let operation = Operation::ListUsers(query);
        self.carry_out(account, operation, options, self.caller(None))
            .await
    }

    /// Reads a list page by page, as many users at a time as `query` says, from its cursor on.
    #[must_use]
    pub fn pages(&self, account: &str, query: UserQuery, options: Options) -> Pages {
        Pages {
            engine: self.clone(),
            account: account.to_owned(),
            query: Some(query),
            options,
            users: VecDeque::new(),
        }
    }

    /// Deletes the user `id` with the account of id `account`, in the provider's sense of it.
    ///
    /// Sends at most one request that deletes.
    ///
    /// # Errors
    ///
    /// As [`Self::create_user`].
    pub async fn delete_user(
        &self,
        account: &str,
        id: &str,
        options: Options,
    ) -> Result<Response, CallError> {
        let operation = Operation::DeleteUser(id.to_owned());
        self.carry_out(account, operation, options, self.caller(None))
            .await
    }

    /// Returns the request that [`Self::create_user`] would send. Opens no connection.
    ///
    /// # Errors
    ///
    /// As [`Self::create_user`] does before sending.
    pub async fn plan_create_user(
        &self,
        account: &str,
        user: NewUser,
        options: Options,
    ) -> Result<Plan, CallError> {
        self.plan(account, Operation::CreateUser(user), options)
            .await
    }

    /// Returns the request that [`Self::update_user`] would send. Opens no connection.
    ///
    /// # Errors
    ///
    /// As [`Self::update_user`] does before sending.
    pub async fn plan_update_user(
        &self,
        account: &str,
        id: &str,
        changes: UserChanges,
        options: Options,
    ) -> Result<Plan, CallError> {
        self.plan(account, update(id, changes), options).await
    }

    /// Returns the request that [`Self::delete_user`] would send. Opens no connection.
    ///
    /// # Errors
    ///
    /// As [`Self::delete_user`] does before sending.
    pub async fn plan_delete_user(
        &self,
        account: &str,
        id: &str,
        options: Options,
    ) -> Result<Plan, CallError> {
        self.plan(account, Operation::DeleteUser(id.to_owned()), options)
            .await
    }
}

fn update(id: &str, changes: UserChanges) -> Operation {
    Operation::UpdateUser(UserUpdate {
        id: id.to_owned(),
        changes,
    })
}

/// The calls of one idempotency key.
///
/// The client's rule is one sentence: use the same key until it succeeds.
#[derive(Clone, Debug)]
pub struct Once<'a> {
    engine: &'a Engine,
    /// With the key.
    caller: Caller,
}

impl Once<'_> {
    /// Keeps what comes of the calls for ever, where it is else forgotten after a day, or a week.
    #[must_use]
    pub fn forever(mut self) -> Self {
        self.caller.is_forever = true;
        self
    }

    /// Lets a change take the place of another one under the same key, where it is else `idempotency-mismatch`: what is sent once is
    /// then each change after a different one. It has no effect on a call that may create.
    #[must_use]
    pub fn replacing(mut self) -> Self {
        self.caller.replaces = true;
        self
    }

    /// Bounds what the calls may do, whatever their operation is. A creation that would have to create is then
    /// `provider-not-found`, and one that would have to change the user who exists (`if-exists`) is `forbidden`; nothing was sent.
    /// Bounded to [`Safety::Safe`] a call only looks.
    #[must_use]
    pub fn at_most(mut self, safety: Safety) -> Self {
        self.caller.at_most = Some(safety);
        self
    }

    /// Responds to a request of the published HTTP API, as [`Engine::http_observed`] does. The key takes the place of one in a header
    /// of the request.
    pub async fn http(&self, mut request: HttpRequest, state: &SendState) -> HttpResponse {
        let caller = match self.caller() {
            Ok(caller) => caller,
            Err(error) => return http_response(&error),
        };
        clear_key(&mut request);
        self.engine.http_by(caller, request, state).await
    }

    /// Creates a user, as [`Engine::create_user`] does.
    ///
    /// # Errors
    ///
    /// As [`Engine::create_user`]. `idempotency-in-flight` while the same call is being made, `idempotency-mismatch` where the key
    /// was used for another one, `store-unavailable` where the key cannot be claimed: nothing was sent then. `invalid-request` if
    /// the key has not 1 to 255 characters of printable ASCII.
    pub async fn create_user(
        &self,
        account: &str,
        user: NewUser,
        options: Options,
    ) -> Result<Response, CallError> {
        self.carry_out(account, Operation::CreateUser(user), options)
            .await
    }

    /// Changes a user, as [`Engine::update_user`] does.
    ///
    /// # Errors
    ///
    /// As [`Self::create_user`].
    pub async fn update_user(
        &self,
        account: &str,
        id: &str,
        changes: UserChanges,
        options: Options,
    ) -> Result<Response, CallError> {
        self.carry_out(account, update(id, changes), options).await
    }

    /// Deletes a user, as [`Engine::delete_user`] does.
    ///
    /// # Errors
    ///
    /// As [`Self::create_user`].
    pub async fn delete_user(
        &self,
        account: &str,
        id: &str,
        options: Options,
    ) -> Result<Response, CallError> {
        self.carry_out(account, Operation::DeleteUser(id.to_owned()), options)
            .await
    }

    async fn carry_out(
        &self,
        account: &str,
        operation: Operation,
        options: Options,
    ) -> Result<Response, CallError> {
        let caller = self.caller()?;
        self.engine
            .carry_out(account, operation, options, caller)
            .await
    }

    fn caller(&self) -> Result<Caller, CallError> {
        if self.caller.key.as_deref().is_some_and(is_idempotency_key) {
            return Ok(self.caller.clone());
        }
        let message = "expected a key of 1 to 255 characters of printable ASCII";
        let code = ErrorCode::InvalidRequest;
        Err(plain(code, 400, Outcome::NotSent, message.to_owned()))
    }
}

/// The pages of a list, each read when it is asked for.
///
/// ```
/// # use unified_ticketing::types::{Error, Options, UserQuery};
/// # use unified_ticketing::{Engine, Pages};
/// # async fn count(engine: &Engine, account: &str) -> Result<usize, Error> {
/// let everyone = UserQuery { email: None, cursor: None, limit: Some(500) };
/// let mut pages = engine.pages(account, everyone, Options::default());
/// let mut count = 0;
/// while let Some(user) = pages.next_user().await? {
///     count += usize::from(user.id.is_some());
/// }
/// # Ok(count)
/// # }
/// ```
#[derive(Debug)]
pub struct Pages {
    engine: Engine,
    account: String,
    /// The next page; none after the last one, or after an error.
    query: Option<UserQuery>,
    options: Options,
    users: VecDeque<User>,
}

impl Pages {
    /// Reads the next page. After the last one, and after an error, there is none.
    ///
    /// # Errors
    ///
    /// As [`Engine::list_users`].
    pub async fn next(&mut self) -> Result<Option<Response>, CallError> {
        let Some(query) = self.query.take() else {
            return Ok(None);
        };
        let (email, limit) = (query.email.clone(), query.limit);
        let options = self.options.clone();
        let page = self
            .engine
            .list_users(&self.account, query, options)
            .await?;
        if let Body::Users(Page {
            next_cursor: Some(cursor),
            ..
        }) = &page.body
        {
            self.query = Some(UserQuery {
                email,
                cursor: Some(cursor.clone()),
                limit,
            });
        }
        Ok(Some(page))
    }

    /// Returns the next user of the list, and reads a page where there is none left. With the format `raw` there are no users.
    ///
    /// # Errors
    ///
    /// As [`Engine::list_users`].
    pub async fn next_user(&mut self) -> Result<Option<User>, CallError> {
        loop {
            if let Some(user) = self.users.pop_front() {
                return Ok(Some(user));
            }
            match self.next().await? {
                None => return Ok(None),
                Some(page) => {
                    if let Body::Users(page) = page.body {
                        self.users.extend(page.users);
                    }
                }
            }
        }
    }
}
