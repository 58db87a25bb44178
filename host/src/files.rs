//! Files that hold secrets, or name them, and those that are TOML.

mod finding;
mod reader;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use secrecy::zeroize::Zeroizing;

pub use self::finding::{FileFinding, TomlFileError};
pub(crate) use self::reader::{Span, TomlReader, shown_short};

/// Options with which a new file is its owner's alone.
pub(crate) fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the name of a new file durable.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The text of a file that holds secrets, or names them.
pub(crate) struct SecretFile {
    /// Without a byte order mark.
    pub(crate) text: Zeroizing<String>,
    /// A warning if others than the owner can read the file: the rest of a sentence that begins with the file.
    pub(crate) exposed: Option<String>,
}

/// Why a file cannot be read. The message is the rest of a sentence that begins with the file, and holds nothing of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system cannot read it.
    #[error("cannot be read: {0}")]
    Io(#[source] io::Error),
    /// It is not UTF-8.
    #[error("cannot be read: it is not UTF-8")]
    NotUtf8,
    /// It is not a regular file, but one of this kind.
    #[error("is {0}; expected a regular file")]
    NotRegular(&'static str),
    /// It is larger than this number of bytes.
    #[error("is over {0} bytes")]
    TooLarge(usize),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::NotUtf8,
            _ => Self::Io(error),
        }
    }
}

impl SecretFile {
    /// Reads a regular file of at most `max` bytes.
    ///
    /// Nothing else is opened: a pipe would be waited for, a device may have no end, and neither can be read again.
    ///
    /// # Errors
    ///
    /// When the path is not of such a file.
    pub(crate) fn from_path(path: &Path, max: usize) -> Result<Self, FileError> {
        check_regular(&fs::metadata(path)?)?;
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        // The path may lead to another file by now.
        check_regular(&metadata)?;
        let mut text = Zeroizing::new(String::new());
        let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_string(&mut text)?;
        if text.len() > max {
            return Err(FileError::TooLarge(max));
        }
        if let Some(rest) = text.strip_prefix('\u{feff}') {
            text = Zeroizing::new(rest.to_owned());
        }
        Ok(Self {
            text,
            exposed: exposed(&metadata),
        })
    }
}

fn check_regular(metadata: &Metadata) -> Result<(), FileError> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(FileError::NotRegular(kind(metadata)))
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

/// On other systems the standard library does not say who can read a file.
#[cfg(not(unix))]
fn exposed(_: &Metadata) -> Option<String> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::process::Command;

    use super::*;

    fn message(path: &Path) -> Option<String> {
        let read = SecretFile::from_path(path, 10);
        read.err().map(|error| error.to_string())
    }

    #[test]
    fn other_file_is_not_read() {
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
                message(&path).as_deref(),
                Some(expected),
                "{}",
                path.display()
            );
        }
        assert!(
            message(&at("no-such-file"))
                .unwrap()
                .starts_with("cannot be read: ")
        );
        fs::write(at("right"), "\u{feff}0123456").unwrap();
        symlink("right", at("link")).unwrap();
        let read = SecretFile::from_path(&at("link"), 10).unwrap();
        assert_eq!(read.text.as_str(), "0123456");
    }

    #[test]
    fn exposed_file_has_a_warning() {
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
            let exposed = SecretFile::from_path(&path, 10).unwrap().exposed;
            assert_eq!(exposed.is_some(), is_exposed, "{mode:o}");
            assert!(exposed.is_none_or(|exposed| exposed.contains(&format!("mode {mode:04o}"))));
        }
    }
}
