//! What a store's thief can read: nothing of a call.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::{
    INTEGRATION, LOST, NEVER, REJECTED, create, fault, id, request, serve_with, with, with_key,
};
use crate::client::Request;
use crate::serve::Simulators;
use crate::stores::{Kind, Place, hexadecimal, on_each_store};

on_each_store!(store_tells_nothing);

const ADDRESS: &str = "Zoraida.Quispe@zq.example";
const NAME: &str = "Zoraida Quispé-\"Vexler\"";
const TEXT: &str = "wyvern-of-the-custom-field";
const KEY: &str = "key-of-zoraida-4711";
const UNKEYED: &str = "unkeyed-zoraida";

/// The forms in which these bytes may be written.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes();
    let hexadecimal = hexadecimal(bytes);
    let utf_16: Vec<u16> = text.encode_utf16().collect();
    let escaped = serde_json::to_string(text).expect("JSON");
    let escaped = &escaped[1..escaped.len() - 1];
    let in_ascii = |character: char| match character {
        character if character.is_ascii() => character.to_string(),
        character => format!("\\u{:04x}", u32::from(character)),
    };
    let ascii: String = escaped.chars().map(in_ascii).collect();
    let mut forms = vec![
        bytes.to_vec(),
        hexadecimal.to_uppercase().into_bytes(),
        hexadecimal.into_bytes(),
        utf_16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        utf_16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        escaped.as_bytes().to_vec(),
        ascii.into_bytes(),
        percent_encoded(bytes),
    ];
    // In base64 of a longer text it begins at any of three places, and the characters that its neighbours share are theirs, too.
    for (before, shared) in [(0, 0), (1, 2), (2, 3)] {
        for engine in [&STANDARD, &URL_SAFE] {
            let whole = [&vec![b'.'; before][..], bytes].concat();
            let encoded = engine.encode(&whole);
            let encoded = encoded.trim_end_matches('=').as_bytes();
            let end = encoded.len() - usize::from(whole.len() % 3 != 0);
            forms.push(encoded[shared..end].to_vec());
        }
    }
    forms
}

fn percent_encoded(bytes: &[u8]) -> Vec<u8> {
    let encode = |byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-._".contains(byte) => vec![*byte],
        byte => format!("%{byte:02X}").into_bytes(),
    };
    bytes.iter().flat_map(encode).collect()
}

/// The first of these texts that is in the bytes, in any form and in either case.
fn found<'a>(bytes: &[u8], texts: &'a [String]) -> Option<&'a str> {
    let bytes = bytes.to_ascii_lowercase();
    let is_in = |form: Vec<u8>| {
        let form = form.to_ascii_lowercase();
        bytes.windows(form.len()).any(|part| part == form)
    };
    let mut texts = texts.iter();
    let found = texts.find(|text| forms(text).into_iter().any(is_in));
    found.map(String::as_str)
}

/// Checks that a store has none of these texts, after calls that had them.
async fn assert_tells_nothing(place: &Place, texts: &[String]) {
    let contents = place.contents().await;
    let size: usize = contents.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(size > 4_000, "{size} bytes");
    for (name, bytes) in &contents {
        let found = found(bytes, texts);
        assert_eq!(found, None, "in {name}");
    }
}

async fn store_tells_nothing(kind: Kind) {
    let (simulators, place) = (Simulators::start().await, kind.place().await);
    let serve = serve_with(&simulators, &place, &[]);
    let account = simulators.id(INTEGRATION);
    let body = |number: usize, local: &str| {
        let address = ADDRESS.replace("Quispe", &format!("Quispe.{number}.{local}"));
        let name = serde_json::to_string(NAME).expect("JSON");
        format!(
            r#"{{"name": {name}, "emails": [{{"email": "{address}"}}], "remote_data": {{"meta": {{"note": "{TEXT}"}}}}}}"#
        )
        .into_bytes()
    };
    // Each way in which a creation ends, with a key and without.
    let mut ids = Vec::new();
    for (number, ending) in [None, Some(LOST), Some(NEVER), Some(REJECTED)]
        .into_iter()
        .enumerate()
    {
        for (local, key) in [("keyed", Some(KEY)), (UNKEYED, None)] {
            for settles in [true, false] {
                if let Some(ending) = ending {
                    fault(&simulators, ending).await;
                }
                let body = body(number, &format!("{local}.{settles}"));
                let mut call = Request {
                    body,
                    ..create(&account, ADDRESS)
                };
                if let Some(key) = key {
                    call = with_key(&call, &format!("{key}-{number}-{settles}"));
                }
                if !settles {
                    call = with(&call, "unified_settle=false");
                }
                let response = serve.call(&call).await;
                if response.status == 200 {
                    ids.push(id(&response));
                }
            }
        }
    }
    assert_eq!(ids.len(), 6);
    let change = request(
        "PATCH",
        &account,
        &ids[0],
        &format!(r#"{{"name": "{TEXT}"}}"#),
    );
    assert_eq!(serve.call(&with_key(&change, KEY)).await.status, 200);
    let deletion = with_key(&request("DELETE", &account, &ids[1], ""), KEY);
    assert_eq!(serve.call(&deletion).await.status, 200);

    let mut texts: Vec<String> = [
        "Zoraida",
        "zq.example",
        "Quispé",
        "Vexler",
        TEXT,
        KEY,
        UNKEYED,
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push(account);
    texts.push(INTEGRATION.to_owned());
    texts.extend(simulators.secrets());
    // While the server runs, and once it has ended.
    assert_tells_nothing(&place, &texts).await;
    serve.signal("KILL");
    drop(serve);
    assert_tells_nothing(&place, &texts).await;
}

#[test]
fn forms_are_found() {
    let texts = [NAME.to_owned()];
    let json = serde_json::to_string(NAME).expect("JSON");
    let utf_16 =
        |bytes: fn(u16) -> [u8; 2]| NAME.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for bytes in [
        format!("...{NAME}...").into_bytes(),
        NAME.to_uppercase().replace('É', "é").into_bytes(),
        json.replace('é', "\\u00e9").into_bytes(),
        json.into_bytes(),
        utf_16(u16::to_le_bytes),
        utf_16(u16::to_be_bytes),
        STANDARD.encode(format!("a{NAME}?")).into_bytes(),
        URL_SAFE.encode(format!("ab{NAME}")).into_bytes(),
        b"Zoraida%20Quisp%C3%A9-%22Vexler%22".to_vec(),
    ] {
        assert_eq!(
            found(&bytes, &texts),
            Some(NAME),
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    }
    assert_eq!(found(b"Zoraida", &texts), None);
}
