//! Generated parts of documents are current. `BLESS=1` writes them.

use std::path::Path;

use unified_ticketing_guest::describe;

#[test]
fn matrix_in_readme_is_current() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = std::fs::read_to_string(&readme).expect("README.md");
    let (start, end) = ("<!-- matrix -->\n", "<!-- end of matrix -->");
    let (before, rest) = text.split_once(start).expect("the start of the matrix");
    let (_, after) = rest.split_once(end).expect("the end of the matrix");
    let current = format!("{before}{start}{}{end}{after}", describe::matrix());
    if text != current && std::env::var_os("BLESS").is_some() {
        std::fs::write(&readme, current).expect("README.md is written");
        return;
    }
    assert_eq!(text, current, "BLESS=1 writes the current matrix");
}
