//! The version of a store, and the secret that it was made with: what every store of this library is checked for.
//!
//! A store has been through a number of migrations, and that number is its version. None of them is ever changed.

use subtle::ConstantTimeEq as _;

use super::StoreError;

/// The version of a store that has been through all of these.
pub(super) fn newest(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// The migrations that a store of this version has not been through.
pub(super) fn missing<'a>(
    migrations: &'a [&'a str],
    found: i64,
) -> Result<&'a [&'a str], StoreError> {
    let known = newest(migrations);
    let missing = usize::try_from(found)
        .ok()
        .and_then(|done| migrations.get(done..));
    missing.ok_or(StoreError::TooNew { found, known })
}

/// Checks the value that a store has kept of its secret against that of this secret.
pub(super) fn check_secret(kept: &[u8], check: &[u8; 32]) -> Result<(), StoreError> {
    if bool::from(kept.ct_eq(check.as_slice())) {
        return Ok(());
    }
    Err(StoreError::WrongSecret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_beyond_migrations_is_too_new() {
        let migrations = ["one", "two"];
        assert_eq!(missing(&migrations, 0), Ok(&migrations[..]));
        assert_eq!(missing(&migrations, 1), Ok(&migrations[1..]));
        assert_eq!(missing(&migrations, 2), Ok(&[][..]));
        for found in [3, i64::MAX, -1] {
            let error = StoreError::TooNew { found, known: 2 };
            assert_eq!(missing(&migrations, found), Err(error));
        }
    }

    #[test]
    fn secret_is_compared_whole() {
        let check = [7; 32];
        check_secret(&check, &check).unwrap();
        for other in [&[7; 31][..], &[7; 33], &[8; 32], &[]] {
            assert_eq!(check_secret(other, &check), Err(StoreError::WrongSecret));
        }
    }
}
