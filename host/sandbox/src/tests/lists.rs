//! Lists: their order, pages, filters, and the shapes of users in them.

use std::slice;

use serde_json::{Value, json};

use super::{Provider, TestSandbox, providers};

const FIVE: [&str; 5] = [
    "a@example.org",
    "b@example.org",
    "c@example.org",
    "d@example.org",
    "e@example.org",
];

/// All pages of this size, by what each page says about the next one.
pub(super) fn pages(sandbox: &TestSandbox, provider: &Provider, size: usize) -> Vec<Vec<Value>> {
    let parameter = provider.page.as_ref().unwrap();
    let first = format!("{}?{parameter}={size}", provider.create);
    let (mut target, mut pages, mut count) = (Some(first.clone()), Vec::new(), 0);
    while let Some(path) = target {
        let line = format!("GET {path}");
        let (status, headers, list) = sandbox.send(&line, &provider.key(), &json!({}));
        assert_eq!(status, 200, "{path}: {list}");
        let users = list.pointer(&provider.users).unwrap();
        pages.push(users.as_array().unwrap().clone());
        count += users.as_array().unwrap().len();
        let header = format!("x-page: {}\r\nx-pages: {}\r\n", pages.len(), pages.len());
        target = match provider.name.as_str() {
            "dixa" => list["meta"]["next"].as_str().map(str::to_owned),
            "gorgias" => {
                let cursor = list["meta"]["next_cursor"].as_str();
                let encode =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect();
                let cursor: Option<String> = cursor.map(encode);
                cursor.map(|cursor| format!("{first}&cursor={cursor}"))
            }
            "planhat" => {
                (users.as_array().unwrap().len() == size).then(|| format!("{first}&offset={count}"))
            }
            _ => (!headers.contains(&header)).then(|| format!("{first}&page={}", pages.len() + 1)),
        };
    }
    pages
}

/// The value with every time replaced.
fn without_times(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (name.clone(), without_times(value)));
            Value::Object(members.collect())
        }
        Value::Array(values) => values.iter().map(without_times).collect(),
        Value::String(text) if text.len() >= 20 && text.get(10..11) == Some("T") => json!("TIME"),
        other => other.clone(),
    }
}

#[test]
fn pages_lead_to_the_end() {
    let sandbox = TestSandbox::new();
    for provider in providers() {
        let ids = provider.fill(&sandbox, &FIVE);
        assert_eq!(
            provider.ids(&provider.list(&sandbox, &provider.create)),
            ids
        );
        if provider.page.is_none() {
            continue;
        }
        for size in [1, 2, 4, 6] {
            let pages = pages(&sandbox, &provider, size);
            let end = usize::from(provider.name == "planhat" && size == 1);
            assert_eq!(
                pages.len(),
                5_usize.div_ceil(size) + end,
                "{}",
                provider.name
            );
            assert_eq!(provider.ids(&pages.concat()), ids, "{}", provider.name);
        }
    }
}

#[test]
fn pages_stay_valid_after_delete() {
    let sandbox = TestSandbox::new();
    for name in ["dixa", "gorgias"] {
        let provider = Provider::named(name);
        let ids = provider.fill(&sandbox, &FIVE);
        let parameter = provider.page.as_ref().unwrap();
        let line = format!("GET {}?{parameter}=2", provider.create);
        let (_, _, first) = sandbox.send(&line, &provider.key(), &json!({}));
        provider.delete(&sandbox, &ids[1]);
        let next = first["meta"]["next"].as_str().map(str::to_owned);
        let next = next.unwrap_or_else(|| {
            let cursor = first["meta"]["next_cursor"].as_str().unwrap();
            let cursor = cursor.replace('=', "%3D");
            format!("{}?limit=2&cursor={cursor}", provider.create)
        });
        assert_eq!(provider.ids(&provider.list(&sandbox, &next)), ids[2..4]);
    }
}

#[test]
fn filter_compares_addresses_without_case() {
    let sandbox = TestSandbox::new();
    for provider in providers() {
        let Some(find) = &provider.find else {
            continue;
        };
        let ids = provider.fill(&sandbox, &["Ines@example.org", "b@example.org"]);
        let found = |address: &str| {
            let users = provider.list(&sandbox, &find.replace("{}", address));
            provider.ids(&users)
        };
        assert_eq!(found("Ines@example.org"), ids[..1], "{}", provider.name);
        assert_eq!(found("ines@EXAMPLE.org"), ids[..1], "{}", provider.name);
        assert_eq!(found("s@example.org"), ids[..0], "{}", provider.name);
    }
}

#[test]
fn dixa_pages_link_to_neighbours() {
    let (sandbox, dixa) = (TestSandbox::new(), Provider::named("dixa"));
    dixa.fill(&sandbox, &FIVE);
    let get = |path: &str| sandbox.send(&format!("GET {path}"), &dixa.key(), &json!({}));
    let (_, _, first) = get("/dixa/v1/agents?pageLimit=2");
    assert_eq!(first["meta"].get("previous"), None);
    let next = first["meta"]["next"].as_str().unwrap();
    assert!(next.starts_with("/dixa/v1/agents?pageKey="), "{next}");
    let (_, _, second) = get(next);
    assert_eq!(second["data"].as_array().unwrap().len(), 2);
    let previous = second["meta"]["previous"].as_str().unwrap();
    assert_eq!(get(previous).2["data"], first["data"]);
    let (_, _, rest) = get(&format!("{next}&pageLimit=9"));
    assert_eq!(rest["data"].as_array().unwrap().len(), 3);
    assert_eq!(rest["meta"].get("next"), None);
    for path in ["pageLimit=0", "pageLimit=x", "pageKey=x", "email=a&phone=b"] {
        let (status, _, response) = get(&format!("/dixa/v1/agents?{path}"));
        assert_eq!(status, 400, "{response}");
        assert!(response["message"].is_string(), "{response}");
    }
    let (_, _, found) = get("/dixa/v1/agents?email=c%40example.org");
    let id = &found["data"][0]["id"];
    let expected = json!({
        "data": [{
            "id": id, "createdAt": "TIME", "displayName": "Ines Halvorsen", "email": "c@example.org",
            "additionalEmails": [], "additionalPhoneNumbers": [], "middleNames": [], "roles": ["Agent"],
        }],
        "meta": {},
    });
    assert_eq!(without_times(&found), expected);
    let (_, _, agent) = dixa.on_user(&sandbox, "GET", id, &json!({}));
    assert_eq!(agent, json!({ "data": found["data"][0] }));
}

#[test]
fn gorgias_list_is_ordered_filtered() {
    let (sandbox, gorgias) = (TestSandbox::new(), Provider::named("gorgias"));
    for (name, role) in [("Bo Lee", "admin"), ("Ada Lee", "agent"), ("Cy", "agent")] {
        let mut body = gorgias.body(format!("{}@example.org", name.replace(' ', "")));
        body["name"] = json!(name);
        body["role"]["name"] = json!(role);
        gorgias.create(&sandbox, &body);
    }
    let names = |query: &str| {
        let users = gorgias.list(&sandbox, &format!("/gorgias/api/users?{query}"));
        users
            .iter()
            .map(|user| user["firstname"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(""), ["Ada", "Bo", "Cy"]);
    assert_eq!(names("order_by=name:desc"), ["Cy", "Bo", "Ada"]);
    assert_eq!(names("order_by=created_datetime:asc"), ["Bo", "Ada", "Cy"]);
    assert_eq!(names("order_by=role.name:asc"), ["Bo", "Ada", "Cy"]);
    assert_eq!(names("roles=agent&roles=bot"), ["Ada", "Cy"]);
    assert_eq!(names("search=lee"), ["Ada", "Bo"]);
    assert_eq!(names("email=Cy@example.org"), ["Cy"]);
    let get = |query: &str| {
        let line = format!("GET /gorgias/api/users?{query}");
        sandbox.send(&line, &gorgias.key(), &json!({}))
    };
    let (_, _, list) = get("limit=1&order_by=name:desc");
    let cursor = list["meta"]["next_cursor"]
        .as_str()
        .unwrap()
        .replace('=', "%3D");
    let query = format!("limit=1&order_by=name:desc&cursor={cursor}");
    let (_, _, second) = get(&query);
    assert_eq!(second["uri"], format!("/gorgias/api/users?{query}"));
    let previous = second["meta"]["prev_cursor"]
        .as_str()
        .unwrap()
        .replace('=', "%3D");
    let (_, _, first) = get(&format!("limit=1&order_by=name:desc&cursor={previous}"));
    assert_eq!(first["data"], list["data"]);
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("order_by=age:asc", "order_by"),
        ("cursor=x", "cursor"),
        (&format!("cursor={cursor}"), "cursor"),
    ] {
        let (status, _, response) = get(query);
        assert_eq!(status, 400, "{response}");
        assert!(response["error"]["data"][name][0].is_string(), "{response}");
    }
    let (_, _, list) = get("limit=1");
    let user = &list["data"][0];
    let expected = json!({
        "id": 612_004_419, "active": true, "bio": null, "created_datetime": "TIME", "country": null,
        "deactivated_datetime": null, "email": "AdaLee@example.org", "external_id": null,
        "firstname": "Ada", "has_password": false, "has_2fa_enabled": false, "lastname": "Lee",
        "language": null, "meta": { "sso": null, "profile_picture_url": null }, "name": "Ada Lee",
        "role": { "name": "agent" }, "timezone": "UTC", "updated_datetime": "TIME", "client_id": null,
        "uri": format!("http://{}/gorgias/api/users/612004419/", sandbox.address),
    });
    assert_eq!(without_times(user), expected);
    assert_eq!(
        (&list["object"], &list["meta"]["total_resources"]),
        (&json!("list"), &Value::Null)
    );
    assert_eq!(
        gorgias.on_user(&sandbox, "GET", &user["id"], &json!({})).2,
        *user
    );
}

#[test]
fn hive_users_are_bare_arrays() {
    let (sandbox, hive) = (TestSandbox::new(), Provider::named("hive"));
    let ids = hive.fill(&sandbox, &FIVE[..1]);
    let expected = json!({
        "id": ids[0], "profile": { "firstName": "Priya", "lastName": "Lind" },
        "fullName": "Priya Lind", "email": "a@example.org",
    });
    let listed = hive.list(&sandbox, &hive.create);
    assert_eq!(listed, slice::from_ref(&expected));
    let find = hive.find.as_ref().unwrap().replace("{}", "a@example.org");
    assert_eq!(hive.list(&sandbox, &find), slice::from_ref(&expected));
    assert_eq!(
        hive.on_user(&sandbox, "GET", &ids[0], &json!({})).2,
        expected
    );
    for (body, message) in [
        (json!({}), "'userId' is required"),
        (json!({ "userId": "x" }), "User not found"),
        (json!([]), "The body is not a JSON object"),
    ] {
        let line = format!("DELETE {}", hive.create);
        let (status, _, response) = sandbox.send(&line, &hive.key(), &body);
        assert_eq!(
            (status, response),
            (400, json!({ "error": 400, "message": message }))
        );
    }
}

#[test]
fn pivotal_tracker_sorts_by_name() {
    let (sandbox, tracker) = (TestSandbox::new(), Provider::named("pivotal_tracker"));
    for name in ["Bo Lee", "Ada Lee"] {
        let mut body = tracker.body(format!("{}@example.org", name.replace(' ', "")));
        body["name"] = json!(name);
        tracker.create(&sandbox, &body);
    }
    let listed = tracker.list(&sandbox, &tracker.create);
    let expected = json!({
        "kind": "project_membership", "id": 7_781_204, "created_at": "TIME", "updated_at": "TIME",
        "person": {
            "kind": "person", "id": 2_290_417, "name": "Bo Lee", "email": "BoLee@example.org",
            "initials": "BL", "username": "bolee",
        },
        "project_id": 1, "role": "member", "project_color": "3d7a9e", "favorite": false,
        "wants_comment_notification_emails": true,
        "will_receive_mention_notifications_or_emails": true,
    });
    assert_eq!(without_times(&listed[0]), expected);
    let got = tracker.on_user(&sandbox, "GET", &listed[0]["id"], &json!({}));
    assert_eq!(got.2, listed[0]);
    let sorted = tracker.list(&sandbox, &format!("{}?sort_by=name", tracker.create));
    assert_eq!(tracker.ids(&sorted), [json!(7_781_205), json!(7_781_204)]);
    let (_, headers, _) = tracker.delete(&sandbox, &listed[0]["id"]);
    assert!(
        headers.contains("x-tracker-project-version: 3"),
        "{headers}"
    );
}

#[test]
fn planhat_roles_differ_in_lists() {
    let (sandbox, planhat) = (TestSandbox::new(), Provider::named("planhat"));
    let ids = planhat.fill(&sandbox, &FIVE[..1]);
    let listed = &planhat.list(&sandbox, &planhat.create)[0];
    let expected = json!({
        "_id": ids[0], "firstName": "Tariq", "lastName": "Osei", "nickName": "T", "email": "a@example.org",
        "image": { "path": "" }, "isHidden": false, "removed": false, "inactive": false,
        "roles": [{
            "_id": "000000020000000000000000", "name": "Manager", "description": "The whole portfolio",
        }],
        "poc": [], "isExposedAsSenderOption": false, "notificationsEnabled": true,
        "defaultMeetingLength": 60, "dailyDigest": true, "followerUpdate": true,
        "inAppNotifications": true, "permissions": {}, "createDate": "TIME", "__v": 0,
    });
    assert_eq!(without_times(listed), expected);
    let (_, _, mut got) = planhat.on_user(&sandbox, "GET", &ids[0], &json!({}));
    assert_eq!(got["roles"], json!(["000000020000000000000000"]));
    got["roles"] = listed["roles"].clone();
    assert_eq!(got, *listed);
    for query in ["limit=x", "offset=-1", "limit=90000"] {
        let page = planhat.list(&sandbox, &format!("/planhat/users?{query}"));
        assert_eq!(page.len(), 1, "{query}");
    }
    assert_eq!(planhat.list(&sandbox, "/planhat/users?offset=7").len(), 0);
}

#[test]
fn teamwork_person_differs_in_lists() {
    let (sandbox, teamwork) = (TestSandbox::new(), Provider::named("teamwork"));
    let line = "GET /teamwork/people.json?page=3&pageSize=2";
    let (_, headers, _) = sandbox.send(line, &teamwork.key(), &json!({}));
    assert!(
        headers.contains("x-page: 3\r\nx-pages: 1\r\nx-records: 0\r\n"),
        "{headers}"
    );
    teamwork.fill(&sandbox, &FIVE);
    let (_, headers, page) = sandbox.send(line, &teamwork.key(), &json!({}));
    assert!(
        headers.contains("x-page: 3\r\nx-pages: 3\r\nx-records: 5\r\n"),
        "{headers}"
    );
    let mut expected = json!({
        "id": "480217", "first-name": "Maren", "last-name": "Solheim", "email-address": "e@example.org",
        "email-alt-1": "", "email-alt-2": "", "email-alt-3": "", "user-name": "e@example.org",
        "user-type": "account", "avatar-url": "https://cdn.example.com/av/480217.png", "title": "",
        "company-id": "1", "company-name": "Acme", "administrator": false, "site-owner": false,
        "deleted": false, "in-owner-company": true, "isClientUser": false, "phone-number-office": "",
        "phone-number-mobile": "", "created-at": "TIME", "last-changed-on": "TIME", "last-login": "",
        "user-invited": "2", "user-invited-status": "PENDING", "user-invited-date": "TIME",
        "user-invite-accepted-date": "", "isServiceAccount": false,
        "permissions": { "can-add-projects": false, "can-manage-people": false }, "address": {}, "tags": [],
        "lengthOfDay": "8.0", "companyId": "1", "full-name": "Maren Solheim", "utilizationTarget": "0.8",
    });
    assert_eq!(
        without_times(&page),
        json!({ "STATUS": "OK", "people": [expected.clone()] })
    );
    let (_, _, got) = teamwork.on_user(&sandbox, "GET", &json!("480217"), &json!({}));
    let members = expected.as_object_mut().unwrap();
    members.retain(|name, _| name != "full-name" && name != "utilizationTarget");
    members.insert("in-owner-company".to_owned(), json!("1"));
    members.insert("companyRoleId".to_owned(), json!("1"));
    assert_eq!(
        without_times(&got),
        json!({ "STATUS": "OK", "person": expected })
    );
    let all = teamwork.list(&sandbox, "/teamwork/people.json?page=0&pageSize=x");
    assert_eq!(all.len(), 5);
}
