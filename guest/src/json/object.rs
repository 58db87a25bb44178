//! An object: members in their order, each name once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Json;

/// Up to so many members, looking at each is faster than an index, and most objects have fewer.
const FEW: usize = 32;

/// The members of a JSON object, in the order in which their names came first.
#[derive(Debug, Default)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Json<'a>)>,
    /// The marks of all names. What is not marked is not there: seeing that a name is new seldom takes more.
    marks: u64,
    /// The positions of the members by their names, once there are more than a few: a body of many thousands must not cost the
    /// square of their number.
    #[expect(
        clippy::box_collection,
        reason = "every value is as large as an object, and few objects have an index"
    )]
    index: Option<Box<BTreeMap<Cow<'a, str>, usize>>>,
}

/// One bit of 64, chosen by the length and the ends of a name.
fn mark(name: &str) -> u64 {
    let (first, last) = match name.as_bytes() {
        [] => (0, 0),
        [only] => (*only, 0),
        [first, .., last] => (*first, *last),
    };
    1 << ((usize::from(first) + 5 * usize::from(last) + 3 * name.len()) % 64)
}

impl<'a> Object<'a> {
    /// The value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        let (_, value) = self.members.get(self.position(name)?)?;
        Some(value)
    }

    /// The value of this name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json<'a>> {
        let position = self.position(name)?;
        let (_, value) = self.members.get_mut(position)?;
        Some(value)
    }

    /// Sets the value of this name: at its place where there is one, else as the last member.
    pub fn insert(&mut self, name: Cow<'a, str>, value: Json<'a>) {
        if let Some(place) = self.get_mut(&name) {
            *place = value;
            return;
        }
        self.marks |= mark(&name);
        if self.members.len() == FEW {
            let index = self.index.insert(Box::default());
            for (position, (name, _)) in self.members.iter().enumerate() {
                index.insert(name.clone(), position);
            }
        }
        if let Some(index) = &mut self.index {
            index.insert(name.clone(), self.members.len());
        }
        self.members.push((name, value));
    }

    /// The members in their order.
    pub fn iter(&self) -> Members<'_, 'a> {
        self.members.iter().map(|(name, value)| (&**name, value))
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.marks & mark(name) == 0 {
            return None;
        }
        match &self.index {
            None => self.members.iter().position(|(given, _)| given == name),
            Some(index) => index.get(name).copied(),
        }
    }
}

impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

/// The members of an object, by reference.
pub(super) type Members<'o, 'a> = std::iter::Map<
    std::slice::Iter<'o, (Cow<'a, str>, Json<'a>)>,
    fn(&'o (Cow<'a, str>, Json<'a>)) -> (&'o str, &'o Json<'a>),
>;

impl<'o, 'a> IntoIterator for &'o Object<'a> {
    type Item = (&'o str, &'o Json<'a>);
    type IntoIter = Members<'o, 'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Json<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn the_last_of_two_members_counts_at_the_place_of_the_first() {
        let json = parse(br#"{"a": 1, "b": 2, "a": {"c": 3, "\u0063": 4}}"#).unwrap();
        assert_eq!(json.to_text(), r#"{"a":{"c":4},"b":2}"#);
    }

    #[test]
    fn many_members_are_found_as_few_are() {
        for many in [31, 32, 33, 34, 100_000] {
            let text = |last| {
                let members: Vec<String> = (0..many)
                    .map(|at| format!(r#""m{at}":{}"#, if at == 0 { last } else { at }))
                    .collect();
                members.join(",")
            };
            let json = format!("{{{},{}}}", text(1), text(7));
            let json = parse(json.as_bytes()).unwrap();
            assert_eq!(json.to_text(), format!("{{{}}}", text(7)), "{many}");
            assert_eq!(json["m0"].to_text(), "7");
            assert_eq!(
                json[format!("m{}", many - 1).as_str()].to_text(),
                (many - 1).to_string()
            );
            assert!(json["m"].is_null());
        }
    }
}
