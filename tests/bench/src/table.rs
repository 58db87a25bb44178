//! The rounds, and the table.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use unified_ticketing::Engine;

use crate::core::{COMPONENT, NATIVE};
use crate::load::{Load, Wrk};
use crate::process::{Process, beside};
use crate::provider::ACCOUNT;
use crate::{slow, stock};

/// What is under load: its name, the arguments of its server, and the steps or calls that an instance serves.
const SERVERS: [(&str, &[&str]); 6] = [
    ("bare", &["bare"]),
    ("native", &["native"]),
    ("host, fresh", &["host"]),
    ("host, reused", &["host", "--reuse", "1000"]),
    ("component, fresh", &["component"]),
    ("component, reused", &["component", "--reuse", "1000"]),
];
const STOCK: &str = "stock";
/// With a store. The place of its file is added.
const KEYED: (&str, &[&str]) = ("keyed", &["host", "--store"]);
/// With a provider that speaks TLS.
const TLS: [(&str, &[&str]); 2] = [
    ("native, TLS", &["native"]),
    ("host, fresh, TLS", &["host"]),
];

const CONNECTIONS: usize = 32;
const MORE_CONNECTIONS: [usize; 4] = [1, 8, 64, 256];

/// Figures by name, one for each round.
#[derive(Default)]
struct Figures(BTreeMap<String, Vec<f64>>);

impl Figures {
    fn add(&mut self, name: &str, figure: f64) {
        self.0.entry(name.to_owned()).or_default().push(figure);
    }

    fn get(&self, name: &str) -> &[f64] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// One by the other, round by round.
    fn ratio(&self, name: &str, base: &str) -> Vec<f64> {
        let pairs = self.get(name).iter().zip(self.get(base));
        pairs.map(|(one, other)| one / other).collect()
    }
}

/// The median, the lowest, the highest.
fn summary(figures: &[f64]) -> Option<(f64, f64, f64)> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.get(sorted.len() / 2)?;
    Some((*middle, *sorted.first()?, *sorted.last()?))
}

fn percent(figures: &[f64]) -> String {
    summary(figures).map_or("not measured".to_owned(), |(median, low, high)| {
        format!(
            "{:.0} % ({:.0} to {:.0})",
            median * 100.0,
            low * 100.0,
            high * 100.0
        )
    })
}

fn figure(figures: &[f64], unit: &str) -> String {
    summary(figures).map_or("not measured".to_owned(), |(median, low, high)| {
        format!("{median:.1} {unit} ({low:.1} to {high:.1})")
    })
}

/// Measures everything, and prints the table.
pub(crate) fn run(rounds: usize, seconds: u64) -> Result<()> {
    ensure!(
        !cfg!(debug_assertions),
        "build with `--release`: what is not optimized says nothing"
    );
    let folder = tempfile::tempdir()?;
    let (wrk, keyed) = (
        Wrk::new(folder.path(), false)?,
        Wrk::new(folder.path(), true)?,
    );
    let root = folder.path().join("root.pem");
    let root = root.to_str().context("a path in UTF-8")?;
    let provider = Process::part(&["provider"])?;
    let secure = Process::part(&["provider", "--tls", root])?;

    let mut servers = Vec::new();
    for (name, arguments) in SERVERS {
        let arguments = [&["server"], arguments, &["--provider", &provider.url]].concat();
        servers.push((name, Process::part(&arguments)?));
    }
    for (name, arguments) in TLS {
        let more = ["--provider", &secure.url, "--root", root];
        servers.push((
            name,
            Process::part(&[&["server"], arguments, &more].concat())?,
        ));
    }
    // Beside the program: a temporary folder may be in memory.
    let disk = tempfile::tempdir_in(beside("unified-ticketing")?.with_file_name(""))?;
    let store = disk.path().join("store.db");
    let store = store.to_str().context("a path in UTF-8")?;
    let arguments = [&["server"], KEYED.1, &[store, "--provider", &provider.url]];
    servers.push((KEYED.0, Process::part(&arguments.concat())?));
    let stock = stock::start(folder.path(), &provider.url)?;

    let mut figures = Figures::default();
    let mut requests: BTreeMap<&str, u64> = BTreeMap::new();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        in_process(folder.path(), &mut figures)?;
        dry_runs(folder.path(), &provider.url, &mut figures)?;
        let urls = servers
            .iter()
            .map(|(name, server)| (*name, server.url.as_str()));
        let urls = urls.chain(stock.iter().map(|stock| (STOCK, stock.url.as_str())));
        for (name, url) in urls {
            let wrk = if name == KEYED.0 { &keyed } else { &wrk };
            // The first second is for caches and connections.
            let warm = wrk.run(url, CONNECTIONS, 1)?;
            let load = wrk.run(url, CONNECTIONS, seconds)?;
            figures.add(name, load.per_second);
            *requests.entry(name).or_default() += warm.requests + load.requests;
        }
        for (name, server) in &servers {
            if !["native", "host, fresh", "host, reused"].contains(name) {
                continue;
            }
            for connections in MORE_CONNECTIONS {
                let Load {
                    requests: made,
                    per_second,
                    latency,
                } = wrk.run(&server.url, connections, seconds)?;
                figures.add(&format!("{name} at {connections}"), per_second);
                figures.add(&format!("{name} at {connections}: latency"), latency);
                *requests.entry(name).or_default() += made;
            }
        }
    }
    drop(stock);
    let mut instances = BTreeMap::new();
    for (name, server) in servers {
        if let Ok(made) = server.stop()?.trim().parse::<u64>() {
            let asked = requests.get(name).copied().unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            instances.insert(name, made as f64 / asked as f64);
        }
    }
    let slow = [slow::run("host")?, slow::run("component")?];
    let table = Table {
        figures: &figures,
        instances: &instances,
        slow,
    };
    table.print();
    Ok(())
}

/// A round of what needs no HTTP, in a process of its own because criterion prints as it goes.
fn in_process(folder: &Path, figures: &mut Figures) -> Result<()> {
    let status = Command::new(std::env::current_exe()?)
        .arg("core")
        // With it, every error within the process takes the time to capture one.
        .env_remove("RUST_BACKTRACE")
        .env("CRITERION_HOME", folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    ensure!(status.success(), "the measurements without HTTP: {status}");
    for name in std::iter::once(NATIVE).chain(COMPONENT.map(|(name, _, _)| name)) {
        let path = folder.join(name).join("new").join("estimates.json");
        let estimates: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        let nanoseconds = estimates.pointer("/median/point_estimate");
        let nanoseconds = nanoseconds.and_then(Value::as_f64).context("a median")?;
        figures.add(&format!("in process: {name}"), nanoseconds / 1000.0);
    }
    Ok(())
}

/// Whole processes, as a person starts them.
fn dry_runs(folder: &Path, provider: &str, figures: &mut Figures) -> Result<()> {
    let accounts = folder.join("accounts.toml");
    std::fs::write(
        &accounts,
        format!(
            "[[account]]\nid = \"{ACCOUNT}\"\nname = \"dixa\"\nintegration = \"dixa\"\nbase_url = \"{provider}/v1\"\n\
             credentials = {{ api_token = \"a-token-for-the-benchmark\" }}\n"
        ),
    )?;
    let mut times = Vec::new();
    for _ in 0..30 {
        let started = Instant::now();
        let output = Command::new(beside("unified-ticketing")?)
            .env_remove("RUST_BACKTRACE")
            .arg("--accounts")
            .arg(&accounts)
            .args(["users", "create", "--account", "dixa", "--name", "Ines"])
            .args(["--email", "ines@kelpworks.example", "--dry-run"])
            .output()?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
        ensure!(output.status.success(), "the dry run: {output:?}");
    }
    let (median, _, _) = summary(&times).context("a time")?;
    figures.add("dry run", median);
    Ok(())
}

/// What is printed.
struct Table<'a> {
    figures: &'a Figures,
    instances: &'a BTreeMap<&'a str, f64>,
    /// Bytes resident and calls that succeeded, by sender.
    slow: [(u64, usize); 2],
}

impl Table<'_> {
    fn print(&self) {
        println!("| what | goal | measured: median (lowest to highest) |\n| --- | --- | --- |");
        for (what, goal, measured) in self.in_process().into_iter().chain(self.served()) {
            println!("| {what} | {goal} | {measured} |");
        }
        self.by_connections();
        let made = |name: &str| {
            let made = self.instances.get(name);
            made.map_or("?".to_owned(), |made| format!("{made:.3}"))
        };
        println!(
            "\nInstances per request: {} where the host sends when fresh, {} when reused; {} where the component sends when fresh, {} when reused.",
            made("host, fresh"),
            made("host, reused"),
            made("component, fresh"),
            made("component, reused"),
        );
        println!(
            "Sizes: component {} bytes, core {} bytes, standalone {} bytes.",
            Engine::component().len(),
            Engine::core().len(),
            Engine::standalone().len(),
        );
        println!(
            "{CONNECTIONS} connections unless said otherwise; {} processors.",
            std::thread::available_parallelism().map_or(0, usize::from)
        );
    }

    fn in_process(&self) -> [(&'static str, &'static str, String); 7] {
        let time = |name: &str| figure(self.figures.get(&format!("in process: {name}")), "µs");
        let component = Engine::component().len();
        let dry_run = figure(self.figures.get("dry run"), "ms");
        [
            (
                "component",
                "at most 400,000 bytes",
                format!("{component} bytes"),
            ),
            (
                "plan + interpret in the core, native",
                "at most 6 µs",
                time(NATIVE),
            ),
            (
                "call through the component, fresh, one thread",
                "at most 25 µs",
                time("fresh, one thread"),
            ),
            (
                "call through the component, fresh, two threads",
                "at most 35 µs",
                time("fresh, two threads"),
            ),
            (
                "call through the component, reused, one thread",
                "at most 13 µs",
                time("reused, one thread"),
            ),
            (
                "call through the component, reused, two threads",
                "",
                time("reused, two threads"),
            ),
            ("CLI dry run, whole process", "at most 5 ms", dry_run),
        ]
    }

    fn served(&self) -> [(&'static str, &'static str, String); 11] {
        let against = |name: &str| percent(&self.figures.ratio(name, "native"));
        let tls = self.figures.ratio("host, fresh, TLS", "native, TLS");
        let stock = self.figures.ratio("host, fresh", STOCK);
        let stock = summary(&stock).map_or("not measured".to_owned(), |(median, low, high)| {
            format!("{median:.1} times ({low:.1} to {high:.1})")
        });
        let [host_sends, component_sends] = self.slow.map(|(resident, succeeded)| {
            let lost = slow::CALLS.saturating_sub(succeeded);
            format!("{} MB, {lost} lost", resident / 1_000_000)
        });
        [
            (
                "`serve` against native, fresh",
                "at least 80 %",
                against("host, fresh"),
            ),
            (
                "`serve` against native, reused",
                "at least 95 %",
                against("host, reused"),
            ),
            (
                "`serve --sender component` against native, fresh",
                "",
                against("component, fresh"),
            ),
            (
                "`serve --sender component` against native, reused",
                "",
                against("component, reused"),
            ),
            (
                "`serve` against stock `wasmtime serve`",
                "at least 6 times",
                stock,
            ),
            (
                "`serve` against native, fresh, provider over TLS",
                "",
                percent(&tls),
            ),
            (
                "creations with a key, each synced to the disk",
                "at least 3,000/s",
                figure(self.figures.get(KEYED.0), "per second"),
            ),
            (
                "the same, against `serve` without keys, fresh",
                "",
                percent(&self.figures.ratio(KEYED.0, "host, fresh")),
            ),
            ("bare pass-through against native", "", against("bare")),
            (
                "1,000 calls in flight, the host sends",
                "under 80 MB, none lost",
                host_sends,
            ),
            (
                "1,000 calls in flight, the component sends",
                "",
                component_sends,
            ),
        ]
    }

    fn by_connections(&self) {
        println!("\n| connections | native | fresh | reused |\n| --- | --- | --- | --- |");
        for connections in MORE_CONNECTIONS {
            let native = format!("native at {connections}");
            let cell = |name: &str| {
                let name = format!("{name} at {connections}");
                let latency = self.figures.get(&format!("{name}: latency"));
                let latency = summary(latency).map_or(0.0, |(median, _, _)| median);
                if name == native {
                    let (per_second, _, _) = summary(self.figures.get(&name)).unwrap_or_default();
                    return format!("{per_second:.0}/s, {latency:.2} ms");
                }
                let ratio = percent(&self.figures.ratio(&name, &native));
                format!("{ratio}, {latency:.2} ms")
            };
            let [native, fresh, reused] = ["native", "host, fresh", "host, reused"].map(cell);
            println!("| {connections} | {native} | {fresh} | {reused} |");
        }
    }
}
