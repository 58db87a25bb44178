//! The accounts, and the forms in which a provider could send their secrets.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::provider::ProviderResponse;

/// An account whose credentials are canaries.
pub struct CanaryAccount {
    pub integration: &'static str,
    settings: &'static str,
    /// The name of the credential, and the user name before it in a `Basic` header, if the integration uses one.
    pub credential: &'static str,
    user: Option<&'static str>,
    pub update: bool,
}

pub const ACCOUNTS: [CanaryAccount; 8] = [
    CanaryAccount::new("dixa", "api_token"),
    CanaryAccount {
        user: Some("ops@kelpworks.example"),
        ..CanaryAccount::new("gorgias", "api_key")
    },
    CanaryAccount::new("gorgias", "access_token"),
    CanaryAccount {
        settings: r#"settings = { workspace_id = "w", user_id = "u" }"#,
        update: true,
        ..CanaryAccount::new("hive", "api_key")
    },
    CanaryAccount {
        update: true,
        ..CanaryAccount::new("pivotal_tracker", "api_token")
    },
    CanaryAccount {
        update: true,
        ..CanaryAccount::new("planhat", "api_token")
    },
    CanaryAccount {
        user: Some(""),
        update: true,
        ..CanaryAccount::new("teamwork", "api_key")
    },
    CanaryAccount {
        update: true,
        ..CanaryAccount::new("teamwork", "access_token")
    },
];

/// The token for clients of the server: a secret like the others, which no provider may receive.
pub const SERVER_TOKEN: &str = "canary/of-the-server=0";

/// The digest of that token, which a file of tokens has in its place.
pub fn token_digest() -> String {
    crate::serve::digest(SERVER_TOKEN)
}

impl CanaryAccount {
    const fn new(integration: &'static str, credential: &'static str) -> Self {
        Self {
            integration,
            settings: "",
            credential,
            user: None,
            update: false,
        }
    }

    /// The secret. Some writers of JSON escape its `/`, all escape its `"`, and some percent-encode its `+` and space.
    pub fn secret(&self) -> String {
        format!("canary/{}+{}\"song 1", self.integration, self.credential)
    }

    /// The secret in the accounts file, as people paste it.
    fn pasted(&self, number: usize) -> String {
        let secret = self.secret();
        match number % 4 {
            0 => secret,
            1 => format!(" {secret}\t "),
            2 => format!("bearer  {secret}"),
            _ => format!("\tBearer {secret} "),
        }
    }

    pub fn id(number: usize) -> String {
        format!("{number:08x}-0000-4000-8000-000000000000")
    }

    pub fn to_toml(&self, number: usize, provider: &str) -> String {
        let (integration, credential, settings) =
            (self.integration, self.credential, self.settings);
        let email = match self.user {
            Some(user) if !user.is_empty() => format!("email = '{user}', "),
            _ => String::new(),
        };
        format!(
            "[[account]]\nid = \"{}\"\nname = \"{integration}-{credential}\"\nintegration = \"{integration}\"\n{settings}\n\
             base_url = \"{provider}/{integration}\"\ncredentials = {{ {email}{credential} = '{}' }}\n",
            Self::id(number),
            self.pasted(number),
        )
    }

    /// The forms in which a provider could send the secret. (The contract promises these.)
    pub fn forms(&self) -> Vec<String> {
        let secret = self.secret();
        let (mut escaped, mut encoded) = (String::new(), String::new());
        let (mut decimal, mut hexadecimal) = (String::new(), String::new());
        for byte in secret.bytes() {
            decimal.push_str(&format!("&#{byte};"));
            hexadecimal.push_str(&format!("&#x{byte:x};"));
            escaped.push_str(&format!("\\u{byte:04x}"));
            encoded.push_str(&format!("%{byte:02x}"));
        }
        let mut forms = vec![
            secret.clone(),
            secret.replace('"', "\\\""),
            secret.replace('/', "\\/").replace('"', "\\u0022"),
            escaped,
            utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string(),
            encoded,
            secret.replace('+', "%2B").replace(' ', "+"),
            decimal,
            hexadecimal,
            secret
                .replace('/', "&sol;")
                .replace('+', "&plus;")
                .replace('"', "&quot;"),
            STANDARD.encode(&secret),
            URL_SAFE_NO_PAD.encode(&secret),
        ];
        forms.extend(self.basic());
        forms.extend(self.pair().map(|pair| URL_SAFE_NO_PAD.encode(pair)));
        forms
    }

    /// The value after `Basic `. Teamwork's key is the user name, with any password.
    pub fn basic(&self) -> Option<String> {
        self.pair().map(|pair| STANDARD.encode(pair))
    }

    fn pair(&self) -> Option<String> {
        let secret = self.secret();
        Some(match self.user? {
            "" => format!("{secret}:x"),
            user => format!("{user}:{secret}"),
        })
    }

    /// Responses with the secret in this form.
    pub fn responses(form: &str) -> Vec<ProviderResponse> {
        let json = |name: &str| (name.to_owned(), "application/json".to_owned());
        let response =
            |status: u16, headers: Vec<(String, String)>, body: String| ProviderResponse {
                status,
                headers,
                body: body.into_bytes(),
            };
        // A form with a bare quote makes the body invalid JSON, which is a case of its own.
        let object = format!(
            "{{\"id\": \"1\", \"name\": \"{form}\", \"{form}\": [\"x {form} y\"], \"data\": {{\"id\": \"{form}\"}}}}"
        );
        let errors = format!("{{\"message\": \"{form}\", \"errors\": [\"{form}\"]}}");
        // Headers have no JSON escapes.
        let header = if form.contains('\\') { "" } else { form };
        let longer = ("content-length".to_owned(), "1000".to_owned());
        vec![
            response(200, vec![json("content-type")], object.clone()),
            response(400, vec![json("content-type")], errors.clone()),
            response(401, vec![json("content-type")], errors.clone()),
            response(422, vec![json("content-type")], errors.clone()),
            response(500, vec![], format!("<pre>authorization: {form}</pre>")),
            response(
                302,
                vec![("location".to_owned(), format!("/?{header}"))],
                String::new(),
            ),
            response(
                200,
                vec![("content-type".to_owned(), header.to_owned())],
                "{}".to_owned(),
            ),
            response(
                429,
                vec![("retry-after".to_owned(), header.to_owned())],
                errors,
            ),
            response(200, vec![json("content-type"), longer], object),
        ]
    }
}
