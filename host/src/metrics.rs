//! Metrics, for Prometheus to read: how long requests of clients take and those to providers, and what calls come to.
//!
//! The names are those of OpenTelemetry's semantic conventions for HTTP. No label holds a path, an id, an address, or any text of a
//! client's or a provider's own: the number of series is bounded by what this program knows, whatever it is sent. So the provider is
//! known by its integration, not by its host, which names the customer.

mod labels;
#[cfg(feature = "server")]
mod listener;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub(crate) use self::labels::{CallLabels, ClientLabels, ServerLabels};
#[cfg(feature = "server")]
pub use self::listener::MetricsListener;

/// The bounds of durations, as the semantic conventions advise them.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// What an engine and its server have done. Clones share it.
///
/// ```
/// use unified_ticketing::Engine;
/// use unified_ticketing::metrics::Metrics;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let metrics = Metrics::new();
/// let engine = Engine::builder().metrics(metrics.clone()).build()?;
/// assert_eq!(metrics.to_text(), ""); // Nothing has been done yet.
/// # drop(engine);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

struct Inner {
    registry: Registry,
    server: Durations<ServerLabels>,
    client: Durations<ClientLabels>,
    calls: Family<CallLabels, Counter>,
}

impl Metrics {
    /// Metrics of which nothing is counted yet.
    #[must_use]
    pub fn new() -> Self {
        let new_histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let server = Family::new_with_constructor(new_histogram);
        let client = Family::new_with_constructor(new_histogram);
        let calls = Family::default();
        let mut registry = Registry::default();
        registry.register_with_unit(
            "http_server_request_duration",
            "Duration of HTTP server requests",
            Unit::Seconds,
            server.clone(),
        );
        registry.register_with_unit(
            "http_client_request_duration",
            "Duration of HTTP client requests, which are those to providers",
            Unit::Seconds,
            client.clone(),
        );
        registry.register(
            "unified_ticketing_calls",
            "Calls of the API for an account, by what came of them",
            calls.clone(),
        );
        Self(Arc::new(Inner {
            registry,
            server,
            client,
            calls,
        }))
    }

    /// The metrics in Prometheus's text format, version 0.0.4.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // A string can always be written to.
        let _ = encode(&mut text, &self.0.registry);
        into_prometheus(&text)
    }

    pub(crate) fn server_responded(&self, labels: &ServerLabels, duration: Duration) {
        let histogram = self.0.server.get_or_create(labels);
        histogram.observe(duration.as_secs_f64());
    }

    /// Starts to measure a request to a provider of this integration.
    pub(crate) fn client_request(&self, integration: &str, method: &'static str) -> ClientRequest {
        ClientRequest {
            metrics: self.clone(),
            labels: ClientLabels::new(integration, method),
            start: Instant::now(),
        }
    }

    pub(crate) fn called(&self, labels: &CallLabels) {
        self.0.calls.get_or_create(labels).inc();
    }
}

/// A request to a provider. One that is dropped before its end was given up.
pub(crate) struct ClientRequest {
    metrics: Metrics,
    labels: ClientLabels,
    start: Instant,
}

impl ClientRequest {
    /// Ends with the status of the response, or with why there is none.
    pub(crate) fn end(mut self, response: Result<u16, &'static str>) {
        self.labels.end(response);
    }
}

impl Drop for ClientRequest {
    fn drop(&mut self) {
        let histogram = self.metrics.0.client.get_or_create(&self.labels);
        histogram.observe(self.start.elapsed().as_secs_f64());
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// The text format of `OpenMetrics` as that of Prometheus, which every version of it reads: a counter's family has the name of its
/// samples, and there is neither a unit nor an end.
fn into_prometheus(text: &str) -> String {
    let mut counters: Vec<&str> = Vec::new();
    for line in text.lines() {
        let name = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.strip_suffix(" counter"));
        counters.extend(name);
    }
    let mut converted = String::with_capacity(text.len());
    for line in text.lines() {
        if line.starts_with("# UNIT ") || line == "# EOF" {
            continue;
        }
        let described = ["# HELP ", "# TYPE "].into_iter().find_map(|keyword| {
            let (name, rest) = line.strip_prefix(keyword)?.split_once(' ')?;
            counters.contains(&name).then_some((keyword, name, rest))
        });
        match described {
            Some((keyword, name, rest)) => {
                converted.extend([keyword, name, "_total ", rest]);
            }
            None => converted.push_str(line),
        }
        converted.push('\n');
    }
    converted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_has_name_of_samples() {
        let text = "# HELP a_calls Calls.\n# TYPE a_calls counter\na_calls_total{b=\"c\"} 1\n# HELP d_seconds D.\n\
                    # TYPE d_seconds histogram\n# UNIT d_seconds seconds\nd_seconds_sum 1.0\n# EOF\n";
        let expected = "# HELP a_calls_total Calls.\n# TYPE a_calls_total counter\na_calls_total{b=\"c\"} 1\n\
                        # HELP d_seconds D.\n# TYPE d_seconds histogram\nd_seconds_sum 1.0\n";
        assert_eq!(into_prometheus(text), expected);
    }
}
