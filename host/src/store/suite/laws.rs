//! The laws, one function each.

use super::*;

pub(in super::super) async fn fresh_record_is_new(harness: &impl Harness) {
    let first = new(claim(harness.store(), request(1)).await);
    let second = new(claim(harness.other(), request(2)).await);
    assert_ne!(first.id, second.id);
    assert!(first.key == key(1));
    assert_age(harness, first.begun, Duration::ZERO).await;
}

pub(in super::super) async fn claimed_record_is_in_flight(harness: &impl Harness) {
    new(claim(harness.store(), request(1)).await);
    harness
        .pass(LEASE.saturating_sub(Duration::from_secs(10)))
        .await;
    for store in [harness.store(), harness.other()] {
        for resend in [false, true] {
            let left = in_flight(&claim(store, request(1).resend(resend)).await);
            assert!(left <= Duration::from_secs(10) && left > Duration::from_secs(5));
        }
    }
}

pub(in super::super) async fn done_record_is_kept(harness: &impl Harness) {
    keep_done(harness.store(), 1).await;
    let age = DAY.saturating_sub(MINUTE);
    harness.pass(age).await;
    for resend in [false, true] {
        let kept = done(claim(harness.other(), request(1).resend(resend)).await);
        assert_eq!(kept.sealed, b"made");
        assert_age(harness, kept.begun, age).await;
    }
    harness.pass(MINUTE).await;
    new(claim(harness.other(), request(1)).await);
}

pub(in super::super) async fn unknown_record_is_leased(harness: &impl Harness) {
    let first = keep_unknown(harness.store(), 1).await;
    harness.pass(DAY).await;
    let (second, kept) = unknown(claim(harness.other(), request(1)).await);
    assert_eq!(kept.as_deref(), Some(&b"lost"[..]));
    assert_ne!(second.id, first.id);
    assert_age(harness, second.begun, DAY).await;
    in_flight(&claim(harness.store(), request(1)).await);

    let outcome = KeptOutcome::Done;
    let kept = harness.other().keep(second, outcome, b"found".into(), None);
    assert!(kept.await.unwrap());
    let kept = done(claim(harness.store(), request(1)).await);
    assert_eq!(kept.sealed, b"found");
    assert_age(harness, kept.begun, DAY).await;
}

pub(in super::super) async fn lapsed_record_is_unknown(harness: &impl Harness) {
    new(claim(harness.store(), request(1)).await);
    for lapses in 1..=3 {
        harness.pass(LEASE).await;
        let (again, kept) = unknown(claim(harness.other(), request(1)).await);
        assert_eq!(kept, None);
        assert_age(harness, again.begun, LEASE * lapses).await;
        in_flight(&claim(harness.store(), request(1)).await);
    }
    harness.pass(WEEK.saturating_sub(LEASE * 3)).await;
    new(claim(harness.store(), request(1)).await);
}

pub(in super::super) async fn other_fingerprint_is_mismatch(harness: &impl Harness) {
    let store = harness.store();
    keep_unknown(store, 1).await;
    keep_done(store, 2).await;
    for lapsed in [false, true] {
        for name in [1, 2, 3] {
            if name == 3 && !lapsed {
                new(claim(store, request(3)).await);
            }
            for resend in [false, true] {
                let mut other = request(name).resend(resend);
                other.fingerprint = Fingerprint::from_bytes([2; 32]);
                let found = claim(harness.other(), other).await;
                assert!(matches!(found, Claimed::Mismatch), "{name}: {found:?}");
            }
        }
        harness.pass(LEASE).await;
    }
    harness.pass(WEEK).await;
    for name in [1, 2, 3] {
        let mut other = request(name);
        other.fingerprint = Fingerprint::from_bytes([2; 32]);
        new(claim(store, other).await);
    }
}

pub(in super::super) async fn replace_claims_other_fingerprint(harness: &impl Harness) {
    let store = harness.store();
    keep_done(store, 1).await;
    let mut other = request(1).replace(true);
    other.fingerprint = Fingerprint::from_bytes([2; 32]);
    let claimed = new(claim(harness.other(), other.clone()).await);
    // The first one is forgotten, and the second one in flight.
    in_flight(&claim(store, request(1).replace(true)).await);
    assert!(matches!(claim(store, request(1)).await, Claimed::Mismatch));
    let sealed = b"changed".to_vec();
    let kept = store.keep(claimed, KeptOutcome::Done, sealed, None).await;
    assert!(kept.unwrap());
    let kept = done(claim(store, other).await);
    assert_eq!(kept.sealed, b"changed");
}

pub(in super::super) async fn given_back_record_is_new(harness: &impl Harness) {
    let store = harness.store();
    let first = new(claim(store, request(1)).await);
    assert!(harness.other().give_back(first.clone()).await.unwrap());
    assert!(!store.give_back(first).await.unwrap());
    let mut other = request(1);
    other.fingerprint = Fingerprint::from_bytes([2; 32]);
    new(claim(store, other).await);

    keep_unknown(store, 2).await;
    let (second, _) = unknown(claim(store, request(2)).await);
    assert!(store.give_back(second).await.unwrap());
    new(claim(store, request(2)).await);
}

pub(in super::super) async fn resend_claims_unknown_anew(harness: &impl Harness) {
    let store = harness.store();
    keep_unknown(store, 1).await;
    new(claim(store, request(2)).await);
    harness.pass(DAY).await;
    for name in [1, 2] {
        let again = new(claim(harness.other(), request(name).resend(true)).await);
        assert_age(harness, again.begun, Duration::ZERO).await;
        in_flight(&claim(store, request(name).resend(true)).await);
        // Whatever had been kept is gone.
        harness.pass(LEASE).await;
        let (_, kept) = unknown(claim(store, request(name)).await);
        assert_eq!(kept, None);
    }
}

pub(in super::super) async fn short_lived_claim_lapses_away(harness: &impl Harness) {
    let mut short = request(1);
    short.lifetime = short.lease;
    let first = new(claim(harness.store(), short.clone()).await);
    harness.pass(LEASE.saturating_sub(TOLERANCE * 2)).await;
    in_flight(&claim(harness.other(), short.clone()).await);
    harness.pass(TOLERANCE * 2).await;
    let second = new(claim(harness.other(), short.clone()).await);
    assert!(!harness.store().give_back(first).await.unwrap());
    assert!(harness.store().give_back(second).await.unwrap());
    // A lifetime never ends before the lease.
    short.lifetime = Duration::ZERO;
    new(claim(harness.store(), short.clone()).await);
    in_flight(&claim(harness.other(), short).await);
}

pub(in super::super) async fn lost_claim_changes_nothing(harness: &impl Harness) {
    let store = harness.store();
    let lost = new(claim(store, request(1)).await);
    harness.pass(LEASE).await;
    let (holder, _) = unknown(claim(harness.other(), request(1)).await);
    assert_powerless(store, &lost).await;
    in_flight(&claim(store, request(1)).await);

    let outcome = KeptOutcome::Done;
    let kept = harness
        .other()
        .keep(holder.clone(), outcome, b"mine".into(), Some(DAY));
    assert!(kept.await.unwrap());
    for ended in [&lost, &holder] {
        assert_powerless(store, ended).await;
    }
    assert_eq!(done(claim(store, request(1)).await).sealed, b"mine");
}

async fn assert_powerless(store: &dyn Store, claim: &Claim) {
    for outcome in [KeptOutcome::Done, KeptOutcome::Unknown] {
        let kept = store.keep(claim.clone(), outcome, b"late".into(), Some(DAY));
        assert!(!kept.await.unwrap());
    }
    assert!(!store.give_back(claim.clone()).await.unwrap());
    assert!(!store.release(claim.clone()).await.unwrap());
}

pub(in super::super) async fn release_leaves_record_as_found(harness: &impl Harness) {
    let store = harness.store();
    let first = new(claim(store, request(1)).await);
    assert!(harness.other().release(first.clone()).await.unwrap());
    assert!(!store.release(first).await.unwrap());
    new(claim(store, request(1)).await);

    keep_unknown(store, 2).await;
    for _ in 0..2 {
        let (again, kept) = unknown(claim(store, request(2)).await);
        assert_eq!(kept.as_deref(), Some(&b"lost"[..]));
        assert!(store.release(again).await.unwrap());
    }

    harness.pass(LEASE).await;
    for _ in 0..2 {
        let (again, kept) = unknown(claim(store, request(1)).await);
        assert_eq!(kept, None);
        assert!(store.release(again).await.unwrap());
    }
}

pub(in super::super) async fn keep_without_lifetime_keeps_expiry(harness: &impl Harness) {
    let store = harness.store();
    keep_unknown(store, 1).await;
    harness.pass(WEEK.saturating_sub(MINUTE)).await;
    let (again, _) = unknown(claim(store, request(1)).await);
    let outcome = KeptOutcome::Unknown;
    assert!(
        store
            .keep(again, outcome, b"still".into(), None)
            .await
            .unwrap()
    );
    let (_, kept) = unknown(claim(store, request(1)).await);
    assert_eq!(kept.as_deref(), Some(&b"still"[..]));
    harness.pass(MINUTE).await;
    new(claim(store, request(1)).await);
}

pub(in super::super) async fn take_over_outlives_expiry(harness: &impl Harness) {
    let store = harness.store();
    keep_unknown(store, 1).await;
    harness.pass(WEEK.saturating_sub(LEASE / 2)).await;
    unknown(claim(store, request(1)).await);
    harness.pass(LEASE.saturating_sub(TOLERANCE)).await;
    in_flight(&claim(harness.other(), request(1)).await);
    assert_eq!(store.sweep().await.unwrap(), 0);
}

pub(in super::super) async fn echo_is_found_until_forgotten(harness: &impl Harness) {
    let store = harness.store();
    let find = async |store: &dyn Store| store.find_unknown(key(1)).await.unwrap();
    assert_eq!(find(store).await, None);
    // A key of a record and a key of an echo are different things.
    new(claim(store, request(1)).await);
    assert_eq!(find(store).await, None);

    let begun = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_903_389_123);
    let echo = UnknownEcho::new(begun, b"lost".into());
    store.put_unknown(key(1), echo.clone(), DAY).await.unwrap();
    assert_eq!(find(store).await, Some(echo.clone()));
    assert_eq!(find(harness.other()).await, Some(echo));

    let found = UnknownEcho::new(begun, b"found".into());
    store
        .put_unknown(key(1), found.clone(), MINUTE)
        .await
        .unwrap();
    assert_eq!(find(harness.other()).await.unwrap().sealed, b"found");
    harness.pass(MINUTE).await;
    assert_eq!(find(store).await, None);

    store.put_unknown(key(1), found, DAY).await.unwrap();
    harness.other().forget_unknown(key(1)).await.unwrap();
    harness.other().forget_unknown(key(2)).await.unwrap();
    assert_eq!(find(store).await, None);
    in_flight_or_lapsed(&claim(store, request(1)).await);
}

fn in_flight_or_lapsed(claimed: &Claimed) {
    assert!(
        matches!(claimed, Claimed::InFlight { .. } | Claimed::Unknown { .. }),
        "{claimed:?}"
    );
}

pub(in super::super) async fn sweep_deletes_what_has_expired(harness: &impl Harness) {
    let store = harness.store();
    keep_done(store, 1).await;
    keep_unknown(store, 2).await;
    new(claim(store, request(3)).await);
    let begun = harness.now().await;
    let echo = UnknownEcho::new(begun, b"lost".into());
    store.put_unknown(key(1), echo.clone(), DAY).await.unwrap();
    store.put_unknown(key(2), echo, WEEK).await.unwrap();
    assert_eq!(store.sweep().await.unwrap(), 0);

    harness.pass(DAY).await;
    assert_eq!(harness.other().sweep().await.unwrap(), 2);
    assert_eq!(store.sweep().await.unwrap(), 0);
    assert!(store.find_unknown(key(2)).await.unwrap().is_some());
    let (second, _) = unknown(claim(store, request(2)).await);
    assert!(store.release(second).await.unwrap());
    let (third, _) = unknown(claim(store, request(3)).await);
    assert!(store.release(third).await.unwrap());

    harness.pass(WEEK).await;
    assert_eq!(store.sweep().await.unwrap(), 3);
}

pub(in super::super) async fn claims_at_once_have_one_winner(harness: &impl Harness) {
    let claims = (0..64).map(|number: u8| {
        let store = [harness.store(), harness.other()][usize::from(number % 2)];
        store.claim(request(1))
    });
    let mut winners = 0;
    for claimed in join_all(claims).await {
        match claimed.unwrap() {
            Claimed::New(_) => winners += 1,
            other => drop(in_flight(&other)),
        }
    }
    assert_eq!(winners, 1);
}

pub(in super::super) async fn large_record_is_kept_whole(harness: &impl Harness) {
    let store = harness.store();
    let sealed: Vec<u8> = (0..8 << 20)
        .map(|byte: u32| byte.to_le_bytes()[1])
        .collect();
    let claimed = new(claim(store, request(1)).await);
    let kept = store.keep(claimed, KeptOutcome::Done, sealed.clone(), Some(DAY));
    assert!(kept.await.unwrap());
    let kept = done(claim(harness.other(), request(1)).await);
    assert!(kept.sealed == sealed);
}
