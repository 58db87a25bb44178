//! The attempts of a call: one command per line, its name and its argument. `\r`, `\n` and `\0` in
//! an argument are those characters.
//!
//! `send` sends the request: by the host, which then runs the rest of the script in the next step, or
//! over `wasi:http`. `send 3` sends three times. All other commands are the same in every function.

use std::borrow::Cow;

use crate::bindings::accounts::{Credentials, ResolveError, resolve};
use crate::bindings::types::{
    Outcome, ProviderRequest, ProviderResponse, Safety, Sending, TransportError,
};
use crate::{bombs, memory, send};

/// A run of a script.
pub(crate) struct Run {
    /// The results so far.
    pub(crate) report: String,
    pub(crate) response: Response,
    /// The outcome of an error that replaces the report.
    pub(crate) claim: Option<Outcome>,
    request: ProviderRequest,
    safety: Safety,
    wait_ms: u32,
    resend: bool,
    /// Replaces the context that the next step can read.
    context: Option<Vec<u8>>,
    /// The commands that the next step repeats.
    settings: String,
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

/// The next step of a call whose requests the host sends.
pub(crate) enum Next {
    Send(Sending),
    End(Run),
}

/// The start of every context.
const MARK: &str = "hostile";

impl Run {
    pub(crate) fn new(incoming: Vec<(String, String)>) -> Self {
        Self {
            report: String::new(),
            response: Response {
                status: 200,
                headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
                body: None,
                more: 0,
            },
            claim: None,
            request: ProviderRequest {
                method: "POST".to_owned(),
                url: String::new(),
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body: b"{}".to_vec(),
            },
            safety: Safety::Once,
            wait_ms: 0,
            resend: false,
            context: None,
            settings: String::new(),
            received: None,
            incoming,
        }
    }

    /// Runs a script to its first request.
    pub(crate) fn start(incoming: Vec<(String, String)>, script: &str) -> Next {
        Self::new(incoming).step(script, true)
    }

    /// Resumes a run in the next step. With a context that it cannot read, it claims that nothing was sent.
    pub(crate) fn resume(
        context: &[u8],
        response: Result<ProviderResponse, TransportError>,
    ) -> Next {
        let mut run = Self::new(Vec::new());
        let context = String::from_utf8_lossy(context);
        let mut parts = context.splitn(4, '\0');
        let (Some(MARK), Some(settings), Some(script), Some(report)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            run.claim = Some(Outcome::NotSent);
            return Next::End(run);
        };
        for line in settings.lines() {
            run.command(line);
        }
        report.clone_into(&mut run.report);
        run.receive(response.map_err(|error| format!("{error:?}")));
        run.step(script, false)
    }

    fn step(mut self, script: &str, is_first: bool) -> Next {
        let Some(rest) = self.until_send(script) else {
            return Next::End(self);
        };
        let context = self.context.take();
        let own = || format!("{MARK}\0{}\0{rest}\0{}", self.settings, self.report).into_bytes();
        Next::Send(Sending {
            context: context.unwrap_or_else(own),
            plan: is_first.then(|| self.request.clone()),
            request: self.request,
            safety: self.safety,
            wait_ms: self.wait_ms,
            resend: self.resend,
            warnings: Vec::new(),
        })
    }

    /// Runs a script to its end, or to the first `send`, and then returns the rest.
    fn until_send<'a>(&mut self, script: &'a str) -> Option<Cow<'a, str>> {
        let mut rest = script;
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            if line == "send" {
                return Some(after.into());
            }
            if let Some(times) = line.strip_prefix("send ") {
                let more = times.parse::<u64>().unwrap_or(1).saturating_sub(1);
                return Some(match more {
                    0 => after.into(),
                    more => format!("send {more}\n{after}").into(),
                });
            }
            self.command(line);
            rest = after;
        }
        None
    }

    /// Runs a script to its end, and sends over `wasi:http`.
    pub(crate) fn whole(&mut self, script: &str) {
        let mut rest = Some(Cow::from(script));
        while let Some(script) = rest {
            rest = self
                .until_send(&script)
                .map(|rest| rest.into_owned().into());
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
            self.say(&format!("rejected {what}"));
        }
        self.receive(response);
    }

    /// Reports the result of a request, once for several in a row with the same result.
    fn receive(&mut self, response: Result<ProviderResponse, String>) {
        let line = match response {
            Ok(response) => {
                let line = format!("answered {}", response.status);
                self.received = Some(response);
                line
            }
            Err(why) => format!("no response: {why}"),
        };
        if self.report.lines().next_back() != Some(&line) {
            self.say(&line);
        }
    }

    fn command(&mut self, line: &str) {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest
            .replace("\\r", "\r")
            .replace("\\n", "\n")
            .replace("\\0", "\0");
        if self.set(name, &rest) {
            self.settings.push_str(line);
            self.settings.push('\n');
        } else {
            self.act(name, &rest);
        }
    }

    /// Changes the next requests or the response. False if the command does something else.
    fn set(&mut self, name: &str, rest: &str) -> bool {
        let number = || rest.parse::<u32>().unwrap_or_default();
        let header = || {
            let (name, value) = rest.split_once(": ").unwrap_or((rest, ""));
            (name.to_owned(), value.to_owned())
        };
        let headers = || (0..number()).map(|index| (format!("x-{index}"), String::new()));
        match name {
            "to" => rest.clone_into(&mut self.request.url),
            "method" => rest.clone_into(&mut self.request.method),
            "header" => self.request.headers.push(header()),
            "headers" => self.request.headers.extend(headers()),
            "body" => self.request.body = rest.as_bytes().to_vec(),
            "safety" => {
                self.safety = match rest {
                    "safe" => Safety::Safe,
                    "idempotent" => Safety::Idempotent,
                    _ => Safety::Once,
                }
            }
            "wait" => self.wait_ms = number(),
            "resend" => self.resend = true,
            "claim" => {
                self.claim = Some(match rest {
                    "not-sent" => Outcome::NotSent,
                    "rejected" => Outcome::Rejected,
                    _ => Outcome::Unknown,
                });
            }
            "response-status" => self.response.status = u16::try_from(number()).unwrap_or_default(),
            "response-header" => self.response.headers.push(header()),
            "response-headers" => self.response.headers.extend(headers()),
            "response-body" => self.response.body = Some(rest.to_owned()),
            "response-more" => self.response.more = usize::try_from(number()).unwrap_or_default(),
            _ => return false,
        }
        true
    }

    fn act(&mut self, name: &str, rest: &str) {
        let number = || rest.parse::<u64>().unwrap_or_default();
        let count = || usize::try_from(number()).unwrap_or_default();
        match name {
            "context" => self.context = Some(rest.as_bytes().to_vec()),
            "send-over-wasi" => self.send(),
            "hold" => self.hold(),
            "send-and-trap" => self.send_and_trap(),
            "trap" => std::arch::wasm32::unreachable(),
            "echo" => self.echo(),
            "resolve" => self.resolve(rest),
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
            "remember" => memory::remember(rest),
            "recall" => self.say(&format!("recalls `{}`", memory::recall())),
            "stain" => memory::stain(rest),
            "search" => {
                let first = rest.bytes().next().unwrap_or_default();
                let found = memory::search(first.wrapping_add(1), rest.get(1..).unwrap_or(""));
                self.say(&format!("finds {found}"));
            }
            "incoming" => {
                for (name, value) in std::mem::take(&mut self.incoming) {
                    self.say(&format!("received {name}: {value}"));
                }
            }
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
