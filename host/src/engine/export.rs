//! The functions that the component exports, with their types.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Lift, Lower, TypedFunc,
};

use super::guest::{Calling, export};
use crate::bindings::http_api::{HttpRequest, HttpStep};
use crate::bindings::integrations::Integration;
use crate::bindings::steps::{Operation, Step};
use crate::bindings::types::{Begun, Options, ProviderResponse, TransportError};

/// The types of a function.
pub(super) trait Function {
    type Parameters<'a>: ComponentNamedList + Lower;
    type Output: Lift + 'static;
}

/// Declares functions and their types.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($($parameter:ty),*) -> $output:ty;)*) => {$(
        $(#[$doc])*
        pub(super) enum $name {}

        impl Function for $name {
            type Parameters<'a> = ($($parameter,)*);
            type Output = $output;
        }
    )*};
}

type Sent<'a> = Result<&'a ProviderResponse, &'a TransportError>;

functions! {
    /// `steps.start`
    Start(&'a str, &'a Operation, &'a Options, &'a Begun) -> Step;
    /// `steps.resume`
    Resume(&'a str, &'a [u8], Sent<'a>) -> Step;
    /// `http-api.start`
    HttpStart(&'a str, &'a HttpRequest, &'a Begun) -> HttpStep;
    /// `http-api.resume`
    HttpResume(&'a str, &'a [u8], Sent<'a>) -> HttpStep;
    /// `integrations.list-integrations`
    ListIntegrations() -> Vec<Integration>;
}

/// A function that one component exports.
pub(super) struct Export<F> {
    index: ComponentExportIndex,
    /// Whether the component's function has been found to have these types.
    is_checked: AtomicBool,
    function: PhantomData<fn() -> F>,
}

impl<F: Function> Export<F> {
    pub(super) fn new(
        component: &Component,
        interface: &str,
        name: &str,
    ) -> Result<Self, wasmtime::Error> {
        Ok(Self {
            index: export(component, interface, name)?,
            is_checked: AtomicBool::new(false),
            function: PhantomData,
        })
    }

    /// Calls the function in an instance of the component.
    pub(super) fn call(
        &self,
        calling: &mut Calling<'_>,
        parameters: F::Parameters<'_>,
    ) -> wasmtime::Result<F::Output>
    where
        for<'a> (F::Output,): ComponentNamedList + Lift,
    {
        let function = calling
            .instance
            .get_func(&mut *calling.store, self.index)
            .ok_or_else(|| wasmtime::format_err!("an export is not a function"))?;
        let function: TypedFunc<F::Parameters<'_>, (F::Output,)> =
            if self.is_checked.load(Ordering::Relaxed) {
                #[expect(
                    unsafe_code,
                    reason = "to compare all types anew costs a tenth of a call"
                )]
                // SAFETY: a function's type is its component's, not its instance's, and this export is of one
                // component and of one Rust type. Once they have been found equal, they stay equal.
                unsafe {
                    TypedFunc::new_unchecked(function)
                }
            } else {
                let function = function.typed(&*calling.store)?;
                self.is_checked.store(true, Ordering::Relaxed);
                function
            };
        function
            .call(&mut *calling.store, parameters)
            .map(|(output,)| output)
    }
}
