//! temp
use std::time::Instant;
use unified_ticketing::types::*;
use unified_ticketing::*;
fn main() {
    let t = Instant::now();
    let account = Account::builder("62f44730-dd91-461e-bd6a-aedd9e0ad79d", "dixa")
        .credential("api_token", "the-token-of-dixa")
        .build()
        .unwrap();
    let engine = Engine::builder()
        .accounts(MemoryAccounts::from_iter([account]))
        .build()
        .unwrap();
    println!("build {:?}", t.elapsed());
    let user = || NewUser {
        name: Some("Ines Duarte".into()),
        emails: Some(vec![Email {
            address: "ines@acme.example".into(),
            type_: None,
        }]),
        ..Default::default()
    };
    let id = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
    for threads in [1usize, 2] {
        let hs: Vec<_> = (0..threads).map(|_| { let engine = engine.clone(); std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let t = Instant::now();
                let plan = engine.plan_create_user(id, user(), Options::default()).await.unwrap();
                let first = t.elapsed();
                let ctx = plan.context;
                let answer = || ProviderAnswer { status: 201, headers: vec![("content-type".into(), "application/json".into())], body: br#"{"data":{"id":"5f0c1d6e-1111-4222-8333-444455556666","createdAt":"2021-12-01T09:41:10Z","displayName":"Ines Duarte","email":"ines@acme.example","additionalEmails":[],"firstName":"Ines","lastName":"Duarte","roles":[]}}"#.to_vec() };
                for _ in 0..2000 { engine.plan_create_user(id, user(), Options::default()).await.unwrap(); engine.interpret_create_user(ctx.clone(), Ok(answer())).await.unwrap(); }
                let n = 20000u32;
                let t = Instant::now(); for _ in 0..n { engine.plan_create_user(id, user(), Options::default()).await.unwrap(); } let p = t.elapsed() / n;
                let t = Instant::now(); for _ in 0..n { engine.interpret_create_user(ctx.clone(), Ok(answer())).await.unwrap(); } let i = t.elapsed() / n;
                println!("threads {threads}: first {first:?} plan {p:?} interpret {i:?} both {:?}", p + i);
            })
        }) }).collect();
        for h in hs {
            h.join().unwrap();
        }
    }
}
