//! Files that hold secrets, or name them.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::Path;

use secrecy::zeroize::Zeroizing;

/// The contents of a file, and whether others can read it.
pub(crate) struct SecretFile {
    /// Without a byte order mark.
    pub(crate) text: Zeroizing<String>,
    /// The warning, where others than the owner can read the file.
    pub(crate) exposed: Option<String>,
}

/// Reads a regular file of at most `max` bytes.
///
/// Nothing else is opened: a pipe blocks, a device may have no end, and neither can be read again.
///
/// # Errors
///
/// The rest of a sentence that starts with the file's name. It quotes nothing of the file.
pub(crate) fn read(path: &Path, max: usize) -> Result<SecretFile, String> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData => "cannot be read: it is not UTF-8".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    regular(&fs::metadata(path).map_err(unreadable)?)?;
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    // It may be another file by now.
    regular(&metadata)?;
    let mut text = Zeroizing::new(String::new());
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let read = file.take(limit).read_to_string(&mut text);
    read.map_err(unreadable)?;
    if text.len() > max {
        return Err(format!("is over {max} bytes"));
    }
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        text = Zeroizing::new(rest.to_owned());
    }
    Ok(SecretFile {
        text,
        exposed: exposed(&metadata),
    })
}

fn regular(metadata: &Metadata) -> Result<(), String> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(format!("is {}; expected a regular file", kind(metadata)))
}

fn kind(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() {
        return "a directory";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
    }
    "a device"
}

#[cfg(unix)]
fn exposed(metadata: &Metadata) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o7777;
    (mode & 0o044 != 0).then(|| {
        format!("can be read by others than its owner (mode {mode:04o}); `chmod 600` mends that")
    })
}

/// Elsewhere the standard library does not say who can read a file.
#[cfg(not(unix))]
fn exposed(_: &Metadata) -> Option<String> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn only_small_regular_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(
            Command::new("mkfifo")
                .arg(at("pipe"))
                .status()
                .unwrap()
                .success()
        );
        std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        fs::write(at("large"), "x".repeat(11)).unwrap();
        fs::write(at("binary"), b"\xff\xfes\0").unwrap();
        symlink("pipe", at("link-to-pipe")).unwrap();
        for (path, expected) in [
            (at("pipe"), "is a pipe; expected a regular file"),
            (at("link-to-pipe"), "is a pipe; expected a regular file"),
            (at("socket"), "is a socket; expected a regular file"),
            (
                folder.path().to_owned(),
                "is a directory; expected a regular file",
            ),
            ("/dev/zero".into(), "is a device; expected a regular file"),
            (at("large"), "is over 10 bytes"),
            (at("binary"), "cannot be read: it is not UTF-8"),
        ] {
            assert_eq!(
                read(&path, 10).err().as_deref(),
                Some(expected),
                "{}",
                path.display()
            );
        }
        assert!(
            read(&at("missing"), 10)
                .err()
                .unwrap()
                .starts_with("cannot be read: ")
        );
        fs::write(at("right"), "\u{feff}0123456").unwrap();
        symlink("right", at("link")).unwrap();
        assert_eq!(read(&at("link"), 10).ok().unwrap().text.as_str(), "0123456");
    }

    #[test]
    fn exposed_file_gives_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "x").unwrap();
        for (mode, is_exposed) in [
            (0o600, false),
            (0o400, false),
            (0o620, false),
            (0o640, true),
            (0o604, true),
            (0o444, true),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let exposed = read(&path, 10).ok().unwrap().exposed;
            assert_eq!(exposed.is_some(), is_exposed, "{mode:o}");
            assert!(exposed.is_none_or(|exposed| exposed.contains(&format!("mode {mode:04o}"))));
        }
    }
}
