//! Attempts to import more than the world has.

use unified_ticketing::Engine;
use unified_ticketing_hostile::WITH_MORE_IMPORTS;

use super::caller::{Caller, EntryPoint, ID, account, accounts, load, provider, request};
use super::observed::Observed;
use super::table::{Row, Table};
use super::unguarded;

pub(super) async fn attempts(table: &mut Table) {
    let all_of_wasi = unguarded::respond(WITH_MORE_IMPORTS, &request(ID, "look-around"));
    let then = Observed::from_response(&all_of_wasi);
    let succeeded = then.says("it is ") && then.says("directories");
    for entry_point in EntryPoint::ALL {
        let home = provider().await;
        let builder = Engine::builder()
            .accounts(accounts([account(ID, &home)]))
            .sender(entry_point.sender())
            .max_instances(1);
        let built = load(builder, WITH_MORE_IMPORTS).build();
        let (observed, contained) = match built {
            Err(_) => ("not loaded".to_owned(), entry_point.is_component_driven()),
            Ok(engine) => {
                let caller = Caller {
                    entry_point,
                    engine,
                };
                let observed = caller.run("look-around").await;
                caller.assert_recovers(&home).await;
                let trapped =
                    matches!(&observed, Observed::Error { code, .. } if code == "guest-trap");
                (
                    observed.summary(),
                    trapped && !entry_point.is_component_driven(),
                )
            }
        };
        table.push(Row {
            attempt: "clocks, chance, environment, files",
            entry_point,
            observed,
            contained,
            control: "a linker with all of WASI",
            then_observed: then.summary_if(succeeded, "has them"),
            succeeded,
        });
    }
}
