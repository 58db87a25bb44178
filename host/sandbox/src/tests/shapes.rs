//! The differences between providers.

use serde_json::{Value, json};

use super::{Provider, TestSandbox};

#[test]
fn dixa_adds_defaults_of_an_agent() {
    let (sandbox, dixa) = (TestSandbox::new(), Provider::named("dixa"));
    let mut body = dixa.body("i@kelpworks.example");
    body["avatarUrl"] = json!("https://kelpworks.example/i.png");
    body["additionalEmails"] = json!(["j@kelpworks.example"]);
    let (_, _, response) = dixa.create(&sandbox, &body);
    let agent = &response["data"];
    assert_eq!(agent["roles"], json!(["Agent"]));
    let avatar = agent["avatarUrl"].as_str().unwrap();
    assert!(
        avatar.starts_with("https://files.dixa.io/public/"),
        "{avatar}"
    );
    let (status, _, response) = dixa.create(&sandbox, &dixa.body("j@kelpworks.example"));
    assert_eq!(status, 400, "{response}");
    let emptied = json!({ "additionalEmails": [], "firstName": "Ines" });
    let (_, _, patched) = dixa.on_user(&sandbox, "PATCH", &agent["id"], &emptied);
    assert_eq!(
        patched["data"]["additionalEmails"],
        body["additionalEmails"]
    );
    assert_eq!(patched["data"]["firstName"], "Ines");
    for change in [
        json!({}),
        json!({ "email": "k@kelpworks.example" }),
        json!({ "roles": [] }),
        json!({ "lastName": 7 }),
    ] {
        assert_eq!(
            dixa.on_user(&sandbox, "PATCH", &agent["id"], &change).0,
            400,
            "{change}"
        );
    }
    assert_eq!(
        dixa.on_user(&sandbox, "GET", &json!("7"), &json!({})).0,
        400
    );
    let mine = "GET /dixa/v1/agents?email=i%40kelpworks.example";
    assert_eq!(
        sandbox.send(mine, &dixa.key(), &json!({})).2["data"][0]["id"],
        agent["id"]
    );
}

#[test]
fn gorgias_splits_names_lists_every_violation() {
    let (sandbox, gorgias) = (TestSandbox::new(), Provider::named("gorgias"));
    let (_, headers, user) = gorgias.create(&sandbox, &gorgias.body);
    assert!(
        headers.contains("x-gorgias-account-api-call-limit: 1/40"),
        "{headers}"
    );
    assert_eq!(user["id"], 612_004_418);
    assert_eq!(
        (&user["firstname"], &user["lastname"]),
        (&json!("Tomas"), &json!("Okafor"))
    );
    assert_eq!(user["bio"], Value::Null);
    let created = user["created_datetime"].as_str().unwrap();
    assert!(
        created.len() == 32 && created.ends_with("+00:00"),
        "{created}"
    );
    let bearer = "authorization: Bearer sandbox-gorgias-access-token\r\n";
    let body =
        json!({ "email": "a@kelpworks.example", "role": { "name": "boss" }, "firstname": "A" });
    let (status, _, response) = sandbox.send("POST /gorgias/api/users", bearer, &body);
    assert_eq!(status, 400);
    let expected = json!({
        "name": ["Missing data for required field."],
        "firstname": ["Unknown field."],
        "role.name": ["Must be one of: admin, agent, basic-agent, lite-agent, observer-agent."],
    });
    assert_eq!(response["error"]["data"], expected);
    let change = json!({ "email": "b@kelpworks.example" });
    assert_eq!(
        gorgias.on_user(&sandbox, "PUT", &user["id"], &change).0,
        400
    );
}

#[test]
fn hive_requires_owner_and_known_workspace() {
    let (sandbox, hive) = (TestSandbox::new(), Provider::named("hive"));
    let (_, _, user) = hive.create(&sandbox, &hive.body);
    assert_eq!(
        user["profile"],
        json!({ "firstName": "Priya", "lastName": "Lind" })
    );
    assert_eq!(user["id"].as_str().unwrap().len(), 17);
    let line = format!("POST {}", hive.create);
    for (wrong, message) in [
        (line.replace("Wk4", "Xx4"), "Workspace not found."),
        (line.replace("user_id", "user"), "Invalid API Key."),
    ] {
        let (status, _, response) = sandbox.send(&wrong, &hive.key(), &hive.body);
        assert_eq!(
            (status, response),
            (400, json!({ "error": 400, "message": message }))
        );
    }
    let mut external = hive.body("x@kelpworks.example");
    external["isExternal"] = json!(true);
    assert_eq!(hive.create(&sandbox, &external).0, 400);
    external["projectIds"] = json!(["p"]);
    assert_eq!(hive.create(&sandbox, &external).0, 200);
}

#[test]
fn pivotal_tracker_wraps_person_in_membership() {
    let (sandbox, tracker) = (TestSandbox::new(), Provider::named("pivotal_tracker"));
    let (_, headers, user) = tracker.create(&sandbox, &tracker.body);
    assert!(
        headers.contains("x-tracker-project-version: 1"),
        "{headers}"
    );
    assert_eq!(
        (&user["role"], &user["project_id"]),
        (&json!("member"), &json!(1))
    );
    assert_eq!(
        (&user["id"], &user["person"]["initials"]),
        (&json!(7_781_204), &json!("ID"))
    );
    let created = user["created_at"].as_str().unwrap();
    assert!(created.len() == 20 && created.ends_with('Z'), "{created}");
    let person = user["person"]["id"].clone();
    for (body, problem) in [
        (json!({}), "At least one parameter must be given"),
        (
            json!({ "role": "boss" }),
            "'role' must be one of: owner, member, viewer",
        ),
        (
            json!({ "email": "a@example.org", "name": " " }),
            "Person email and name cannot be blank",
        ),
        (
            json!({ "person_id": person }),
            "Person is already a project member",
        ),
        (
            json!({ "person_id": 7, "name": "A" }),
            "'person_id' cannot be combined with 'name'",
        ),
        (
            json!({ "shoe_size": 41 }),
            "this endpoint cannot accept the parameter: shoe_size",
        ),
    ] {
        let (status, _, response) = tracker.create(&sandbox, &body);
        assert_eq!(
            (status, &response["general_problem"]),
            (400, &json!(problem))
        );
        assert_eq!(response["code"], "invalid_parameter");
    }
    let change = json!({ "name": "A" });
    assert_eq!(
        tracker.on_user(&sandbox, "PUT", &user["id"], &change).0,
        400
    );
    let line = format!("POST {}", tracker.create.replace("/1/", "/2/"));
    let (status, _, response) = sandbox.send(&line, &tracker.key(), &tracker.body);
    assert_eq!(
        (status, &response["code"]),
        (404, &json!("unfound_resource"))
    );
}

#[test]
fn planhat_create_is_short_update_long() {
    let (sandbox, planhat) = (TestSandbox::new(), Provider::named("planhat"));
    let (_, headers, user) = planhat.create(&sandbox, &planhat.body);
    assert!(headers.contains("x-rate-limit-remaining: 199"), "{headers}");
    assert_eq!(user["roles"], json!(["000000020000000000000000"]));
    assert_eq!(
        (user["_id"].as_str().unwrap().len(), user.get("inactive")),
        (24, None)
    );
    let update = |change: Value| planhat.on_user(&sandbox, "PUT", &user["_id"], &change);
    let (_, _, long) = update(json!({ "custom": { "a": 1 }, "externalId": "hr-1" }));
    assert_eq!(long["roles"][0]["name"], "Manager");
    assert_eq!(long["inactive"], false);
    assert_eq!(
        update(json!({ "custom": { "b": 2 } })).2["custom"],
        json!({ "a": 1, "b": 2 })
    );
    let by_external_id = planhat.on_user(&sandbox, "GET", &json!("extid-hr-1"), &json!({}));
    assert_eq!(by_external_id.2["_id"], user["_id"]);
    for rejected in [
        json!({ "roles": ["Manager"] }),
        json!({ "_id": "7" }),
        json!({ "email": null }),
    ] {
        assert_eq!(update(rejected.clone()).0, 400, "{rejected}");
    }
    let basic = "authorization: Basic c2FuZGJveC1wbGFuaGF0LXRva2VuOg==\r\n";
    assert_eq!(sandbox.send("GET /planhat/users", basic, &json!({})).0, 200);
}

#[test]
fn teamwork_sends_details_when_requested() {
    let (sandbox, teamwork) = (TestSandbox::new(), Provider::named("teamwork"));
    let (_, headers, response) = teamwork.create(&sandbox, &teamwork.body);
    assert!(
        headers.contains("location: /people/480213.json"),
        "{headers}"
    );
    assert!(headers.contains("x-ratelimit-limit: 150"), "{headers}");
    assert_eq!(response, json!({ "STATUS": "OK", "id": "480213" }));
    let mut body = teamwork.body("b@example.com");
    body["person"]["getUserDetails"] = json!(true);
    let (_, _, response) = teamwork.create(&sandbox, &body);
    assert_eq!(response["user"]["firstName"], "Maren");
    let update = |person: Value| {
        teamwork.on_user(
            &sandbox,
            "PUT",
            &json!("480213"),
            &json!({ "person": person }),
        )
    };
    assert_eq!(
        update(json!({ "administrator": "yes" })).2,
        json!({ "STATUS": "OK", "id": 480_213 })
    );
    assert_eq!(update(json!({ "user-type": "boss" })).0, 400);
    assert_eq!(update(json!({ "email-address": "b@example.com" })).0, 400);
    let (_, _, person) = teamwork.on_user(&sandbox, "GET", &json!("480213"), &json!({}));
    assert_eq!(person["person"]["administrator"], true);
    let unwrapped = &teamwork.body["person"];
    assert_eq!(teamwork.create(&sandbox, unwrapped).0, 422);
}
