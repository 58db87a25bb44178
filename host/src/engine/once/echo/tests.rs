//! Echoes, one step after the other.

use super::*;

fn key(number: u8) -> RecordKey {
    RecordKey::from_bytes([number; 32])
}

fn transcript() -> Arc<Transcript> {
    Arc::new(Transcript::new(&Begun::Now(String::new())))
}

fn first(echoes: &Arc<Echoes>, number: u8) -> InFlight {
    match echoes.enter(key(number), false) {
        Echo::First(in_flight) => in_flight,
        _ => panic!("not the first"),
    }
}

#[tokio::test]
async fn echo_waits_for_first() {
    let echoes = Echoes::new(9);
    let in_flight = first(&echoes, 1);
    let Echo::OfInFlight(mut end) = echoes.enter(key(1), true) else {
        panic!("an echo");
    };
    let receipt = in_flight.end(End::Created, transcript());
    assert!(end.wait_for(Option::is_some).await.is_ok());
    receipt.unwrap().deliver();
    assert_eq!(echoes.len(), 0);
}

#[tokio::test]
async fn dropped_creation_is_not_remembered() {
    let echoes = Echoes::new(9);
    let in_flight = first(&echoes, 1);
    let Echo::OfInFlight(mut end) = echoes.enter(key(1), false) else {
        panic!("an echo");
    };
    drop(in_flight);
    assert!(end.wait_for(Option::is_some).await.is_err());
    assert_eq!(echoes.len(), 0);
}

#[tokio::test]
async fn dropped_creation_that_started_is_unknown() {
    let echoes = Echoes::new(9);
    let state = SendState::default();
    let mut in_flight = first(&echoes, 1);
    in_flight.call = Some((state.clone(), "then".to_owned()));
    assert!(state.start());
    drop(in_flight);
    let Echo::AfterUnknown(_, begun) = echoes.enter(key(1), false) else {
        panic!("after one that is unknown");
    };
    assert_eq!(begun, "then");
}

#[tokio::test(start_paused = true)]
async fn unknown_creation_is_settled_for_a_day() {
    let echoes = Echoes::new(9);
    first(&echoes, 1).end(
        End::Unknown("then".to_owned(), UNKNOWN_LIFETIME),
        transcript(),
    );
    for _ in 0..2 {
        // A look-up that is dropped leaves it as it was.
        let Echo::AfterUnknown(in_flight, begun) = echoes.enter(key(1), false) else {
            panic!("after one that is unknown");
        };
        assert_eq!(begun, "then");
        drop(in_flight);
    }
    drop(first(&echoes, 2));
    assert!(matches!(echoes.enter(key(1), true), Echo::First(_)));
    tokio::time::advance(UNKNOWN_LIFETIME).await;
    drop(first(&echoes, 1));
}

#[tokio::test(start_paused = true)]
async fn undelivered_response_is_kept() {
    let echoes = Echoes::new(9);
    drop(first(&echoes, 1).end(End::Created, transcript()));
    assert!(matches!(
        echoes.enter(key(1), false),
        Echo::OfUndelivered(_)
    ));
    tokio::time::advance(SETTLED_LIFETIME).await;
    drop(first(&echoes, 1));
}

#[tokio::test]
#[ignore = "a measurement; CONTRIBUTING.md has the command"]
#[expect(clippy::print_stdout, reason = "it is run for what it prints")]
async fn echoes_take_little_memory() {
    let resident = || crate::resident::resident(std::process::id()).unwrap();
    let (echoes, before) = (Echoes::new(MAX_ECHOES), resident());
    for number in 0..u32::try_from(MAX_ECHOES).unwrap() {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        let Echo::First(in_flight) = echoes.enter(RecordKey::from_bytes(bytes), false) else {
            panic!("not the first");
        };
        let end = End::Unknown("2026-03-02T08:15:30Z".to_owned(), UNKNOWN_LIFETIME);
        in_flight.end(end, transcript());
    }
    println!(
        "{} MB for {} echoes",
        (resident() - before) / 1_000_000,
        echoes.len()
    );
}

#[tokio::test]
async fn unknown_creations_are_never_evicted() {
    let echoes = Echoes::new(3);
    let in_flight = first(&echoes, 1);
    first(&echoes, 2).end(
        End::Unknown("then".to_owned(), UNKNOWN_LIFETIME),
        transcript(),
    );
    drop(first(&echoes, 3).end(End::Created, transcript()));
    // The response that was not delivered makes room for one.
    let fourth = first(&echoes, 4);
    assert!(matches!(echoes.enter(key(5), false), Echo::TooMany));
    drop((in_flight, fourth));
    assert!(matches!(
        echoes.enter(key(2), false),
        Echo::AfterUnknown(..)
    ));
}
