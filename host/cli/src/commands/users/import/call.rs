//! The calls of a row. Retrying, settling and looking are the engine's; here is only when to ask it again.

use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::sleep;
use unified_ticketing::http_api::HttpResponse;
use unified_ticketing::types::{ErrorCode, Outcome, Safety};
use unified_ticketing::{Engine, SendState};

use super::super::header;
use super::limiter::Limiter;
use super::outcome::{RowOutcome, RowResult};
use super::row::{CallMode, Row, RowOperation, derived_key};
use crate::args::IfExists;
use crate::json::Object;

/// How long after a creation whose outcome is unknown its user has to be absent before it is sent again.
pub(super) const ABSENT_AFTER: Duration = Duration::from_mins(1);

/// The longest wait for a rate limit that does not say how long it lasts.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// How rows are carried out.
pub(super) struct RowCalls {
    pub(super) engine: Engine,
    pub(super) limiter: Limiter,
    pub(super) if_exists: IfExists,
    pub(super) attempts: u32,
    pub(super) resend_absent: bool,
    /// True when no row is to be begun any more.
    pub(super) stop: watch::Receiver<bool>,
}

/// What a row is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The row's own call.
    Own,
    /// Its own call, sent again: nobody has the address.
    Resend,
    /// Its key is that of the row as it was before it was edited: the user is looked for, and not created.
    Edited,
}

/// What follows a response.
enum Next {
    Done(RowOutcome),
    /// The same again, after so long.
    Again(Duration),
    Stage(Stage),
}

impl RowCalls {
    /// Carries out a row.
    pub(super) async fn carry_out(&self, row: &Row) -> RowOutcome {
        let Some(_slot) = self.unless_stopped(self.limiter.begin(&row.account)).await else {
            return interrupted();
        };
        if let RowOperation::Delete(id) = &row.operation {
            return self.delete(row, id.as_deref()).await;
        }
        let mut stage = Stage::Own;
        let mut attempt = 1;
        loop {
            let began = SystemTime::now();
            let sent = SendState::default();
            let response = self.respond(row, stage, &sent).await;
            self.limiter.observe(&row.account, &response);
            let began = sent.earlier().unwrap_or(began);
            let wait = match self.next(row, stage, &response, began, &mut attempt) {
                Next::Done(outcome) => return outcome,
                Next::Stage(next) => {
                    stage = next;
                    continue;
                }
                Next::Again(wait) => wait,
            };
            if self.unless_stopped(sleep(wait)).await.is_none() {
                return interrupted();
            }
        }
    }

    async fn respond(&self, row: &Row, stage: Stage, sent: &SendState) -> HttpResponse {
        let mode = CallMode {
            if_exists: self.if_exists,
            dry_run: false,
            resend: stage == Stage::Resend,
        };
        match (stage, &row.operation, self.if_exists) {
            (Stage::Edited, _, IfExists::Fail) => {
                self.engine.http_observed(row.look_up(), sent).await
            }
            (Stage::Edited, _, IfExists::Keep | IfExists::Update) => {
                let key = derived_key(&[&row.key, "edited"]);
                let once = self.engine.once(key).forever().replacing();
                let once = once.at_most(Safety::Idempotent);
                once.http(row.request(mode), sent).await
            }
            (_, RowOperation::Update(_) | RowOperation::Delete(_), _) => {
                let once = self.engine.once(row.key.as_str()).forever().replacing();
                once.http(row.request(mode), sent).await
            }
            (_, RowOperation::Create, _) => {
                let once = self.engine.once(row.key.as_str()).forever();
                once.http(row.request(mode), sent).await
            }
        }
    }

    fn next(
        &self,
        row: &Row,
        stage: Stage,
        response: &HttpResponse,
        began: SystemTime,
        attempt: &mut u32,
    ) -> Next {
        let seconds = |name: &str| {
            header(response, name)?
                .parse()
                .ok()
                .map(Duration::from_secs)
        };
        let error = response
            .error
            .as_ref()
            .map(|error| (error.code, error.outcome));
        match error {
            Some((ErrorCode::ProviderRateLimited, Outcome::NotSent | Outcome::Rejected))
                if *attempt < self.attempts =>
            {
                let backoff = Duration::from_secs(1 << (*attempt - 1).min(5)).min(MAX_BACKOFF);
                *attempt += 1;
                let wait = seconds("retry-after").unwrap_or(backoff);
                self.limiter.pause(&row.account, wait);
                return Next::Again(wait);
            }
            // The wait for the rate was longer than the call.
            Some((ErrorCode::Deadline, Outcome::NotSent)) if *attempt < self.attempts => {
                *attempt += 1;
                return Next::Again(Duration::ZERO);
            }
            Some((ErrorCode::IdempotencyInFlight, _)) => {
                let again_after = seconds("retry-after").unwrap_or(Duration::from_secs(1));
                return Next::Done(RowOutcome {
                    again_after: Some(again_after),
                    ..RowOutcome::from_response(response, began)
                });
            }
            Some((ErrorCode::IdempotencyMismatch, _))
                if row.operation == RowOperation::Create && stage != Stage::Edited =>
            {
                return Next::Stage(Stage::Edited);
            }
            _ => {}
        }
        if stage == Stage::Edited {
            return Next::Done(edited(response, self.if_exists, began));
        }
        let outcome = RowOutcome::from_response(response, began);
        let is_late = outcome.absent_since.is_some_and(|begun| {
            let age = SystemTime::now().duration_since(begun);
            age.is_ok_and(|age| age >= ABSENT_AFTER)
        });
        if self.resend_absent && is_late && stage == Stage::Own {
            return Next::Stage(Stage::Resend);
        }
        Next::Done(outcome)
    }

    /// Deletes the user of a row: of its id, or who has its address.
    async fn delete(&self, row: &Row, id: Option<&str>) -> RowOutcome {
        let id = match id {
            Some(id) => Ok(id.to_owned()),
            None => self.find(row).await,
        };
        let id = match id {
            Ok(id) => id,
            Err(outcome) => return outcome,
        };
        let delete = || async {
            let once = self.engine.once(row.key.as_str()).forever();
            once.http(row.deletion(&id), &SendState::default()).await
        };
        self.until_done(row, delete).await.1
    }

    /// The id of the one user who has the address of a row; else what came of the row.
    async fn find(&self, row: &Row) -> Result<String, RowOutcome> {
        let look = || async { self.engine.http(row.look_up()).await };
        let (response, outcome) = self.until_done(row, look).await;
        if response.is_none_or(|response| response.status != 200) {
            return Err(outcome);
        }
        match outcome.found.as_slice() {
            // Nobody has it, or nobody any more.
            [] => Err(RowOutcome::done(RowResult::Unchanged, None)),
            [id] => Ok(id.clone()),
            ids => {
                let message = format!("several users have this address: {}", ids.join(", "));
                Err(RowOutcome::failed(RowResult::Rejected, "too-many", message))
            }
        }
    }

    /// Makes a call until it is not for the rate that it fails. Returns no response where it is not to be made any more.
    async fn until_done<F: Future<Output = HttpResponse>>(
        &self,
        row: &Row,
        call: impl Fn() -> F,
    ) -> (Option<HttpResponse>, RowOutcome) {
        let mut attempt = 1;
        loop {
            let response = call().await;
            self.limiter.observe(&row.account, &response);
            match self.next(row, Stage::Own, &response, SystemTime::now(), &mut attempt) {
                Next::Again(wait) => {
                    if self.unless_stopped(sleep(wait)).await.is_none() {
                        return (None, interrupted());
                    }
                }
                Next::Done(outcome) => return (Some(response), outcome),
                Next::Stage(_) => return (None, interrupted()),
            }
        }
    }

    /// Says what a row would do, and only reads.
    pub(super) async fn look(&self, row: &Row) -> Would {
        let Some(_slot) = self.unless_stopped(self.limiter.begin(&row.account)).await else {
            return Would::failed(&interrupted());
        };
        let mode = CallMode {
            if_exists: match self.if_exists {
                // To look is what `fail` leaves to the provider.
                IfExists::Fail => IfExists::Keep,
                other => other,
            },
            dry_run: false,
            resend: false,
        };
        let look = || async {
            match &row.operation {
                RowOperation::Create => {
                    // The engine has no store here, so that the key has no effect.
                    let once = self.engine.once(row.key.as_str()).at_most(Safety::Safe);
                    once.http(row.request(mode), &SendState::default()).await
                }
                RowOperation::Update(_) | RowOperation::Delete(_) => {
                    self.engine.http(row.look_up()).await
                }
            }
        };
        match self.until_done(row, look).await {
            (Some(response), outcome) => self.would(row, &response, &outcome),
            (None, outcome) => Would::failed(&outcome),
        }
    }

    fn would(&self, row: &Row, response: &HttpResponse, outcome: &RowOutcome) -> Would {
        let is_ours = !has_provider_response(response);
        let code = response.error.as_ref().map(|error| error.code);
        let what = match (code, outcome.result, &row.operation) {
            (Some(ErrorCode::ProviderNotFound), ..) if is_ours => "create",
            (Some(ErrorCode::Forbidden), ..) if is_ours => "change",
            (None, _, RowOperation::Update(_)) => "change",
            (None, _, RowOperation::Delete(None)) if outcome.found.is_empty() => "leave",
            (None, _, RowOperation::Delete(_)) => "delete",
            (None, RowResult::Found, _) if self.if_exists == IfExists::Fail => "fail",
            (None, ..) => "leave",
            (Some(_), ..) => return Would::failed(outcome),
        };
        Would {
            what,
            id: outcome.id.clone(),
            error: None,
        }
    }

    /// Waits, unless no row is to be begun any more.
    async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            result = future => Some(result),
            _ = stop.wait_for(|stopped| *stopped) => None,
        }
    }
}

/// What a row would do.
pub(super) struct Would {
    /// `create`, `change`, `delete`, `leave`, or `fail`.
    pub(super) what: &'static str,
    pub(super) id: Option<String>,
    pub(super) error: Option<(String, String)>,
}

impl Would {
    fn failed(outcome: &RowOutcome) -> Self {
        Self {
            what: "fail",
            id: outcome.id.clone(),
            error: outcome.error.clone(),
        }
    }
}

fn interrupted() -> RowOutcome {
    RowOutcome::failed(
        RowResult::NotSent,
        "interrupted",
        "interrupted before it was sent",
    )
}

fn has_provider_response(response: &HttpResponse) -> bool {
    let body = Object::parse(&response.body).unwrap_or_default();
    body.number("provider_status").is_some()
}

/// What came of a row that was edited after it was sent.
fn edited(response: &HttpResponse, if_exists: IfExists, began: SystemTime) -> RowOutcome {
    let absent = || {
        let message = "this row was edited after it was sent, and nobody has its address now: with a `key` of its own it is created \
                       again";
        RowOutcome::failed(RowResult::NotSent, "idempotency-mismatch", message)
    };
    let outcome = RowOutcome::from_response(response, began);
    if let Some(error) = &response.error {
        let is_absent =
            error.code == ErrorCode::ProviderNotFound && !has_provider_response(response);
        return if is_absent { absent() } else { outcome };
    }
    if if_exists != IfExists::Fail {
        return outcome;
    }
    match outcome.found.as_slice() {
        [] => absent(),
        [id, more @ ..] => {
            let message = "this row was edited after it was sent, and the user exists: `--if-exists update` changes it";
            let failed = RowOutcome::failed(RowResult::Exists, "provider-conflict", message);
            RowOutcome {
                id: more.is_empty().then(|| id.clone()),
                ..failed
            }
        }
    }
}
