//! The attempts of a call: one command per line, its name and its argument. `\r`, `\n` and `\0` in
//! an argument are those characters.
//!
//! `send` sends the request: by the host, which then runs the rest of the script in the second
//! function, or over `wasi:http`. All other commands are the same in every function.

use crate::bindings::accounts::{Credentials, ResolveError, resolve};
use crate::bindings::types::{ProviderRequest, ProviderResponse};
use crate::{bombs, memory, send};

/// A run of a script.
pub(crate) struct Run {
    /// The results so far.
    pub(crate) report: String,
    pub(crate) request: ProviderRequest,
    pub(crate) response: Response,
    received: Option<ProviderResponse>,
    incoming: Vec<(String, String)>,
}

/// The response to a request of the HTTP API.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// Replaces the report.
    pub(crate) body: Option<String>,
    /// The number of MiB to add.
    pub(crate) more: usize,
}

impl Run {
    pub(crate) fn new(incoming: Vec<(String, String)>) -> Self {
        Self {
            report: String::new(),
            request: ProviderRequest {
                method: "POST".to_owned(),
                url: String::new(),
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body: b"{}".to_vec(),
            },
            response: Response {
                status: 200,
                headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
                body: None,
                more: 0,
            },
            received: None,
            incoming,
        }
    }

    /// Resumes a run in the second function. Returns it and the rest of the script.
    pub(crate) fn resume(
        context: &[u8],
        response: Result<ProviderResponse, String>,
    ) -> (Self, String) {
        let context = String::from_utf8_lossy(context);
        let (script, report) = context.split_once('\0').unwrap_or((&context, ""));
        let mut run = Self::new(Vec::new());
        report.clone_into(&mut run.report);
        run.receive(response);
        (run, script.to_owned())
    }

    /// The context for the second function.
    pub(crate) fn context(&self, rest: &str) -> Vec<u8> {
        format!("{rest}\0{}", self.report).into_bytes()
    }

    /// Runs a script to its end, or to the first `send`, and then returns the rest.
    pub(crate) fn until_send<'a>(&mut self, script: &'a str) -> Option<&'a str> {
        let mut rest = script;
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            if line == "send" {
                return Some(after);
            }
            self.command(line);
            rest = after;
        }
        None
    }

    /// Runs a script to its end.
    pub(crate) fn whole(&mut self, script: &str) {
        let mut rest = Some(script);
        while let Some(script) = rest {
            rest = self.until_send(script);
            if rest.is_some() {
                self.send();
            }
        }
    }

    fn say(&mut self, line: &str) {
        self.report.push_str(line);
        self.report.push('\n');
    }

    fn send(&mut self) {
        let mut rejected = Vec::new();
        let response = send::send(&self.request, &mut rejected);
        for what in rejected {
            self.say(&format!("refused {what}"));
        }
        self.receive(response);
    }

    fn receive(&mut self, response: Result<ProviderResponse, String>) {
        match response {
            Ok(response) => {
                self.say(&format!("answered {}", response.status));
                self.received = Some(response);
            }
            Err(why) => self.say(&format!("no answer: {why}")),
        }
    }

    fn command(&mut self, line: &str) {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest
            .replace("\\r", "\r")
            .replace("\\n", "\n")
            .replace("\\0", "\0");
        let number = || rest.parse::<u64>().unwrap_or_default();
        let count = || usize::try_from(number()).unwrap_or_default();
        let header = || {
            let (name, value) = rest.split_once(": ").unwrap_or((&rest, ""));
            (name.to_owned(), value.to_owned())
        };
        match name {
            "to" => self.request.url = rest,
            "method" => self.request.method = rest,
            "header" => self.request.headers.push(header()),
            "headers" => {
                let many = (0..number()).map(|index| (format!("x-{index}"), String::new()));
                self.request.headers.extend(many);
            }
            "body" => self.request.body = rest.into_bytes(),
            "send-over-wasi" => self.send(),
            "flood" => self.flood(count()),
            "hold" => self.hold(),
            "send-and-trap" => self.send_and_trap(),
            "trap" => std::arch::wasm32::unreachable(),
            "echo" => self.echo(),
            "resolve" => self.resolve(&rest),
            "spin" => {
                bombs::spin(rest.parse().ok());
                self.say("spun");
            }
            "memory" => {
                bombs::memory(count());
                self.say("took memory");
            }
            "table" => {
                let got = bombs::table(u32::try_from(number()).unwrap_or(u32::MAX));
                self.say(if got {
                    "grew the table"
                } else {
                    "the table stays"
                });
            }
            "recurse" => {
                bombs::recurse(number());
                self.say("came back");
            }
            "hoard" => {
                let hoarded = bombs::hoard(count());
                self.say(&format!("hoards {hoarded}"));
            }
            "amplify" => {
                let taken = bombs::amplify(count());
                self.say(if taken { "taken" } else { "not taken" });
            }
            "remember" => memory::remember(&rest),
            "recall" => self.say(&format!("recalls `{}`", memory::recall())),
            "stain" => memory::stain(&rest),
            "search" => {
                let mut bytes = rest.bytes();
                let first = bytes.next().unwrap_or_default();
                let found = memory::search(first.wrapping_add(1), rest.get(1..).unwrap_or(""));
                self.say(&format!("finds {found}"));
            }
            "incoming" => {
                for (name, value) in std::mem::take(&mut self.incoming) {
                    self.say(&format!("came {name}: {value}"));
                }
            }
            "status" => self.response.status = u16::try_from(number()).unwrap_or_default(),
            "answer-header" => self.response.headers.push(header()),
            "answer-headers" => {
                let many = (0..number()).map(|index| (format!("x-{index}"), String::new()));
                self.response.headers.extend(many);
            }
            "answer" => self.response.body = Some(rest),
            "more" => self.response.more = count(),
            #[cfg(feature = "more")]
            "look-around" => self.look_around(),
            other => self.say(&format!("no such command: {other}")),
        }
    }

    fn resolve(&mut self, id: &str) {
        let found = match resolve(id) {
            Ok(account) => {
                let credentials = match account.credentials {
                    Credentials::Injected(names) => format!("names {}", names.join(" ")),
                    Credentials::Disclosed(values) => format!("values {values:?}"),
                };
                format!("{}, {credentials}", account.integration)
            }
            Err(ResolveError::Unknown) => "unknown".to_owned(),
            Err(ResolveError::Unusable(why)) => format!("unusable: {why}"),
        };
        self.say(&format!("resolved {id}: {found}"));
    }

    /// Reports the whole response.
    fn echo(&mut self) {
        if let Some(response) = self.received.take() {
            for (name, value) in response.headers {
                self.say(&format!("heard {name}: {value}"));
            }
            let body = String::from_utf8_lossy(&response.body).into_owned();
            self.say(&format!("heard {body}"));
        }
    }

    /// Sends many times.
    fn flood(&mut self, count: usize) {
        let (mut responses, mut denied) = (0, 0);
        for _ in 0..count {
            match send::send(&self.request, &mut Vec::new()) {
                Ok(_) => responses += 1,
                Err(_) => denied += 1,
            }
        }
        self.say(&format!("{responses} answered, {denied} denied"));
    }

    /// Sends, and never ends the request's body.
    fn hold(&mut self) {
        match send::hand_over(&self.request, &mut Vec::new()) {
            Ok(sending) => {
                let response = send::wait(&sending.future);
                drop(sending.body);
                self.receive(response);
            }
            Err(why) => self.receive(Err(why)),
        }
    }

    /// Traps while a request is in flight.
    fn send_and_trap(&mut self) {
        if let Ok(sending) = send::hand_over(&self.request, &mut Vec::new()) {
            let _ = send::write(&sending.body, &self.request.body);
            drop(wasi::http::types::OutgoingBody::finish(sending.body, None));
            std::arch::wasm32::unreachable();
        }
    }

    #[cfg(feature = "more")]
    fn look_around(&mut self) {
        let now = wasi::clocks::wall_clock::now().seconds;
        self.say(&format!("it is {now}"));
        let random = wasi::random::random::get_random_u64();
        self.say(&format!("by chance {random}"));
        let variables = wasi::cli::environment::get_environment().len();
        self.say(&format!("{variables} variables"));
        let directories = wasi::filesystem::preopens::get_directories().len();
        self.say(&format!("{directories} directories"));
    }
}
