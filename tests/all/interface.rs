//! The shipped component: its imports, its exports, its size.

use std::collections::BTreeSet;

use unified_ticketing::Engine;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Docs, Resolve, Type, TypeDefKind, WorldItem, WorldKey};

/// The interfaces of one side of the component's world, with the number of functions in each.
fn interfaces(
    resolve: &Resolve,
    items: &indexmap::IndexMap<WorldKey, WorldItem>,
) -> BTreeSet<(String, usize)> {
    items
        .iter()
        .map(|(key, item)| match item {
            WorldItem::Interface { id, .. } => (
                resolve.name_world_key(key),
                resolve.interfaces[*id].functions.len(),
            ),
            other => panic!("expected an interface, but found {other:?}"),
        })
        .collect()
}

/// The interfaces with functions that a component imports, and those that it exports.
fn world(component: &[u8]) -> (BTreeSet<String>, BTreeSet<String>) {
    let decoded = decode(component).expect("a component");
    let DecodedWasm::Component(resolve, world) = decoded else {
        panic!("a component, not a package");
    };
    let world = &resolve.worlds[world];
    let names = |items| {
        interfaces(&resolve, items)
            .into_iter()
            .filter(|(_, functions)| *functions > 0)
            .map(|(name, _)| name)
            .collect()
    };
    (names(&world.imports), names(&world.exports))
}

#[test]
fn core_imports_accounts_alone() {
    let (imports, exports) = world(Engine::core());
    let accounts = "unified:ticketing/accounts@0.2.0";
    assert_eq!(imports, [accounts.to_owned()].into());
    let promised = [
        "unified:ticketing/http-api@0.2.0",
        "unified:ticketing/integrations@0.2.0",
        "unified:ticketing/steps@0.2.0",
    ];
    assert_eq!(exports, promised.map(str::to_owned).into());
}

#[test]
fn component_imports_promised_interfaces() {
    let (imports, _) = world(Engine::component());
    let promised = [
        "unified:ticketing/accounts@0.2.0",
        "wasi:http/outgoing-handler@0.2.12",
        "wasi:http/types@0.2.12",
        "wasi:io/error@0.2.12",
        "wasi:io/poll@0.2.12",
        "wasi:io/streams@0.2.12",
    ];
    assert_eq!(imports, promised.map(str::to_owned).into());
}

#[test]
fn standalone_imports_wasi_alone() {
    let (mut imports, exports) = world(Engine::standalone());
    assert!(imports.remove("wasi:cli/environment@0.2.12"), "{imports:?}");
    let (mut plain, contract) = world(Engine::component());
    assert!(plain.remove("unified:ticketing/accounts@0.2.0"));
    assert_eq!(imports, plain);
    assert_eq!(exports, contract);
}

#[test]
fn component_exports_contract() {
    let (_, exports) = world(Engine::component());
    let promised = [
        "unified:ticketing/http-api@0.2.0",
        "unified:ticketing/integrations@0.2.0",
        "unified:ticketing/steps@0.2.0",
        "unified:ticketing/users@0.2.0",
        "wasi:http/incoming-handler@0.2.12",
    ];
    assert_eq!(exports, promised.map(str::to_owned).into());
}

#[test]
fn components_are_small() {
    let core = Engine::core().len();
    assert!(core <= 357_000, "{core} bytes");
    let size = Engine::component().len();
    assert!(size <= 431_000, "{size} bytes");
    let more = Engine::standalone().len() - size;
    assert!(more <= 25_000, "{more} bytes more when standalone");
}

#[test]
fn components_hold_no_local_path() {
    let workspace = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2);
    let here = workspace
        .and_then(|workspace| workspace.to_str())
        .expect("a folder")
        .as_bytes();
    for component in [Engine::component(), Engine::core(), Engine::standalone()] {
        assert!(!component.windows(here.len()).any(|window| window == here));
    }
}

#[test]
fn every_contract_item_is_documented() {
    let mut resolve = Resolve::default();
    let wit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let (package, _) = resolve.push_dir(&wit).expect("the contract");
    let mut undocumented = Vec::new();
    let mut check = |docs: &Docs, name: String| {
        if docs
            .contents
            .as_ref()
            .is_none_or(|docs| docs.trim().is_empty())
        {
            undocumented.push(name);
        }
    };
    let package = &resolve.packages[package];
    check(&package.docs, package.name.to_string());
    for (name, id) in &package.worlds {
        check(&resolve.worlds[*id].docs, name.clone());
    }
    for (interface, id) in &package.interfaces {
        let items = &resolve.interfaces[*id];
        check(&items.docs, interface.clone());
        for (name, function) in &items.functions {
            check(&function.docs, format!("{interface}.{name}"));
        }
        for (name, id) in &items.types {
            let item = &resolve.types[*id];
            if matches!(item.kind, TypeDefKind::Type(Type::Id(used)) if resolve.types[used].owner != item.owner)
            {
                continue; // `use` of another interface's type
            }
            check(&item.docs, format!("{interface}.{name}"));
            let parts: Vec<(&String, &Docs)> = match &item.kind {
                TypeDefKind::Record(record) => record
                    .fields
                    .iter()
                    .map(|field| (&field.name, &field.docs))
                    .collect(),
                TypeDefKind::Variant(variant) => variant
                    .cases
                    .iter()
                    .map(|case| (&case.name, &case.docs))
                    .collect(),
                TypeDefKind::Enum(cases) => cases
                    .cases
                    .iter()
                    .map(|case| (&case.name, &case.docs))
                    .collect(),
                _ => Vec::new(),
            };
            for (part, docs) in parts {
                check(docs, format!("{interface}.{name}.{part}"));
            }
        }
    }
    assert_eq!(undocumented, [""; 0], "items without documentation");
}
