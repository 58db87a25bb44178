//! The form of an input, by its first bytes.

use csv::{ByteRecord, ReaderBuilder, Terminator};

/// The characters that may separate values, the more usual first.
const DELIMITERS: [u8; 3] = *b",;\t";

/// The end of a line. By its own, the reader takes a carriage return for one, too, and counts the lines of a file that has both
/// wrong.
pub(super) const LINE_END: Terminator = Terminator::Any(b'\n');

/// The form of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Csv {
        delimiter: u8,
        /// The lines, and the bytes in UTF-8, before the names of the columns.
        skipped: (u64, u64),
    },
    JsonLines,
}

/// Finds the form of an input that begins so.
pub(super) fn form(
    head: &[u8],
    is_named: bool,
    is_known: impl Fn(&str) -> bool,
) -> Result<Form, String> {
    if !is_named && let [0, _, 0, _, ..] | [_, 0, _, 0, ..] = head {
        return Err("expected UTF-8, or UTF-16 with a byte order mark; say what it is with `--encoding utf-16le`, or `utf-16be`".to_owned());
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match text.trim_ascii_start().first() {
        None => {
            return Err(
                "expected a line of column names, or JSON objects, but found nothing".to_owned(),
            );
        }
        Some(b'{') => return Ok(Form::JsonLines),
        Some(b'[') => {
            return Err("expected JSON Lines, an object a line, but found an array: `jq -c '.[]'` makes lines of it".to_owned());
        }
        Some(_) => {}
    }
    let mut skipped = (0, 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let bytes = u64::try_from(line.len()).unwrap_or(u64::MAX);
        let line = line.trim_ascii();
        if !line.is_empty() {
            // Excel writes, and reads, what separates the values.
            let Some(separator) = separator(line) else {
                break;
            };
            let skipped = (skipped.0 + 1, skipped.1 + bytes);
            return Ok(Form::Csv {
                delimiter: separator,
                skipped,
            });
        }
        skipped.0 += 1;
        skipped.1 += bytes;
    }
    let offset = usize::try_from(skipped.1).unwrap_or(usize::MAX);
    let header = text.get(offset..).unwrap_or_default();
    let mut best = (0, 0, b',');
    for delimiter in DELIMITERS {
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .terminator(LINE_END)
            .has_headers(false)
            .flexible(true)
            .from_reader(header);
        let mut record = ByteRecord::new();
        // A header that is no text is told when it is read.
        let _ = reader.read_byte_record(&mut record);
        let known = record
            .iter()
            .filter(|name| std::str::from_utf8(name).is_ok_and(|name| is_known(name.trim())))
            .count();
        if (known, record.len()) > (best.0, best.1) {
            best = (known, record.len(), delimiter);
        }
    }
    Ok(Form::Csv {
        delimiter: best.2,
        skipped,
    })
}

/// The separator that a line such as `sep=;` says.
fn separator(line: &[u8]) -> Option<u8> {
    let (name, value) = line.split_at_checked(4)?;
    match value {
        [separator] if name.eq_ignore_ascii_case(b"sep=") => Some(*separator),
        [] if name.eq_ignore_ascii_case(b"sep=") => Some(b'\t'),
        _ => None,
    }
}
