//! The adapter of the standalone component: accounts from the environment.
//!
//! A stock runtime has no `unified:ticketing/accounts` to offer. Composed with this, the component
//! takes its accounts from the variable `UNIFIED_TICKETING_ACCOUNTS_JSON` and imports WASI alone.

pub mod accounts;
mod bindings;
mod json;

#[cfg(target_arch = "wasm32")]
mod component {
    use crate::accounts::{self, VARIABLE};
    use crate::bindings::accounts::{Account, Guest, ResolveError};
    use crate::bindings::environment::get_environment;

    struct Adapter;

    impl Guest for Adapter {
        fn resolve(id: String) -> Result<Account, ResolveError> {
            let variables = get_environment().into_iter();
            let json = variables
                .rev()
                .find_map(|(name, value)| (name == VARIABLE).then_some(value));
            accounts::resolve(json.as_deref(), &id)
        }
    }

    #[expect(
        unreachable_pub,
        unsafe_code,
        reason = "generated: the exported symbols of a component are `unsafe` by their attribute"
    )]
    mod export {
        use super::Adapter;

        crate::bindings::export!(Adapter with_types_in crate::bindings::generated);
    }
}
