//! What keeps the simulators honest.

use std::path::Path;

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn the_simulators_share_nothing_with_the_mapping() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![source.join("sandbox.rs")];
    files(&source.join("sandbox"), &mut found);
    assert!(found.len() > 7, "{found:?}");
    for file in found {
        let text = std::fs::read_to_string(&file).expect("a source file");
        for foreign in [
            "unified_ticketing_guest",
            "crate::engine",
            "crate::bindings",
            "crate::accounts",
            "crate::egress",
        ] {
            assert!(
                !text.contains(foreign),
                "{} names {foreign}",
                file.display()
            );
        }
    }
}
