//! Where a list goes on, and how a caller hands it back: a cursor.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::{Deserialize, Serialize};

use crate::integration::Paging;

/// The position of a page in a list.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) enum Position {
    /// The provider's cursor; without one, the first page.
    Cursor(Option<String>),
    /// The users before it.
    Offset(u32),
    /// The size of every page, and the number of this one, from 1.
    Number { size: u32, number: u32 },
}

impl Position {
    /// The start of a list whose pages have this size.
    pub(super) const fn start(paging: &Paging, size: u32) -> Self {
        match paging {
            Paging::Whole | Paging::Offset { .. } => Self::Offset(0),
            Paging::Cursor { .. } => Self::Cursor(None),
            Paging::Number { .. } => Self::Number { size, number: 1 },
        }
    }

    /// The cursor for a caller: base64url (RFC 4648, section 5) of the integration, the kind, and the provider's own.
    pub(super) fn to_cursor(&self, integration: &str) -> Option<String> {
        let value = match self {
            Self::Cursor(cursor) => format!("{integration}:cursor:{}", cursor.as_deref()?),
            Self::Offset(offset) => format!("{integration}:offset:{offset}"),
            Self::Number { size, number } => format!("{integration}:page:{size}:{number}"),
        };
        Some(Base64UrlUnpadded::encode_string(value.as_bytes()))
    }

    /// Reads what [`Self::to_cursor`] wrote for this integration.
    pub(super) fn from_cursor(cursor: &str, integration: &str, paging: &Paging) -> Option<Self> {
        let bytes = Base64UrlUnpadded::decode_vec(cursor).ok()?;
        let value = std::str::from_utf8(&bytes).ok()?;
        let (kind, value) = value
            .strip_prefix(integration)?
            .strip_prefix(':')?
            .split_once(':')?;
        match (kind, paging) {
            ("cursor", Paging::Cursor { .. }) if !value.is_empty() => {
                Some(Self::Cursor(Some(value.to_owned())))
            }
            ("offset", Paging::Whole | Paging::Offset { .. }) => {
                value.parse().ok().map(Self::Offset)
            }
            ("page", Paging::Number { max, .. }) => {
                let (size, number) = value.split_once(':')?;
                let (size, number) = (size.parse().ok()?, number.parse().ok()?);
                ((1..=*max).contains(&size) && number > 0).then_some(Self::Number { size, number })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURSOR: Paging = Paging::Cursor {
        size: "limit",
        cursor: "cursor",
        next: |_| None,
        max: 100,
    };
    const NUMBER: Paging = Paging::Number {
        size: "pageSize",
        number: "page",
        pages: "x-pages",
        max: 500,
    };

    #[test]
    fn cursor_returns_position() {
        for (position, paging) in [
            (Position::Cursor(Some("a:b/+".to_owned())), CURSOR),
            (Position::Offset(200), Paging::Whole),
            (
                Position::Number {
                    size: 50,
                    number: 3,
                },
                NUMBER,
            ),
        ] {
            let cursor = position.to_cursor("acme").unwrap();
            assert_eq!(
                Position::from_cursor(&cursor, "acme", &paging),
                Some(position)
            );
            assert_eq!(Position::from_cursor(&cursor, "acm", &paging), None);
        }
        assert_eq!(Position::Cursor(None).to_cursor("acme"), None);
    }

    #[test]
    fn foreign_cursor_is_rejected() {
        let encoded = |value: &str| Base64UrlUnpadded::encode_string(value.as_bytes());
        for (cursor, paging) in [
            (encoded("acme:cursor:"), CURSOR),
            (encoded("acme:offset:1"), CURSOR),
            (encoded("acme:cursor:x"), Paging::Whole),
            (encoded("acme:offset:-1"), Paging::Whole),
            (encoded("acme:offset:99999999999"), Paging::Whole),
            (encoded("acme:page:501:1"), NUMBER),
            (encoded("acme:page:0:1"), NUMBER),
            (encoded("acme:page:50:0"), NUMBER),
            (encoded("acme:page:50"), NUMBER),
            ("acme:cursor:x".to_owned(), CURSOR),
            ("é".to_owned(), CURSOR),
        ] {
            assert_eq!(
                Position::from_cursor(&cursor, "acme", &paging),
                None,
                "{cursor}"
            );
        }
    }
}
