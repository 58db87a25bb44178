//! A hostile component in the engine: it tries everything, and gets nowhere.
//!
//! Each attempt is a row of a table: what the component tried, by which senders, and what happened;
//! and beside it a control, the same attempt with that one wall out of its way, which succeeds: so
//! the attempt is a real one. What reached a provider is counted by the provider. After each attempt
//! the same engine carries out a good call.
//!
//! `cargo test -p unified-ticketing --lib hostile -- --nocapture` prints the table. The component is
//! in `tests/hostile/guest`.

mod answers;
mod forgery;
mod imports;
mod leftovers;
mod limits;
mod reach;
mod scene;
mod secrets;
mod table;
mod traps;

use self::scene::Way;
use self::table::Table;

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_component_gets_nowhere() {
    let mut table = Table::default();
    for way in Way::ALL {
        reach::attempts(&mut table, way).await;
        secrets::attempts(&mut table, way).await;
        forgery::attempts(&mut table, way).await;
        limits::attempts(&mut table, way).await;
        traps::attempts(&mut table, way).await;
        leftovers::attempts(&mut table, way).await;
        answers::attempts(&mut table, way).await;
    }
    imports::attempts(&mut table).await;
    table.print();
    let wrong = table.wrong();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
