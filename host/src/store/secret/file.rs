//! The secret as text: in a file, or in a variable of the environment.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::zeroize::Zeroizing;

use super::{Secret, SecretError, random};
use crate::files::{FileError, SecretFile, private, sync_folder};

/// The bytes of a file that has a secret, at most: the rest of it is white space.
const MAX_FILE: usize = 256;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&STANDARD, LENIENT),
    GeneralPurpose::new(&URL_SAFE, LENIENT),
];

impl Secret {
    /// The secret of this text: 32 bytes in base64 (either alphabet, with or without padding) or hexadecimal. White space around it
    /// is not part of it.
    ///
    /// # Errors
    ///
    /// When it is anything else.
    pub fn from_text(text: &str) -> Result<Self, SecretError> {
        let bytes = decode(text.trim_ascii()).ok_or(SecretError::Malformed { file: None })?;
        Ok(Self::from_bytes(&bytes))
    }

    /// The secret of this file, in which it stands as [`Secret::from_text`] takes it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or holds anything else.
    pub fn from_file(file: impl AsRef<Path>) -> Result<Self, SecretError> {
        let file = file.as_ref();
        let read = SecretFile::from_path(file, MAX_FILE).map_err(|error| {
            let file = file.to_owned();
            SecretError::Unreadable { file, error }
        })?;
        let mut secret = Self::from_text(&read.text).map_err(|_| SecretError::Malformed {
            file: Some(file.to_owned()),
        })?;
        let exposed = read.exposed;
        secret.warning = exposed.map(|exposed| format!("{} {exposed}", file.display()));
        Ok(secret)
    }

    /// The secret of this file, which is made with a new one (mode 0600) if it is not there. Programs that come at the same time
    /// get the same secret.
    ///
    /// # Errors
    ///
    /// When the file can neither be read nor made, or holds anything else.
    pub fn from_file_or_new(file: impl AsRef<Path>) -> Result<Self, SecretError> {
        let file = file.as_ref();
        match Self::from_file(file) {
            Err(error) if is_missing(&error) => {
                create(file)?;
                Self::from_file(file)
            }
            read => read,
        }
    }

    /// The secret of a store in a file: that of `PATH.secret`, which is made on the first use of the store.
    ///
    /// # Errors
    ///
    /// As those of [`Secret::from_file_or_new`], and when the store is there already, but its secret is not.
    pub fn create_beside(store: impl AsRef<Path>) -> Result<Self, SecretError> {
        let store = store.as_ref();
        let file = with_suffix(store, ".secret");
        match Self::from_file(&file) {
            Err(error) if is_missing(&error) => {}
            read => return read,
        }
        // The secret is made before the store. Where the store is there, so was its secret, perhaps since a moment ago.
        let made = fs::metadata(store).is_ok_and(|metadata| metadata.len() > 0);
        if !made {
            return Self::from_file_or_new(&file);
        }
        match Self::from_file(&file) {
            Err(error) if is_missing(&error) => Err(SecretError::Lost {
                store: store.to_owned(),
                file,
            }),
            read => read,
        }
    }
}

fn is_missing(error: &SecretError) -> bool {
    matches!(error, SecretError::Unreadable { error: FileError::Io(error), .. } if error.kind() == io::ErrorKind::NotFound)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes a file with a new secret, unless another has made it meanwhile. It appears with its content: a link to a complete file.
fn create(file: &Path) -> Result<(), SecretError> {
    let mut bytes = Zeroizing::new([0; 32]);
    random(bytes.as_mut_slice())?;
    let mut tag = [0; 8];
    random(&mut tag)?;
    let temporary = with_suffix(file, &format!(".{:016x}.tmp", u64::from_be_bytes(tag)));
    let [standard, _] = &BASE64;
    let text = Zeroizing::new(standard.encode(bytes.as_slice()) + "\n");
    let created = write_new(&temporary, text.as_bytes()).and_then(|()| {
        match fs::hard_link(&temporary, file) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    });
    // Whether it was there or not: what counts is the link.
    let _ = fs::remove_file(&temporary);
    created
        // A store must not outlive its secret.
        .and_then(|()| sync_folder(file))
        .map_err(|error| SecretError::NotCreated {
            file: file.to_owned(),
            error,
        })
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = private().write(true).create_new(true).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

fn decode(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    if text.len() == 64 {
        let (pairs, _) = text.as_bytes().as_chunks::<2>();
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let digit = |digit: u8| char::from(digit).to_digit(16);
            *byte = u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?;
        }
        return Some(bytes);
    }
    let mut decoded = Zeroizing::new([0; 48]);
    let length = BASE64
        .iter()
        .find_map(|base64| base64.decode_slice(text, decoded.as_mut_slice()).ok())?;
    bytes.copy_from_slice(decoded.get(..length).filter(|_| length == 32)?);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn text_is_base64_or_hexadecimal() {
        let expected = Secret::from_bytes(&[0xfb; 32]).check_value();
        for text in [
            "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=",
            "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s",
            " -_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s\r\n",
            &"fb".repeat(32),
            &"FB".repeat(32),
        ] {
            let secret = Secret::from_text(text).unwrap();
            assert_eq!(secret.check_value(), expected, "{text}");
        }
        for text in [
            "",
            "+/v7",
            &"f".repeat(63),
            &"g".repeat(64),
            &"é".repeat(32),
            &"+/v7".repeat(12),
            &"+/v7".repeat(99),
        ] {
            let error = Secret::from_text(text).unwrap_err();
            assert!(
                matches!(error, SecretError::Malformed { file: None }),
                "{text}"
            );
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
    }

    #[test]
    fn file_without_secret_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let missing = Secret::from_file(&file).unwrap_err().to_string();
        assert!(missing.starts_with(&format!(
            "the secret's file `{}` cannot be read: ",
            file.display()
        )));
        fs::write(&file, "hunter2").unwrap();
        let malformed = Secret::from_file(&file).unwrap_err().to_string();
        assert!(malformed.contains(": expected 32 random bytes in base64"));
        assert!(!malformed.contains("hunter2"));
    }

    #[cfg(unix)]
    #[test]
    fn new_file_is_its_owners() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db.secret");
        let secret = Secret::create_beside(folder.path().join("store.db")).unwrap();
        assert_eq!(secret.warning(), None);
        let mode = |file: &Path| fs::metadata(file).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(&file), 0o600);
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 1);
        let again = Secret::from_file(&file).unwrap();
        assert_eq!(again.check_value(), secret.check_value());

        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let warning = Secret::from_file_or_new(&file).unwrap();
        assert!(warning.warning().unwrap().contains("mode 0644"));
    }

    #[test]
    fn creators_at_once_agree() {
        const CREATORS: usize = 8;
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let store = folder.path().join("store.db");
            let barrier = Barrier::new(CREATORS);
            let create = || {
                barrier.wait();
                let secret = Secret::create_beside(&store).unwrap();
                fs::write(&store, "made").unwrap();
                secret.check_value()
            };
            let values: Vec<_> = thread::scope(|scope| {
                let creators: Vec<_> = (0..CREATORS).map(|_| scope.spawn(create)).collect();
                let values = creators.into_iter().map(|creator| creator.join().unwrap());
                values.collect()
            });
            assert!(values.iter().all(|value| *value == values[0]));
        }
    }

    #[test]
    fn lost_secret_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store.db");
        fs::write(&store, "made with a secret").unwrap();
        let error = Secret::create_beside(&store).unwrap_err();
        assert!(matches!(error, SecretError::Lost { .. }), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
