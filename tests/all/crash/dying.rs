//! A store that kills its own process.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use unified_ticketing::store::{ClaimRequest, StoreError};

use super::{Kill, LEASE, kill};
use crate::stores::{Hook, Method};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(super) enum When {
    Before,
    After,
}

/// Kills the process when every call has come to a point. A call that has come there goes no further.
pub(super) struct Dying {
    kill: Kill,
    /// How many calls have not come to the point.
    missing: AtomicUsize,
}

impl Dying {
    pub(super) const fn new(kill: Kill, calls: usize) -> Self {
        Self {
            kill,
            missing: AtomicUsize::new(calls),
        }
    }

    async fn pass(&self, when: When, method: Method) {
        if self.kill != Kill::Store(when, method) {
            return;
        }
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            kill(std::process::id());
        }
        std::future::pending::<()>().await;
    }
}

impl Hook for Dying {
    fn change(&self, request: &mut ClaimRequest) {
        // So that the test does not wait for half a minute.
        request.lease = LEASE;
    }

    async fn before(&self, method: Method) -> Result<(), StoreError> {
        self.pass(When::Before, method).await;
        Ok(())
    }

    async fn after(&self, method: Method) {
        self.pass(When::After, method).await;
    }
}
