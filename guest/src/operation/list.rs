//! Lists: pages of everyone, and look-ups by an address.
//!
//! A look-up never says that no user has an address unless it is certain. A provider may pass over a filter that it does not know,
//! so a response that holds anybody else is a page of the whole list, and the rest of the list is read. Providers also differ in
//! whether case counts: an address with capitals is asked for in lower case too.

mod check;
mod look_up;
#[cfg(test)]
mod tests;

use look_up::{Filter, start_of_look_up};
use serde::{Deserialize, Serialize};

use super::create::Creation;
use super::cursor::Position;
use crate::bindings::types::{Format, Options, ProviderResponse, UserQuery};
use crate::context::Context;
use crate::findings::Findings;
use crate::integration::{ByEmail, Integration, Listing, OperationName, Paging};
use crate::json::{Array, Value};
use crate::plan::OwnRequest;
use crate::rate;

/// The largest page that a caller can ask for.
pub const MAX_LIMIT: u32 = 500;

/// The page of a caller who does not say.
pub const DEFAULT_LIMIT: u32 = 100;

/// The pages that are read to fill one page of a caller, or to look up one spelling of an address.
pub const MAX_PAGES: u32 = 10;

/// The most that is collected before a page is given to the caller, in bytes: as much as the largest response that hosts accept. Large
/// pages then end early, rather than at the limit of the memory.
const MAX_COLLECTED: usize = 4 << 20;

/// The largest page of a look-up.
const LOOK_UP_LIMIT: u32 = 200;

/// How far a list is read.
#[derive(Debug, Deserialize, Serialize)]
pub struct List {
    /// The id of the collection that the users are in.
    pub(crate) project: Option<String>,
    /// The caller's parameters of the provider's query.
    pub(crate) remote_query: Vec<(String, String)>,
    aim: Aim,
    position: Position,
    /// Pages that were read for this page or this spelling.
    read: u32,
    /// The users found, as the provider wrote them.
    users: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
enum Aim {
    /// So many more users. A page of the provider alone, where its body is passed on.
    Page { left: u32, alone: bool },
    /// Everyone who has this address.
    Email {
        address: String,
        /// Whether it is asked for in lower case.
        lower: bool,
        /// What the responses show of the provider's filter.
        filter: Filter,
        /// Whether one response is to show the user, because its body is passed on.
        alone: bool,
    },
}

/// What follows a page.
pub(super) enum After {
    /// Another request.
    Send(List),
    /// The users, as the provider wrote them, and the position of the next page.
    Done(Vec<String>, Option<Position>),
    /// The reason why the list cannot be used: the rest of a sentence that begins with the provider.
    Unusable(&'static str),
}

impl List {
    /// Checks a query. Collection and remote query are checked elsewhere.
    pub(crate) fn new(
        integration: &Integration,
        listing: &Listing,
        query: &UserQuery,
        options: &Options,
        project: Option<&str>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let UserQuery {
            email,
            cursor,
            limit,
        } = query;
        check::remote_query(listing, email.is_some(), options, findings);
        let paging = &listing.paging;
        let max = paging.max().unwrap_or(MAX_LIMIT);
        let (aim, position) = if let Some(address) = email {
            check::email(query, address, findings);
            let aim = Aim::Email {
                address: address.clone(),
                lower: false,
                filter: Filter::new(listing),
                alone: options.format == Format::Raw,
            };
            (aim, start_of_look_up(paging))
        } else {
            let position = cursor
                .as_deref()
                .map(|cursor| check::cursor(integration, paging, cursor, findings));
            // A cursor of page numbers goes on with pages of its size.
            let size = match position {
                Some(Some(Position::Number { size, .. })) => Some(size),
                _ => None,
            };
            let left = limit.or(size).unwrap_or(DEFAULT_LIMIT);
            check::limit(left, size, findings);
            let start = || Some(Position::start(paging, max.min(left)));
            let position = position.unwrap_or_else(start)?;
            let alone = options.format == Format::Raw;
            (Aim::Page { left, alone }, position)
        };
        Some(Self {
            project: project.map(str::to_owned),
            remote_query: options.remote_query.clone(),
            aim,
            position,
            read: 0,
            users: Vec::new(),
        })
    }

    /// The look-up of the user of a creation.
    pub(crate) fn look_up(context: &Context, creation: &Creation) -> Option<Self> {
        let row = context.integration.operation(OperationName::List)?;
        let listing = row.list?;
        Some(Self {
            project: creation.project.clone(),
            // The caller's parameters go with the creation.
            remote_query: Vec::new(),
            aim: Aim::Email {
                address: context.email.clone()?,
                lower: false,
                filter: Filter::new(listing),
                alone: false,
            },
            position: start_of_look_up(&listing.paging),
            read: 0,
            users: Vec::new(),
        })
    }

    /// Whether it is for everyone who has an address.
    pub(super) const fn is_look_up(&self) -> bool {
        matches!(self.aim, Aim::Email { .. })
    }

    /// What the request of the next page has.
    pub(crate) fn request<'a>(&self, listing: &'a Listing) -> OwnRequest<'a> {
        let mut own = OwnRequest::default();
        if let Aim::Email {
            address,
            lower,
            filter,
            alone: _,
        } = &self.aim
            && let Some(ByEmail { parameter, path }) = &listing.by_email
            && !(*filter == Filter::PassedOver && path.is_some())
        {
            own.path = *path;
            let address = if *lower {
                address.to_ascii_lowercase()
            } else {
                address.clone()
            };
            own.parameters.push((parameter, address));
        }
        let asked = self.size(&listing.paging).to_string();
        match (&listing.paging, &self.position) {
            (Paging::Cursor { size, cursor, .. }, Position::Cursor(position)) => {
                own.parameters.push((size, asked));
                if let Some(position) = position {
                    own.parameters.push((cursor, position.clone()));
                }
            }
            (Paging::Offset { size, offset, .. }, Position::Offset(position)) => {
                own.parameters.push((size, asked));
                own.parameters.push((offset, position.to_string()));
            }
            (Paging::Number { size, number, .. }, Position::Number { number: page, .. }) => {
                own.parameters.push((number, page.to_string()));
                own.parameters.push((size, asked));
            }
            // The whole list is asked for; and a position is always one of its own paging.
            _ => {}
        }
        own
    }

    /// How many users the next page is asked for.
    fn size(&self, paging: &Paging) -> u32 {
        let max = paging.max().unwrap_or(MAX_LIMIT);
        match (&self.position, &self.aim) {
            (Position::Number { size, .. }, _) => *size,
            (_, Aim::Page { left, .. }) => max.min(*left),
            (_, Aim::Email { .. }) => max.min(LOOK_UP_LIMIT),
        }
    }

    /// Reads a page.
    pub(super) fn read(
        mut self,
        integration: &Integration,
        listing: &Listing,
        value: &Value<'_>,
        response: &ProviderResponse,
    ) -> After {
        let users = listing
            .users
            .map_or_else(|| value.clone(), |name| value.get(name));
        let Some(users) = users.as_array() else {
            return After::Unusable("answered without an array of users");
        };
        self.read += 1;
        let page = Page {
            value,
            response,
            users,
        };
        match &self.aim {
            Aim::Page { left, alone } => {
                let (left, alone) = (*left, *alone);
                self.read_page(listing, &page, left, alone)
            }
            Aim::Email { .. } => self.read_look_up(integration, listing, &page),
        }
    }

    fn read_page(mut self, listing: &Listing, page: &Page<'_>, left: u32, alone: bool) -> After {
        let size = self.size(&listing.paging);
        let (skipped, taken) = match (&listing.paging, &self.position) {
            (Paging::Whole, Position::Offset(offset)) => (*offset, size),
            // More than was asked for comes again with the next page.
            (Paging::Offset { .. }, _) => (0, size),
            _ => (0, u32::MAX),
        };
        let before = self.users.len();
        let users = page.users.raw().skip(index(skipped)).take(index(taken));
        self.users.extend(users.map(str::to_owned));
        let taken = number(self.users.len() - before);
        let next = match (&listing.paging, &self.position) {
            (Paging::Whole, _) => {
                let end = skipped.saturating_add(taken);
                Ok((!alone && index(end) < page.users.len()).then_some(Position::Offset(end)))
            }
            _ => self.next(listing, page, true),
        };
        let next = match next {
            Ok(next) => next,
            Err(why) => return After::Unusable(why),
        };
        let left = left.saturating_sub(taken);
        let fits = match &self.position {
            Position::Number { size, .. } => *size <= left,
            _ => left > 0,
        };
        let collected: usize = self.users.iter().map(String::len).sum();
        let continues = fits && !alone && self.read < MAX_PAGES && collected < MAX_COLLECTED;
        match next {
            Some(next) if continues && listing.paging.max().is_some() => {
                self.aim = Aim::Page { left, alone };
                self.position = next;
                After::Send(self)
            }
            next => After::Done(self.users, next),
        }
    }

    /// The position of the next page. Where absence is to be certain, a short page does not end a list: the provider may have made
    /// it short by a limit of its own.
    fn next(
        &self,
        listing: &Listing,
        page: &Page<'_>,
        short_ends: bool,
    ) -> Result<Option<Position>, &'static str> {
        let count = number(page.users.len());
        let ends = |size: u32| count == 0 || (short_ends && count < size);
        Ok(match (&listing.paging, &self.position) {
            (Paging::Cursor { next, .. }, Position::Cursor(current)) => {
                let next = next(page.value);
                if next.as_deref() == Some("") {
                    return Err("names a next page in a way that cannot be read");
                }
                if next.is_some() && next == *current {
                    return Err("names a page as the one after itself");
                }
                next.map(|next| Position::Cursor(Some(next)))
            }
            (Paging::Offset { .. }, Position::Offset(offset)) => {
                let size = self.size(&listing.paging);
                (!ends(size)).then(|| Position::Offset(offset.saturating_add(count.min(size))))
            }
            (Paging::Number { pages, .. }, Position::Number { size, number }) => {
                let pages = rate::header(page.response, pages);
                let last = match pages.and_then(|pages| pages.trim().parse::<u32>().ok()) {
                    Some(pages) => *number >= pages,
                    None => ends(*size),
                };
                (!last).then(|| Position::Number {
                    size: *size,
                    number: number.saturating_add(1),
                })
            }
            _ => None,
        })
    }
}

/// A page as the provider gave it.
struct Page<'a> {
    value: &'a Value<'a>,
    response: &'a ProviderResponse,
    users: &'a Array<'a>,
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
