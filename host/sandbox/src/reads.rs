//! Settings of what reads see.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::{Pages, Simulator};

/// What the reads of a provider see, other than usual. Writes see every user.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ReadSettings {
    /// The most users on a page, whatever the request asks for.
    pub(super) max_page_size: Option<NonZeroUsize>,
    /// Whether a list has every user, whatever its filters.
    pub(super) ignore_filters: bool,
    /// How many reads do not see a user that is created from now on.
    pub(super) late_by: u64,
}

impl ReadSettings {
    /// Parses the body of a control request for this simulator.
    ///
    /// # Errors
    ///
    /// Fails with a message for the sender.
    pub(super) fn parse(body: &[u8], simulator: &Simulator) -> Result<Self, String> {
        let settings: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let name = simulator.account.integration;
        let why = match simulator.pages {
            Pages::Marked => None,
            Pages::None => Some("has no pages"),
            Pages::Unmarked => Some("ends its list with a short page"),
        };
        if let Some(why) = why.filter(|_| settings.max_page_size.is_some()) {
            return Err(format!("`max_page_size`: {name} {why}"));
        }
        if settings.ignore_filters && !simulator.has_filters {
            return Err(format!("`ignore_filters`: {name} has no filters"));
        }
        Ok(settings)
    }
}
