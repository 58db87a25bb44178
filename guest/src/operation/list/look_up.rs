//! Look-ups by an address.

use serde::{Deserialize, Serialize};

use super::{After, Aim, LOOK_UP_LIMIT, List, MAX_LIMIT, MAX_PAGES, Page};
use crate::bindings::types::User;
use crate::integration::{Integration, Listing, OperationName, Paging};
use crate::json::parse;
use crate::operation::cursor::Position;

/// What responses show of a provider's filter by an address.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) enum Filter {
    /// Everyone has the address.
    Works,
    /// Some do not, but a filter may have found them: it compares parts of addresses, or they show none. Such a filter may regard
    /// case, so the lower case is asked for as well.
    Loose,
    /// Some have addresses that no filter finds, or there is no filter: this is the whole list.
    PassedOver,
}

impl Filter {
    /// What is known before the first response.
    pub(super) const fn new(listing: &Listing) -> Self {
        match listing.by_email {
            Some(_) => Self::Works,
            None => Self::PassedOver,
        }
    }

    /// What somebody in a response shows who does not have the address.
    fn shown_by(user: &User, address: &str) -> Self {
        let address = address.to_ascii_lowercase();
        let mut emails = user.emails.iter().flatten().peekable();
        let may_match = emails.peek().is_none()
            || emails.any(|email| email.address.to_ascii_lowercase().contains(&address));
        if may_match {
            Self::Loose
        } else {
            Self::PassedOver
        }
    }
}

impl List {
    pub(super) fn read_look_up(
        mut self,
        integration: &Integration,
        listing: &Listing,
        page: &Page<'_>,
    ) -> After {
        let Aim::Email {
            address,
            lower,
            filter,
            alone,
        } = &mut self.aim
        else {
            return After::Done(self.users, None);
        };
        let before = *filter;
        for json in page.users.raw() {
            let user = parse(json).map(|user| (integration.user)(&user, OperationName::List));
            let user = user.unwrap_or_default();
            if has_address(&user, address) {
                self.users.push(json.to_owned());
            } else {
                *filter = Filter::shown_by(&user, address).max(*filter);
            }
        }
        if *alone && !self.users.is_empty() {
            // The body of a further response may hold nobody, and would say that there is no such user.
            return After::Done(self.users, None);
        }
        let has_own_path = listing
            .by_email
            .as_ref()
            .is_some_and(|it| it.path.is_some());
        if before == Filter::Works && *filter != Filter::Works && has_own_path {
            // The look-up has a path of its own, and does not look up: everyone is at the list's.
            *filter = Filter::PassedOver;
            let lower = *lower;
            self.restart(listing, lower);
            return After::Send(self);
        }
        let short_ends = *filter == Filter::Works;
        let has_capitals = address.bytes().any(|byte| byte.is_ascii_uppercase());
        let again = *filter != Filter::PassedOver && !*lower && has_capitals;
        match self.next(listing, page, short_ends) {
            Err(why) => After::Unusable(why),
            Ok(Some(_)) if self.read == MAX_PAGES => After::Unusable(
                "has more users than were read: whether one of the others has this address is not known",
            ),
            Ok(Some(next)) => {
                self.position = next;
                After::Send(self)
            }
            Ok(None) if again => {
                self.restart(listing, true);
                After::Send(self)
            }
            Ok(None) => After::Done(self.users, None),
        }
    }

    /// Goes back to the first page of a look-up, in this spelling.
    fn restart(&mut self, listing: &Listing, in_lower_case: bool) {
        if let Aim::Email { lower, .. } = &mut self.aim {
            *lower = in_lower_case;
        }
        self.position = start_of_look_up(&listing.paging);
        self.read = 0;
    }
}

pub(super) fn start_of_look_up(paging: &Paging) -> Position {
    let max = paging.max().unwrap_or(MAX_LIMIT);
    Position::start(paging, max.min(LOOK_UP_LIMIT))
}

/// Whether any address of a user is this one, without regard to ASCII case.
fn has_address(user: &User, address: &str) -> bool {
    let mut emails = user.emails.iter().flatten();
    emails.any(|email| email.address.eq_ignore_ascii_case(address))
}
