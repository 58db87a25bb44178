//! `users`: the steps of an operation, with the requests sent in between.

use super::send::NO_CLOCK;
use super::{Component, resolve, send};
use crate::bindings::steps::{Operation, Step, UserUpdate};
use crate::bindings::types::{Error, NewUser, Options, Response, UserChanges, UserQuery};
use crate::bindings::users;
use crate::steps;

impl users::Guest for Component {
    fn create_user(account: String, user: NewUser, options: Options) -> Result<Response, Error> {
        carry_out(&account, Operation::CreateUser(user), &options)
    }

    fn update_user(
        account: String,
        id: String,
        changes: UserChanges,
        options: Options,
    ) -> Result<Response, Error> {
        let update = UserUpdate { id, changes };
        carry_out(&account, Operation::UpdateUser(update), &options)
    }

    fn get_user(account: String, id: String, options: Options) -> Result<Response, Error> {
        carry_out(&account, Operation::GetUser(id), &options)
    }

    fn list_users(account: String, query: UserQuery, options: Options) -> Result<Response, Error> {
        carry_out(&account, Operation::ListUsers(query), &options)
    }

    fn delete_user(account: String, id: String, options: Options) -> Result<Response, Error> {
        carry_out(&account, Operation::DeleteUser(id), &options)
    }
}

fn carry_out(account: &str, operation: Operation, options: &Options) -> Result<Response, Error> {
    let mut step = steps::start(account, operation, options, &NO_CLOCK, resolve);
    loop {
        match step {
            Step::Send(sending) => {
                let response = send::send_at_once(&sending);
                step = steps::resume(account, &sending.context, response.as_ref(), resolve);
            }
            Step::Done(result) => return result,
        }
    }
}
