//! Pages of a list: by position, and by a cursor.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::store::User;

/// The users from `offset` on, at most `size`.
pub(super) fn slice<'a, 'b>(users: &'a [&'b User], offset: usize, size: usize) -> &'a [&'b User] {
    let rest = users.get(offset..).unwrap_or_default();
    rest.get(..size).unwrap_or(rest)
}

/// The order of a list. Users with the same key are in the order of their creation.
pub(super) struct Order {
    pub(super) name: String,
    pub(super) key: fn(&User) -> &str,
    pub(super) descending: bool,
}

/// The edge of a page, by the user there. It stays valid when users come and go.
#[derive(Serialize, Deserialize)]
pub(super) struct Cursor {
    order: String,
    key: String,
    number: u64,
    forward: bool,
    /// The size of the page that the cursor comes from.
    pub(super) size: usize,
}

impl Cursor {
    /// The cursor as an opaque string. Like those of the providers it is base64 with padding, so
    /// that it has to be percent-encoded in a query.
    pub(super) fn encode(&self) -> String {
        STANDARD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The cursor in the string, if it is one of this order.
    pub(super) fn decode(text: &str, order: &Order) -> Option<Self> {
        let json = STANDARD.decode(text).ok()?;
        let cursor: Self = serde_json::from_slice(&json).ok()?;
        (cursor.order == order.name).then_some(cursor)
    }
}

/// A page, and the cursors of its neighbours.
pub(super) struct Page<'a> {
    pub(super) users: Vec<&'a User>,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

impl<'a> Page<'a> {
    /// The first page, or the one at the cursor.
    pub(super) fn new(
        mut users: Vec<&'a User>,
        order: &Order,
        cursor: Option<&Cursor>,
        size: usize,
    ) -> Self {
        let place = |user: &'a User| ((order.key)(user), user.number);
        users.sort_by_key(|user| place(user));
        if order.descending {
            users.reverse();
        }
        let mut start = 0;
        if let Some(cursor) = cursor {
            let edge = (cursor.key.as_str(), cursor.number);
            start = users.partition_point(|user| {
                let ordering = place(user).cmp(&edge);
                let ordering = if order.descending {
                    ordering.reverse()
                } else {
                    ordering
                };
                ordering.is_lt() || (cursor.forward && ordering.is_eq())
            });
            if !cursor.forward {
                start = start.saturating_sub(size);
            }
        }
        let edge = |user: &'a User, forward| {
            let (key, number) = place(user);
            let cursor = Cursor {
                order: order.name.clone(),
                key: key.to_owned(),
                number,
                forward,
                size,
            };
            cursor.encode()
        };
        let page = slice(&users, start, size);
        let first = page.first().filter(|_| start > 0);
        let last = page.last().filter(|_| start + page.len() < users.len());
        Self {
            previous: first.map(|user| edge(user, false)),
            next: last.map(|user| edge(user, true)),
            users: page.to_vec(),
        }
    }
}
