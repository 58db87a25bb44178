//! What a call may use, and the instances that serve it.

use unified_ticketing_guest::integration::ALL;

use super::*;

#[tokio::test]
async fn limits_end_call_not_engine() {
    let provider = Provider::start([]).await;
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(8 << 20));
    for engine in engines(&provider, |engine| engine.max_memory(8 << 20)) {
        let user = NewUser {
            remote_data: Some(large.clone()),
            ..ines()
        };
        let result = engine.create_user(ID, user, Options::default()).await;
        assert_eq!(
            code(&result),
            (ErrorCode::LimitExceeded, 500, Outcome::NotSent)
        );
        assert!(result.unwrap_err().message.contains("memory"));
        engine
            .plan_create_user(ID, ines(), Options::default())
            .await
            .unwrap();
    }
    let numbers = format!("[{}0]", "1,".repeat(4 << 20));
    for engine in engines(&provider, |engine| {
        engine.max_cpu(Duration::ZERO).max_memory(1 << 30)
    }) {
        let user = NewUser {
            remote_data: Some(format!("{{\"a\": {numbers}}}")),
            ..ines()
        };
        let result = engine.create_user(ID, user, Options::default()).await;
        assert_eq!(
            code(&result),
            (ErrorCode::LimitExceeded, 500, Outcome::NotSent)
        );
        assert!(result.unwrap_err().message.contains("CPU"));
    }
    assert_eq!(provider.received(), []);
}

#[tokio::test]
async fn deep_input_fits_on_stack() {
    let provider = Provider::start([response(201, CREATED), response(201, CREATED)]).await;
    let deep = format!("{{\"a\": {}1{}}}", "{\"a\": ".repeat(120), "}".repeat(120));
    for engine in engines(&provider, |engine| engine) {
        let user = NewUser {
            remote_data: Some(deep.clone()),
            ..ines()
        };
        let result = engine.create_user(ID, user, Options::default()).await;
        result.unwrap();
    }
    assert!(provider.received()[0].1.contains(&"}".repeat(120)));
}

#[tokio::test]
async fn component_lists_integrations() {
    let names: Vec<String> = Engine::builder()
        .build()
        .unwrap()
        .integrations()
        .await
        .unwrap()
        .into_iter()
        .map(|integration| integration.name)
        .collect();
    let listed: Vec<&str> = ALL.iter().map(|integration| integration.name).collect();
    assert_eq!(names, listed);
}

#[test]
fn component_fits_pool() {
    let limits = Limits {
        memory: 64 << 20,
        cpu: Duration::from_secs(1),
        requests: 1,
        instances: 1,
        reuse: 1,
    };
    let guest = Guest::new(CORE, limits, false).unwrap();
    let component = guest.component.component_type();
    let imports: Vec<&str> = component
        .imports(guest.engine())
        .map(|(name, _)| name)
        .filter(|name| !name.ends_with("/types@0.2.0"))
        .collect();
    assert_eq!(imports, ["unified:ticketing/accounts@0.2.0"]);
    let needs = guest.component.resources_required().unwrap();
    assert_eq!(needs.num_memories, 1);
    assert!(needs.max_initial_memory_size.unwrap() <= 64 << 20);
}

#[tokio::test]
async fn surplus_calls_wait_for_instances() {
    let provider = Provider::start((0..8).map(|_| response(201, CREATED))).await;
    for engine in engines(&provider, |engine| engine.max_instances(1)) {
        let calls: Vec<_> = (0..4)
            .map(|number| {
                let engine = engine.clone();
                let user = with_address(&format!("user{number}@acme.example"));
                tokio::spawn(async move { engine.create_user(ID, user, Options::default()).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
    }
    assert_eq!(provider.received().len(), 8);
}
