//! Files of every form.

use std::io::Write as _;

use super::super::columns::Field;
use super::form::form;
use super::*;

fn found(head: &[u8]) -> Result<Form, String> {
    form(head, false, |name| Field::parse(name).is_some())
}

fn csv(delimiter: u8, skipped: (u64, u64)) -> Form {
    Form::Csv { delimiter, skipped }
}

#[test]
fn form_is_found_by_itself() {
    for (head, form) in [
        (&b"name,email\n"[..], csv(b',', (0, 0))),
        (b"name;email\n", csv(b';', (0, 0))),
        (b"name\temail", csv(b'\t', (0, 0))),
        (b"\"name\";\"Plan, Start\"\n", csv(b';', (0, 0))),
        (b"\r\n\r\nemail;a,b,c,d\n", csv(b';', (2, 4))),
        (b"sep=;\r\nname,email\r\n", csv(b';', (1, 7))),
        (b"email\n", csv(b',', (0, 0))),
        (b"\xef\xbb\xbfname;email\n", csv(b';', (0, 0))),
        (b" {\"name\": 1}", Form::JsonLines),
    ] {
        assert_eq!(found(head), Ok(form), "{}", String::from_utf8_lossy(head));
    }
    for head in [&b""[..], b" \n\n", b"[{}]", b"n\0a\0m\0e\0", b"\0n\0a"] {
        assert!(found(head).is_err(), "{head:?}");
    }
}

fn read(bytes: &[u8], encoding: Option<&str>) -> (Vec<(u64, Vec<String>)>, Vec<String>) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("it is written");
    let arguments = ColumnArgs {
        map: Vec::new(),
        set: Vec::new(),
        ignored: Vec::new(),
        trim: false,
        encoding: encoding.map(str::to_owned),
    };
    let input = Input::open(file.path(), &arguments, |name| Field::parse(name).is_some());
    let input = input.unwrap_or_else(|error| panic!("{}", error.body));
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    // Twice, because an import reads it twice.
    for pass in 0..2 {
        let rows = input.rows();
        let mut rows = rows.unwrap_or_else(|error| panic!("{}", error.body));
        if pass == 0 {
            while rows.next().is_some() {}
            continue;
        }
        let header = rows
            .header()
            .unwrap_or_else(|error| panic!("{}", error.body));
        read.push((0, header.unwrap_or_default()));
        while let Some(row) = rows.next() {
            match row {
                Ok(Record {
                    line,
                    content: Content::Cells(cells),
                }) => read.push((line, cells)),
                Ok(Record {
                    line,
                    content: Content::Json(json),
                }) => read.push((line, vec![json])),
                Err(ReadError::Row(fault)) => {
                    faults.push(format!("{}: {}", fault.line, fault.message));
                }
                Err(ReadError::Input(error)) => panic!("{}", error.body),
            }
        }
    }
    (read, faults)
}

fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
    (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
}

#[test]
fn lines_are_those_of_the_file() {
    let text = b"\nname,email\r\n\r\nInes,i@k.example\r\n,\n\"Two\nlines\",t@k.example,,\n\n\nLast,l@k.example";
    let (read, faults) = read(text, None);
    assert_eq!(
        read,
        [
            row(0, &["name", "email"]),
            row(4, &["Ines", "i@k.example"]),
            row(6, &["Two\nlines", "t@k.example"]),
            row(10, &["Last", "l@k.example"]),
        ]
    );
    assert_eq!(faults, [""; 0]);
}

#[test]
fn encodings_are_read_as_named() {
    let utf16: Vec<u8> = "\u{feff}name;email\r\nZoë;z@k.example\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let expected = [row(0, &["name", "email"]), row(2, &["Zoë", "z@k.example"])];
    assert_eq!(read(&utf16, None).0, expected);
    let big: Vec<u8> = utf16
        .chunks(2)
        .flat_map(|pair| [pair[1], pair[0]])
        .collect();
    assert_eq!(read(&big, None).0, expected);
    let windows = b"name;email\r\nZo\xeb;z@k.example\r\n";
    assert_eq!(read(windows, Some("windows-1252")).0, expected);
    let (_, faults) = read(windows, None);
    assert!(faults[0].starts_with("2: expected UTF-8"), "{faults:?}");
    let marked = "\u{feff}name;email\nZoë;z@k.example\n".as_bytes();
    assert_eq!(read(marked, None).0, expected);
}

#[test]
fn other_number_of_values_fails() {
    let (_, faults) = read(b"name,email\nInes\nA,a@k.example,more\n", None);
    assert_eq!(
        faults,
        [
            "2: expected 2 values, as many as there are columns, but found 1",
            "3: expected 2 values, as many as there are columns, but found 3"
        ]
    );
}

#[test]
fn json_lines_are_numbered() {
    let (read, faults) = read(b"\xef\xbb\xbf{\"a\":1}\n\n {\"b\":2} \r\n\xff\n", None);
    assert_eq!(read[1..], [row(1, &["{\"a\":1}"]), row(3, &["{\"b\":2}"])]);
    assert_eq!(faults, ["4: expected UTF-8, but found other bytes"]);
}
