//! A hostile component in the engine: every attempt of it is contained.
//!
//! Each attempt is a row of a table: the attempt, its entry points, its end; and beside it a control, the same attempt without the one
//! wall that stops it, which must succeed: so the attempt is a real one. The provider counts the requests that reach it. After each
//! attempt the same engine carries out a good call.
//!
//! `cargo test --test all hostile -- --nocapture` prints the table. The component is in `tests/hostile/guest`.

mod caller;
mod contexts;
mod forgery;
mod imports;
mod leftovers;
mod limits;
mod observed;
mod operations;
mod reach;
mod requests;
mod responses;
mod secrets;
mod table;
mod traps;
mod unguarded;

use self::caller::EntryPoint;
use self::table::Table;

#[tokio::test(flavor = "multi_thread")]
async fn hostile_component_is_contained() {
    let mut table = Table::default();
    for entry_point in EntryPoint::ALL {
        reach::attempts(&mut table, entry_point).await;
        secrets::attempts(&mut table, entry_point).await;
        forgery::attempts(&mut table, entry_point).await;
        limits::attempts(&mut table, entry_point).await;
        requests::attempts(&mut table, entry_point).await;
        operations::attempts(&mut table, entry_point).await;
        contexts::attempts(&mut table, entry_point).await;
        traps::attempts(&mut table, entry_point).await;
        leftovers::attempts(&mut table, entry_point).await;
        responses::attempts(&mut table, entry_point).await;
    }
    imports::attempts(&mut table).await;
    table.print();
    let failures = table.failures();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
