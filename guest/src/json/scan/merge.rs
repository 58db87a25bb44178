//! Merges one object into another.

use std::borrow::Cow;
use std::ops::Range;

use super::tokens::{Kind, Token, Tokens};
use super::{Names, unescaped};

/// A member of an object, or of an object in it. Members within arrays are not read.
struct Member<'a> {
    /// The name, with its quotation marks.
    name: &'a str,
    /// The value, as it is written.
    value: &'a str,
    /// The object of this member: 0 is the outermost, any other the value of the member before this position.
    object: usize,
    /// The position of the next member of the same object. The members between are in the value.
    next: usize,
}

impl Member<'_> {
    /// Writes the name and the colon, after a comma where one is needed.
    fn write_name(&self, object: &mut String) {
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

/// How many objects are within each other at most, no array between them.
fn depth(object: &str) -> usize {
    let (mut deepest, mut depth, mut arrays) = (0, 0, 0_usize);
    for token in Tokens::new(object) {
        match token {
            Token::Open(Kind::Object) if arrays == 0 => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            Token::Open(_) => arrays += 1,
            Token::Close if arrays == 0 => depth -= 1,
            Token::Close => arrays -= 1,
            Token::Name(_) | Token::Scalar => {}
        }
    }
    deepest
}

/// Every member that is reached through at most `depth` objects and no array, in the order of the JSON.
fn members(object: &str, depth: usize) -> Vec<Member<'_>> {
    let mut members: Vec<Member<'_>> = Vec::new();
    // Open objects and arrays: whether their members are read, the member that they are the value of, and their start.
    let mut open: Vec<(bool, Option<usize>, usize)> = Vec::new();
    let mut passed_over = 0_usize;
    let mut named = None;
    let mut tokens = Tokens::new(object);
    while let Some(token) = tokens.next() {
        let ended = match token {
            Token::Name(_) if passed_over > 0 => None,
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
                let is_read = kind == Kind::Object && open.len() < depth;
                passed_over += usize::from(!is_read);
                open.push((is_read, named.take(), tokens.start));
                None
            }
            Token::Close => open.pop().and_then(|(is_read, member, start)| {
                passed_over -= usize::from(!is_read);
                member.map(|member| (member, start))
            }),
            Token::Scalar => named.take().map(|member| (member, tokens.start)),
        };
        if let Some((position, start)) = ended {
            let next = members.len();
            if let Some(member) = members.get_mut(position) {
                member.value = object.get(start..tokens.end).unwrap_or_default();
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

/// The object `lower` with `upper` merged into it, deeply: objects merge, else the value of `upper` counts. Values keep their
/// spelling; new members come last, in their order.
#[must_use]
pub(crate) fn merge(lower: &str, upper: &str) -> String {
    let mut merged = String::with_capacity(lower.len() + upper.len());
    // Levels that only one of them has cannot merge.
    let depth = depth(lower).min(depth(upper));
    let (lower, upper) = (members(lower, depth), members(upper, depth));
    let mut names: Names<'_> = upper
        .iter()
        .enumerate()
        .map(|(position, member)| (member.object, unescaped(member.name), position))
        .collect();
    names.sort_unstable();
    // The members of the upper object that the lower one has, too.
    let mut shared = vec![false; upper.len()];
    let mut frames = vec![Frame {
        lower: 0..lower.len(),
        upper: 0..upper.len(),
    }];
    merged.push('{');
    while let Some(frame) = frames.last_mut() {
        let position = frame.lower.start;
        if let Some(member) = lower.get(position).filter(|_| position < frame.lower.end) {
            frame.lower.start = member.next;
            member.write_name(&mut merged);
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
                if let Some(shared) = shared.get_mut(*position) {
                    *shared = true;
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
                if shared.get(position) == Some(&false) {
                    member.write_name(&mut merged);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::merge;

    #[test]
    fn objects_merge_and_values_stay() {
        for (lower, upper, merged) in [
            ("{}", "{}", "{}"),
            (r#"{"a":1}"#, "{}", r#"{"a":1}"#),
            ("{}", r#"{ "a" : [ 1, {} ] }"#, r#"{"a":[ 1, {} ]}"#),
            (
                r#"{"a":1,"b":2}"#,
                r#"{"c":3,"a":1E5}"#,
                r#"{"a":1E5,"b":2,"c":3}"#,
            ),
            (
                r#"{"a":{"b":1}}"#,
                r#"{"a":{"c":{"d":"\ud83d"}}}"#,
                r#"{"a":{"b":1,"c":{"d":"\ud83d"}}}"#,
            ),
            (
                r#"{"a":{"b":{"c":1}}}"#,
                r#"{"a":{"b":{}}}"#,
                r#"{"a":{"b":{"c":1}}}"#,
            ),
            (r#"{"a":{"b":1}}"#, r#"{"a":null}"#, r#"{"a":null}"#),
            (
                r#"{"a":[{"b":1}]}"#,
                r#"{"a":[{"c":1}]}"#,
                r#"{"a":[{"c":1}]}"#,
            ),
            (r#"{"a":1}"#, r#"{"\u0061":2}"#, r#"{"a":2}"#),
            // Of the same name in different objects.
            (
                r#"{"a":{"a":1},"b":2}"#,
                r#"{"b":{"a":3},"a":{"b":4}}"#,
                r#"{"a":{"a":1,"b":4},"b":{"a":3}}"#,
            ),
            (
                r#"{"a":"}{\"\\"}"#,
                r#"{"b":"]\\\""}"#,
                r#"{"a":"}{\"\\","b":"]\\\""}"#,
            ),
            // A member given twice where nothing merges is passed on twice.
            ("{}", r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#),
        ] {
            assert_eq!(merge(lower, upper), merged, "{lower} {upper}");
        }
    }

    /// JSON in spellings that no writer would choose; members of objects have different names.
    fn json() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "null",
            "true",
            "0",
            "-0.0",
            "1E5",
            "2e400",
            "1.50",
            r#""\ud83d""#,
            r#""a\"}{""#,
            "\"é\"",
            "[ ]",
            "{ }",
        ]);
        leaf.prop_map(str::to_owned)
            .prop_recursive(5, 40, 4, |inner| {
                prop_oneof![
                    prop::collection::vec(inner.clone(), 0..4)
                        .prop_map(|list| format!("[{}]", list.join(" , "))),
                    object(inner),
                ]
            })
    }

    fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
        let names = ["a", "b", "\\u0063", "", "\\udc00"];
        prop::collection::btree_map(prop::sample::select(names.to_vec()), value, 0..4).prop_map(
            |members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\": {value}"))
                    .collect();
                format!("{{{}}}", members.join(",\n"))
            },
        )
    }

    /// Merges by a reader that takes one level at a time.
    fn merged_by_level(lower: &str, upper: &str) -> String {
        let parsed = |json| crate::json::parse(json).unwrap();
        let (lower, upper) = (parsed(lower), parsed(upper));
        let (lower, upper) = (lower.as_object().unwrap(), upper.as_object().unwrap());
        let mut members = Vec::new();
        for (name, below) in &lower.members {
            let over = upper
                .members
                .iter()
                .find(|(given, _)| given.get() == name.get());
            let value = match over.map(|(_, value)| value.get()) {
                Some(over) if over.starts_with('{') && below.get().starts_with('{') => {
                    merged_by_level(below.get(), over)
                }
                over => over.unwrap_or(below.get()).to_owned(),
            };
            members.push(format!("{name}:{value}"));
        }
        for (name, value) in &upper.members {
            if lower
                .members
                .iter()
                .all(|(given, _)| given.get() != name.get())
            {
                members.push(format!("{name}:{value}"));
            }
        }
        format!("{{{}}}", members.join(","))
    }

    proptest! {
        #[test]
        fn objects_merge_as_by_level(lower in object(json()), upper in object(json()), wrap in 0..300_usize) {
            let within = |json: &str| format!("{}{json}{}", "{\"w\":".repeat(wrap), "}".repeat(wrap));
            prop_assert_eq!(merge(&within(&lower), &within(&upper)), within(&merged_by_level(&lower, &upper)));
        }
    }
}
