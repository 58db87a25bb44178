//! What is generated into documents is current. `BLESS=1` writes it.

use std::path::Path;

use unified_ticketing_guest::describe;

#[test]
fn the_matrix_in_the_readme_is_current() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = std::fs::read_to_string(&readme).expect("README.md");
    let (begin, end) = ("<!-- matrix -->\n", "<!-- end of matrix -->");
    let (before, rest) = text.split_once(begin).expect("the matrix begins");
    let (_, after) = rest.split_once(end).expect("the matrix ends");
    let current = format!("{before}{begin}{}{end}{after}", describe::matrix());
    if text != current && std::env::var_os("BLESS").is_some() {
        std::fs::write(&readme, current).expect("README.md is written");
        return;
    }
    assert_eq!(text, current, "BLESS=1 writes the current matrix");
}
