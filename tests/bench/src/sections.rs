//! What is measured. Ours and the floor take turns, so that noise of the machine meets both.

use crate::client::{Client, resident_kb};
use crate::mcp::Bare;
use crate::table::{Sample, head, ratio, row, time};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Rounds of everything that takes turns.
const ROUNDS: usize = 5;
/// Changes per round.
const CHANGES: usize = 10_000;
/// Cheap requests per round.
const REQUESTS: usize = 2_000;
/// Starts.
const STARTS: usize = 40;
/// Whole reviews.
const REVIEWS: usize = 300;
/// Reviews that hang.
const HANGING: usize = 8;
/// Open documents, and findings in each, of the memory and code-action sections.
const DOCUMENTS: usize = 100;
const FINDINGS: usize = 100;

/// Runs the named sections, or all.
pub(crate) fn run(wanted: &[String]) {
    let sections: &[(&str, fn())] = &[
        ("start", start),
        ("change", change),
        ("request", request),
        ("review", review),
        ("hanging", hanging),
        ("findings", findings),
        ("worktree", crate::fixes::worktree),
        ("patches", crate::fixes::patches),
        ("rebasing", crate::fixes::rebasing),
        ("merge", crate::merging::merging),
        ("likeness", crate::likeness::likeness),
        ("memory", crate::memory::memory),
        ("identity", crate::identity::identity),
        ("ledger", crate::ledger::ledger),
    ];
    let unknown: Vec<_> = wanted
        .iter()
        .filter(|it| !sections.iter().any(|(name, _)| name == it))
        .collect();
    let names: Vec<&str> = sections.iter().map(|it| it.0).collect();
    assert!(
        unknown.is_empty(),
        "no section {unknown:?}; there are {names:?}"
    );
    for (name, section) in sections {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            section();
        }
    }
}

/// A user with one workspace.
struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    fn new(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["config", "state", "work"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
        }
        std::fs::write(directory.path().join("config/config.toml"), config).unwrap();
        Self { directory }
    }

    /// Configures the trivial agent under several names, with variables.
    fn with_agents(names: &[&str], env: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        let agents: String = names
            .iter()
            .map(|it| format!("[agents.{it}]\npreset = \"contract\"\ncommand = [{program:?}, \"floor-agent\"]\nenv = {{ {env} }}\nconcurrency = 8\n"))
            .collect();
        Self::new(&format!("{agents}[review]\nagents = {names:?}\n"))
    }

    fn home(&self) -> &Path {
        self.directory.path()
    }

    fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join("work")
    }

    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.root().join(name), text).unwrap();
        format!("file://{}", self.root().join(name).display())
    }

    fn client(&self, role: &str) -> Client {
        Client::start(role, self.home(), &self.root())
    }
}

/// Spawn to the answer of `initialize`.
fn start() {
    let bench = Bench::new("");
    let measure = |role: &str| {
        let before = Instant::now();
        let mut client = Client::spawn(role, bench.home());
        client.initialize(&bench.root());
        before.elapsed()
    };
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        ours.push(measure("lsp"));
        floor.push(measure("floor-lsp"));
    }
    let (ours, floor) = (Sample::new(ours).median(), Sample::new(floor).median());
    head("Start");
    row(
        "spawn to `initialize`",
        &time(ours),
        &format!("{} ({})", time(floor), ratio(ours, floor)),
        "1.5x an empty server, below `ruff server`",
    );
    match peer(&bench) {
        Some(peer) => row("the same of `ruff server`", "-", &time(peer), "-"),
        None => row(
            "the same of `ruff server`",
            "-",
            "`ruff` is not on PATH",
            "-",
        ),
    }
}

/// Spawn to the answer of `initialize` of a peer, where it is installed.
fn peer(bench: &Bench) -> Option<Duration> {
    let measure = || {
        let before = Instant::now();
        let mut client = Client::try_spawn("ruff", &["server"], bench.home())?;
        client.initialize(&bench.root());
        Some(before.elapsed())
    };
    Some(Sample::new((0..STARTS).map(|_| measure()).collect::<Option<_>>()?).median())
}

/// Microseconds per `didChange`.
fn change() {
    head("One character typed, `didChange`");
    for (name, size) in [
        ("20 kB", 20_000),
        ("1 MB", 1_000_000),
        ("20 MB", 20_000_000),
    ] {
        let bench = Bench::new("");
        let text = code(size);
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(changes(&mut bench.client("lsp"), &text));
            floor.push(changes(&mut bench.client("floor-lsp"), &text));
        }
        let (ours, floor) = (Sample::new(ours).median(), Sample::new(floor).median());
        row(
            name,
            &time(ours),
            &format!("{} ({})", time(floor), ratio(ours, floor)),
            if size > 1_000_000 { "-" } else { "2x" },
        );
    }
}

/// The time of one change: many are sent as an editor sends them, and a cheap request shows when all are applied.
fn changes(client: &mut Client, text: &str) -> Duration {
    let uri = "file:///nowhere/change.txt";
    client.open(uri, text);
    client.hover(uri);
    let lines = text.lines().count() as u64;
    let mut bytes = Vec::new();
    for it in 0..CHANGES as u64 {
        // Somewhere else each time, without a generator of random numbers.
        let line = it.wrapping_mul(2_654_435_761) % (lines - 1);
        let place = json!({ "line": line, "character": 4 });
        let body = json!({
            "jsonrpc": "2.0", "method": "textDocument/didChange",
            "params": {
                "textDocument": { "uri": uri, "version": it + 1 },
                "contentChanges": [{ "range": { "start": place, "end": place }, "text": "x" }],
            },
        })
        .to_string();
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }
    let before = Instant::now();
    client.send_raw(&bytes);
    client.hover(uri);
    before.elapsed() / CHANGES as u32
}

/// A cheap request.
fn request() {
    let bench = Bench::new("");
    let uri = "file:///nowhere/request.txt";
    let measure = |role: &str| {
        let mut client = bench.client(role);
        client.open(uri, &code(20_000));
        client.hover(uri);
        (0..REQUESTS).map(|_| client.hover(uri)).collect::<Vec<_>>()
    };
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.extend(measure("lsp"));
        floor.extend(measure("floor-lsp"));
    }
    let (ours, floor) = (Sample::new(ours), Sample::new(floor));
    head("A cheap request (`hover` without findings)");
    let against = format!(
        "{} ({})",
        time(floor.median()),
        ratio(ours.median(), floor.median())
    );
    row("p50", &time(ours.median()), &against, "2x");
    row(
        "p99",
        &time(ours.percentile(99)),
        &time(floor.percentile(99)),
        "-",
    );
}

/// Whole reviews of one file, from the command to the published diagnostics.
fn review() {
    let text = code(20_000);
    let bench = Bench::with_agents(&["trivial"], "");
    let uri = bench.file("review.txt", &text);
    let mut client = bench.client("lsp");
    client.open(&uri, &text);
    let mut bare = Bare::start();
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    client.review(&uri, "trivial");
    for _ in 0..REVIEWS {
        ours.push(client.review(&uri, "trivial"));
        floor.push(bare.review("review.txt", &text));
    }
    let (ours, floor) = (Sample::new(ours), Sample::new(floor));
    head(
        "A whole review of one 20 kB file, from the command to the end of its progress (diagnostics come before)",
    );
    let over = ours.median().saturating_sub(floor.median());
    row(
        "trivial agent, p50",
        &time(ours.median()),
        &format!("{} (+{})", time(floor.median()), time(over)),
        "+1 ms over the bare call",
    );
    row(
        "trivial agent, p99",
        &time(ours.percentile(99)),
        &time(floor.percentile(99)),
        "-",
    );

    let bench = Bench::new("");
    let uri = bench.file("review.rs", &misspelt(&text));
    let mut client = bench.client("lsp");
    client.open(&uri, &misspelt(&text));
    client.review(&uri, "builtin");
    let builtin = Sample::new(
        (0..REVIEWS)
            .map(|_| client.review(&uri, "builtin"))
            .collect(),
    );
    row(
        "embedded agent, p50",
        &time(builtin.median()),
        "-",
        "8 ms (efm-langserver with a trivial linter: 8.4 ms)",
    );
    row(
        "embedded agent, p99",
        &time(builtin.percentile(99)),
        "-",
        "-",
    );
}

/// The same server with reviews in flight that hang.
fn hanging() {
    let names: Vec<String> = (0..HANGING).map(|it| format!("slow{it}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let bench = Bench::with_agents(&names, "BENCH_HANG = \"1\"");
    let text = code(20_000);
    let uri = bench.file("hang.txt", &text);
    let mut client = bench.client("lsp");
    client.open(&uri, &text);
    let runs: Vec<Value> = names
        .iter()
        .map(|it| {
            client.command(
                "crosscheck.review",
                json!({ "scope": "file", "uri": uri, "agents": [it] }),
            )["run"]
                .clone()
        })
        .collect();
    client.until_running(HANGING as u64);
    let latency = Sample::new((0..1_000).map(|it| typed(&mut client, &uri, it)).collect());
    head("Eight reviews hang");
    row(
        "a change and a cheap request, p50",
        &time(latency.median()),
        "-",
        "5 ms",
    );
    row("the same, p99", &time(latency.percentile(99)), "-", "5 ms");
    let cancelled = Sample::new(runs.into_iter().map(|run| client.cancel(&run)).collect());
    row(
        "a cancelled review ends for the user, worst",
        &time(cancelled.percentile(100)),
        "-",
        "100 ms",
    );
}

fn typed(client: &mut Client, uri: &str, round: usize) -> Duration {
    let before = Instant::now();
    let place = json!({ "line": 10, "character": 2 });
    client.notify(
        "textDocument/didChange",
        json!({
            "textDocument": { "uri": uri, "version": round + 1 },
            "contentChanges": [{ "range": { "start": place, "end": place }, "text": "x" }],
        }),
    );
    client.hover(uri);
    before.elapsed()
}

/// Memory, and code actions among many findings.
fn findings() {
    let bench = Bench::with_agents(&["many"], &format!("BENCH_FINDINGS = \"{FINDINGS}\""));
    let text = code(20_000);
    let mut client = bench.client("lsp");
    let mut floor = bench.client("floor-lsp");
    client.hover("file:///nowhere");
    floor.hover("file:///nowhere");
    let idle = (resident_kb(client.pid()), resident_kb(floor.pid()));
    let uris: Vec<String> = (0..DOCUMENTS)
        .map(|it| bench.file(&format!("{it}.txt"), &text))
        .collect();
    for uri in &uris {
        client.open(uri, &text);
        floor.open(uri, &text);
    }
    client.hover(&uris[0]);
    floor.hover(&uris[0]);
    let open = (resident_kb(client.pid()), resident_kb(floor.pid()));
    for uri in &uris {
        client.review(uri, "many");
    }
    let full = resident_kb(client.pid());
    head("Memory (resident)");
    let megabytes = |it: u64| format!("{:.1} MB", it as f64 / 1024.0);
    row("idle", &megabytes(idle.0), &megabytes(idle.1), "15 MB");
    row(
        "100 open documents of 20 kB",
        &megabytes(open.0),
        &megabytes(open.1),
        "-",
    );
    row("and 10,000 findings", &megabytes(full), "-", "-");
    let actions = Sample::new(
        (0..REQUESTS)
            .map(|it| client.actions(&uris[it % DOCUMENTS], (it % FINDINGS) as u64))
            .collect(),
    );
    head("Code actions among 10,000 findings");
    row("p50", &time(actions.median()), "-", "-");
    row("p99", &time(actions.percentile(99)), "-", "-");
}

/// Text that looks like code, with lines of about 40 bytes.
fn code(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 64);
    let mut line = 0;
    while text.len() < bytes {
        text.push_str(&format!(
            "    let value_{line} = compute({line}, \"name\");\n"
        ));
        line += 1;
    }
    text
}

/// The same with a few misspelt words.
fn misspelt(text: &str) -> String {
    let word = ["rec", "ieve"].concat();
    let lines = text.lines().enumerate();
    lines
        .map(|(at, line)| {
            if at % 50 == 0 {
                format!("// {word} it\n")
            } else {
                format!("{line}\n")
            }
        })
        .collect()
}
