//! Functions that look at every level of JSON: in one pass, with a stack of their own, so that depth costs no more than bytes do.

mod merge;
mod tokens;

use std::borrow::Cow;
use std::fmt::{self, Display};

pub(crate) use merge::merge;
use tokens::{Kind, Token, Tokens};

use super::{escaped, paired, unescaped, unquoted};

/// Names, each with the number of its object and a position. All are sorted at once: one object may have all the names, and each
/// name may have an object of its own.
type Names<'a> = Vec<(usize, Cow<'a, [u8]>, usize)>;

/// Finds the members that are given twice or more often, at any depth, each name of an object once. `found` takes the JSON Pointer
/// of the object and the name. The pointer can be as long as the JSON, and there can be many: it is written only as far as it is shown.
pub(crate) fn duplicates(json: &str, found: &mut dyn FnMut(&dyn Display, &str)) {
    if !json.starts_with(['{', '[']) {
        return;
    }
    let mut names = Names::new();
    // Each open object or array: its number, its members so far, and the first name, which waits for a second one. Deep
    // JSON has objects of one member.
    let mut open: Vec<(usize, usize, &str)> = Vec::new();
    let mut opened = 0;
    for token in Tokens::new(json) {
        match token {
            Token::Open(_) => {
                open.push((opened, 0, ""));
                opened += 1;
            }
            Token::Close => {
                open.pop();
            }
            Token::Name(name) => {
                if let Some((object, members, first)) = open.last_mut() {
                    match *members {
                        0 => *first = name,
                        1 => names.extend([*first, name].map(|name| (*object, unescaped(name), 0))),
                        _ => names.push((*object, unescaped(name), 0)),
                    }
                    *members += 1;
                }
            }
            Token::Scalar => {}
        }
    }
    let twice = repeated(names);
    if !twice.is_empty() {
        locate(json, twice, found);
    }
}

/// The names that an object has more than once, each once.
pub(super) fn repeated(mut names: Names<'_>) -> Names<'_> {
    names.sort_unstable();
    let mut repeated = Names::new();
    let mut names = names.into_iter();
    let mut before = names.next();
    for name in names {
        if before.as_ref() == Some(&name) && repeated.last() != Some(&name) {
            repeated.push(name.clone());
        }
        before = Some(name);
    }
    repeated
}

/// Finds the objects of these names. The names are sorted by object.
fn locate(json: &str, names: Names<'_>, found: &mut dyn FnMut(&dyn Display, &str)) {
    let mut names = names.into_iter().peekable();
    // The position of the next token in each open object or array, the innermost last.
    let mut path: Vec<Step<'_>> = Vec::new();
    let mut opened = 0;
    for token in Tokens::new(json) {
        match token {
            Token::Open(kind) => {
                if names.peek().is_none() {
                    return;
                }
                while let Some((_, name, _)) = names.next_if(|(object, _, _)| *object == opened) {
                    found(&Pointer(&path), &paired(name.into_owned()));
                }
                opened += 1;
                path.push(match kind {
                    Kind::Object => Step::Member("\"\""),
                    Kind::Array => Step::Entry(0),
                });
                continue;
            }
            Token::Name(name) => {
                path.pop();
                path.push(Step::Member(name));
                continue;
            }
            Token::Close => {
                path.pop();
            }
            Token::Scalar => {}
        }
        if let Some(Step::Entry(position)) = path.last_mut() {
            *position += 1;
        }
    }
}

enum Step<'a> {
    /// A member's name, with its quotation marks.
    Member(&'a str),
    Entry(usize),
}

/// A JSON Pointer (RFC 6901).
struct Pointer<'a>(&'a [Step<'a>]);

impl Display for Pointer<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.0 {
            match step {
                Step::Member(name) if name.contains(['\\', '~', '/']) => {
                    let name = paired(unescaped(name).into_owned());
                    write!(formatter, "/{}", escaped(&name))?;
                }
                Step::Member(name) => write!(formatter, "/{}", unquoted(name))?,
                Step::Entry(position) => write!(formatter, "/{position}")?,
            }
        }
        Ok(())
    }
}

/// Whether there is nothing but objects in this object.
#[must_use]
pub(crate) fn is_hollow(object: &str) -> bool {
    Tokens::new(object).all(|token| {
        matches!(
            token,
            Token::Open(Kind::Object) | Token::Name(_) | Token::Close
        )
    })
}
