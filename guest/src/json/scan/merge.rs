//! One object laid over another.

use std::borrow::Cow;
use std::ops::Range;

use super::tokens::{Kind, Token, Tokens};
use super::{Names, unescaped};

/// A member of an object, or of an object in it. Arrays are not looked into.
struct Member<'a> {
    /// The name, with its quotation marks.
    name: &'a str,
    /// The value, as it came.
    value: &'a str,
    /// The object that it is in: 0 is the outermost, any other the value of the member before this position.
    object: usize,
    /// The position of the next member of the same object. Those between are in the value.
    next: usize,
}

impl Member<'_> {
    /// Writes what comes before the value.
    fn begin(&self, object: &mut String) {
        if !object.ends_with('{') {
            object.push(',');
        }
        object.push_str(self.name);
        object.push(':');
    }

    fn is_object(&self) -> bool {
        self.value.starts_with('{')
    }
}

/// Every member that is reached through objects alone, in the order of the text.
fn members(object: &str) -> Vec<Member<'_>> {
    let mut members: Vec<Member<'_>> = Vec::new();
    // What is open: an object or an array, the member whose value it is, and where it began.
    let mut open: Vec<(Kind, Option<usize>, usize)> = Vec::new();
    let mut arrays = 0_usize;
    let mut named = None;
    let mut tokens = Tokens::new(object);
    while let Some(token) = tokens.next() {
        let ended = match token {
            Token::Name(_) if arrays > 0 => None,
            Token::Name(name) => {
                let above = open.last().and_then(|(_, member, _)| *member);
                named = Some(members.len());
                members.push(Member {
                    name,
                    value: "",
                    object: above.map_or(0, |position| position + 1),
                    next: 0,
                });
                None
            }
            Token::Open(kind) => {
                arrays += usize::from(kind == Kind::Array);
                open.push((kind, named.take(), tokens.begin));
                None
            }
            Token::Close => open.pop().and_then(|(kind, member, begin)| {
                arrays -= usize::from(kind == Kind::Array);
                member.map(|member| (member, begin))
            }),
            Token::Scalar => named.take().map(|member| (member, tokens.begin)),
        };
        if let Some((position, begin)) = ended {
            let next = members.len();
            if let Some(member) = members.get_mut(position) {
                member.value = object.get(begin..tokens.end).unwrap_or_default();
                member.next = next;
            }
        }
    }
    members
}

/// Two objects that are being merged, each as the positions of its members. The first is also what `Member::object` calls it by.
struct Frame {
    lower: Range<usize>,
    upper: Range<usize>,
}

/// The object `lower` with `upper` laid over it, deeply: objects merge, of anything else the upper one's value counts. Values stay
/// as they came; new members come last, in their order.
#[must_use]
pub(crate) fn merge(lower: &str, upper: &str) -> String {
    let mut merged = String::with_capacity(lower.len() + upper.len());
    let (lower, upper) = (members(lower), members(upper));
    let mut names: Names<'_> = upper
        .iter()
        .enumerate()
        .map(|(position, member)| (member.object, unescaped(member.name), position))
        .collect();
    names.sort_unstable();
    // Which members of the upper object have a place in the lower one.
    let mut placed = vec![false; upper.len()];
    let mut frames = vec![Frame {
        lower: 0..lower.len(),
        upper: 0..upper.len(),
    }];
    merged.push('{');
    while let Some(frame) = frames.last_mut() {
        let position = frame.lower.start;
        if let Some(member) = lower.get(position).filter(|_| position < frame.lower.end) {
            frame.lower.start = member.next;
            member.begin(&mut merged);
            let name = unescaped(member.name);
            let before = |(object, given, _): &(usize, Cow<'_, [u8]>, usize)| {
                (*object, given) < (frame.upper.start, &name)
            };
            let same = names.iter().skip(names.partition_point(before));
            let same = same
                .take_while(|(object, given, _)| *object == frame.upper.start && *given == name);
            let mut over = None;
            for (_, _, position) in same {
                over = upper.get(*position).map(|member| (*position, member));
                if let Some(placed) = placed.get_mut(*position) {
                    *placed = true;
                }
            }
            match over {
                Some((above, over)) if member.is_object() && over.is_object() => {
                    merged.push('{');
                    frames.push(Frame {
                        lower: position + 1..member.next,
                        upper: above + 1..over.next,
                    });
                }
                Some((_, over)) => merged.push_str(over.value),
                None => merged.push_str(member.value),
            }
        } else {
            let mut position = frame.upper.start;
            while let Some(member) = upper.get(position).filter(|_| position < frame.upper.end) {
                if placed.get(position) == Some(&false) {
                    member.begin(&mut merged);
                    merged.push_str(member.value);
                }
                position = member.next;
            }
            merged.push('}');
            frames.pop();
        }
    }
    merged
}
