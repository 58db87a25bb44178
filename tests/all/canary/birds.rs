//! The accounts, and the forms in which a provider could say their secrets.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::provider::Answer;

/// An account whose credentials are canaries.
pub struct Bird {
    pub integration: &'static str,
    settings: &'static str,
    /// The name of the credential, and the user name that goes before it in a `Basic` header, if that is how it is sent.
    pub credential: &'static str,
    user: Option<&'static str>,
    pub update: bool,
}

pub const BIRDS: [Bird; 8] = [
    Bird::new("dixa", "api_token"),
    Bird {
        user: Some("ops@kelpworks.example"),
        ..Bird::new("gorgias", "api_key")
    },
    Bird::new("gorgias", "access_token"),
    Bird {
        settings: r#"settings = { workspace_id = "w", user_id = "u" }"#,
        update: true,
        ..Bird::new("hive", "api_key")
    },
    Bird {
        update: true,
        ..Bird::new("pivotal_tracker", "api_token")
    },
    Bird {
        update: true,
        ..Bird::new("planhat", "api_token")
    },
    Bird {
        user: Some(""),
        update: true,
        ..Bird::new("teamwork", "api_key")
    },
    Bird {
        update: true,
        ..Bird::new("teamwork", "access_token")
    },
];

/// The token that the server asks its clients for: a secret like the others, that no provider may see.
pub const SERVER_TOKEN: &str = "canary/of-the-server=0";

impl Bird {
    const fn new(integration: &'static str, credential: &'static str) -> Self {
        Self {
            integration,
            settings: "",
            credential,
            user: None,
            update: false,
        }
    }

    /// The secret. Its `/` is escaped by some writers of JSON, its `"` by all, its `+` and space by some of percent-encoding.
    pub fn secret(&self) -> String {
        format!("canary/{}+{}\"song 1", self.integration, self.credential)
    }

    /// The secret as the accounts file has it: as people paste it.
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

    pub fn account(&self, number: usize, provider: &str) -> String {
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

    /// The forms in which a provider could say the secret. (The contract promises these.)
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

    /// What comes after `Basic `. Teamwork's key is the user, and anything the password.
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

    /// Answers that say the secret in this form.
    pub fn answers(form: &str) -> Vec<Answer> {
        let json = |name: &str| (name.to_owned(), "application/json".to_owned());
        let answer = |status: u16, headers: Vec<(String, String)>, body: String| Answer {
            status,
            headers,
            body: body.into_bytes(),
        };
        // A form with a bare quote makes what would be JSON none: that is an answer, too.
        let object = format!(
            "{{\"id\": \"1\", \"name\": \"{form}\", \"{form}\": [\"x {form} y\"], \"data\": {{\"id\": \"{form}\"}}}}"
        );
        let errors = format!("{{\"message\": \"{form}\", \"errors\": [\"{form}\"]}}");
        // No header is written as JSON is.
        let header = if form.contains('\\') { "" } else { form };
        let cut = ("content-length".to_owned(), "1000".to_owned());
        vec![
            answer(200, vec![json("content-type")], object.clone()),
            answer(400, vec![json("content-type")], errors.clone()),
            answer(401, vec![json("content-type")], errors.clone()),
            answer(422, vec![json("content-type")], errors.clone()),
            answer(500, vec![], format!("<pre>authorization: {form}</pre>")),
            answer(
                302,
                vec![("location".to_owned(), format!("/?{header}"))],
                String::new(),
            ),
            answer(
                200,
                vec![("content-type".to_owned(), header.to_owned())],
                "{}".to_owned(),
            ),
            answer(
                429,
                vec![("retry-after".to_owned(), header.to_owned())],
                errors,
            ),
            answer(200, vec![json("content-type"), cut], object),
        ]
    }
}
