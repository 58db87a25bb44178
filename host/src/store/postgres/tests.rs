//! Postgres as a store: the laws of every store, and what is the database's own. Without a server the tests say so, and pass.

mod claims;
mod database;
mod gone;
mod schema;
mod tls;

use std::time::{Duration, SystemTime};

use tokio_postgres::Client;

use super::super::record::{Millis, time};
use super::super::suite::{Harness, secret, test_store};
use super::statements::CLOCK;
use super::{Postgres, Store, parse};
use crate::postgres::{Schema, server};

/// Two handles on one database, by a clock that tests move.
struct TwoHandles {
    stores: [Postgres; 2],
    client: Client,
    _schema: Schema,
}

/// The database's clock, by what its table says ahead of it.
fn clock() -> String {
    format!("({CLOCK} + (SELECT ahead FROM test_clock))")
}

impl Harness for TwoHandles {
    fn store(&self) -> &dyn Store {
        &self.stores[0]
    }

    fn other(&self) -> &dyn Store {
        &self.stores[1]
    }

    async fn now(&self) -> SystemTime {
        let sql = format!("SELECT {}", clock());
        time(self.client.query_one(&sql, &[]).await.unwrap().get(0))
    }

    async fn pass(&self, time: Duration) {
        let millis = Millis::try_from(time.as_millis()).unwrap();
        let sql = "UPDATE test_clock SET ahead = ahead + $1";
        self.client.execute(sql, &[&millis]).await.unwrap();
    }
}

async fn two_handles() -> Option<TwoHandles> {
    let schema = server()?.schema().await;
    let client = schema.connect().await;
    let sql = "CREATE TABLE test_clock (ahead BIGINT NOT NULL); INSERT INTO test_clock VALUES (0)";
    client.batch_execute(sql).await.unwrap();
    let open = async || {
        let config = parse(&schema.url()).unwrap();
        let (secret, clock) = (secret(), clock());
        let store = Postgres::with_clock(config, &secret, None, &clock);
        store.await.unwrap()
    };
    let stores = [open().await, open().await];
    Some(TwoHandles {
        stores,
        client,
        _schema: schema,
    })
}

test_store!(two_handles);

/// A schema of the server that all tests share, without a store yet.
async fn schema() -> Option<Schema> {
    Some(server()?.schema().await)
}

async fn open(schema: &Schema) -> Postgres {
    Postgres::open(&schema.url(), &secret(), None)
        .await
        .unwrap()
}
