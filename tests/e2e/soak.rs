//! Two hundred reviews in one language server, by agents that crash, hang, flood and are cancelled in any order: at the
//! end nothing is left of them, and the server is as large as it was.

use crate::{CODE, FINDS_ADD};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tests::{Editor, Sandbox, sandbox};

const REVIEWS: usize = 200;
/// So many reviews by each kind of agent come before the first look at what the server holds.
const WARM_UP: usize = 5;
/// How much larger the server may be at the end, in KiB: far less than one leaked answer per review would make it.
const GROWTH: u64 = 16 * 1024;
/// What is promised is 100 ms; a loaded machine gets more before a test calls it broken.
const AT_ONCE: Duration = Duration::from_secs(1);
/// What is promised is two seconds.
const SOON: Duration = Duration::from_secs(5);
/// How often something that must come is looked for.
const POLL: Duration = Duration::from_millis(10);
/// So many equal looks are rest: more than any step of an agent's end takes.
const LOOKS: usize = 100;
/// Where the choices begin: the same ones each time.
const SEED: u64 = 0x2545_F491_4F6C_DD1D;

/// What an agent does on a call, by kind; an agent that ends is asked once, so that nobody waits until it is tried again.
const KINDS: &[Kind] = &[
    Kind {
        name: "good",
        on_call: "",
        ends: false,
        cancelled: false,
    },
    Kind {
        name: "crash",
        on_call: "stderr out of memory\nexit 7\n",
        ends: true,
        cancelled: false,
    },
    Kind {
        name: "half",
        on_call: "half-line {\"jsonrpc\":\nexit 1\n",
        ends: true,
        cancelled: false,
    },
    Kind {
        name: "refuse",
        on_call: "is-error quota exceeded\n",
        ends: false,
        cancelled: false,
    },
    Kind {
        name: "flood",
        on_call: "flood 1000000\nstderr-flood 200000\ngarbage 1000\n",
        ends: false,
        cancelled: false,
    },
    Kind {
        name: "giant",
        on_call: "giant 3000000\n",
        ends: false,
        cancelled: false,
    },
    Kind {
        name: "hang",
        on_call: "touch [mark]\nhang\n",
        ends: true,
        cancelled: true,
    },
    Kind {
        name: "late",
        on_call: "touch [mark]\nwait-cancelled\n",
        ends: false,
        cancelled: true,
    },
    Kind {
        name: "talk",
        on_call: "touch [mark]\nprogress 0.1 reading\nflood 50000000\nhang\n",
        ends: true,
        cancelled: true,
    },
];

struct Kind {
    name: &'static str,
    /// Steps before the answer of [`FINDS_ADD`].
    on_call: &'static str,
    /// Whether the agent's process ends with the call, or is ended after it.
    ends: bool,
    /// Whether the review is cancelled as soon as the agent has it.
    cancelled: bool,
}

/// A sequence without luck (xorshift).
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// What the server holds.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    processes: usize,
    threads: usize,
    descriptors: usize,
}

impl Held {
    /// Whether it is no more than that. It may be less: the runtime keeps idle threads for some seconds.
    fn is_within(&self, other: &Self) -> bool {
        self.processes <= other.processes
            && self.threads <= other.threads
            && self.descriptors <= other.descriptors
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "what was measured is worth reading")]
fn two_hundred_reviews_leave_nothing() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let plan = plan(&mut sandbox);
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    let mut cancels = Vec::new();
    let mut rest = plan.iter();
    for (kind, agent) in rest.by_ref().take(WARM_UP * KINDS.len()) {
        cancels.extend(review(&sandbox, &mut editor, kind, agent));
    }
    end_all(&sandbox, &mut editor);
    let (settled, size) = (settled(&sandbox, editor.pid()), resident(editor.pid()));
    for (kind, agent) in rest {
        cancels.extend(review(&sandbox, &mut editor, kind, agent));
    }
    end_all(&sandbox, &mut editor);
    let deadline = Instant::now() + tests::PATIENCE;
    loop {
        let held = held(&sandbox, editor.pid());
        if held.is_within(&settled) {
            break;
        }
        assert!(Instant::now() < deadline, "{held:?} instead of {settled:?}");
        std::thread::sleep(POLL);
    }
    let grown = resident(editor.pid()).saturating_sub(size);
    assert!(grown < GROWTH, "from {size} KiB by {grown} KiB");
    cancels.sort_unstable();
    let (median, longest) = (cancels[cancels.len() / 2], cancels[cancels.len() - 1]);
    eprintln!(
        "{} cancels, median {median:?}, longest {longest:?}; {size} KiB, {grown} KiB more at the end",
        cancels.len()
    );
    assert!(longest < AT_ONCE, "{longest:?}");
    editor.ignore("window/showMessage");
    editor.ignore("textDocument/publishDiagnostics");
    assert_eq!(editor.shutdown(), 0);
    assert_eq!(at_work(&sandbox), BTreeSet::new());
    let left: Vec<_> = std::fs::read_dir(sandbox.path().join("tmp"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
#[expect(clippy::print_stderr, reason = "what was measured is worth reading")]
fn a_killed_server_takes_its_agents_along() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let agents: Vec<String> = (0..8).map(|it| format!("agent-{it}")).collect();
    for agent in &agents {
        let mark = mark(&sandbox, agent);
        let script = format!("ignore-eof\non call\ntouch {}\nhang\n", mark.display());
        sandbox.agent(agent, &script);
    }
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    let argument = json!({ "scope": "file", "uri": editor.uri("src/main.rs"), "agents": agents });
    editor.execute("crosscheck.review", argument);
    for agent in &agents {
        called(&sandbox, agent);
    }
    let server = editor.pid().to_string();
    sandbox
        .command("kill")
        .args(["-KILL", &server])
        .status()
        .unwrap();
    let before = Instant::now();
    editor.exit_code();
    while !at_work(&sandbox).is_empty() {
        assert!(before.elapsed() < SOON, "left: {:?}", at_work(&sandbox));
        std::thread::sleep(POLL);
    }
    eprintln!(
        "{} agents were gone after {:?}",
        agents.len(),
        before.elapsed()
    );
}

/// Which agent of which kind reviews when. The first reviews are by each kind in turn, the others by chance.
fn plan(sandbox: &mut Sandbox) -> Vec<(&'static Kind, String)> {
    let mut choices = Choices(SEED);
    let mut plan = Vec::new();
    for number in 0..REVIEWS {
        let in_turn = number < WARM_UP * KINDS.len();
        let at = if in_turn {
            number
        } else {
            choices.below(KINDS.len())
        };
        let kind = &KINDS[at % KINDS.len()];
        let agent = if kind.ends {
            format!("{}-{number}", kind.name)
        } else {
            kind.name.to_owned()
        };
        if kind.ends || number < KINDS.len() {
            let mark = mark(sandbox, &agent);
            let steps = kind.on_call.replace("[mark]", mark.to_str().unwrap());
            sandbox.agent(
                &agent,
                &FINDS_ADD.replace("on call\n", &format!("on call\n{steps}")),
            );
        }
        plan.push((kind, agent));
    }
    plan
}

/// One review; how long the cancel took, if it was cancelled.
fn review(sandbox: &Sandbox, editor: &mut Editor, kind: &Kind, agent: &str) -> Option<Duration> {
    let argument = json!({ "scope": "file", "uri": editor.uri("src/main.rs"), "agents": [agent] });
    let run = editor.execute("crosscheck.review", argument);
    let mut cancelled = None;
    if kind.cancelled {
        called(sandbox, agent);
        cancelled = Some(Instant::now());
        editor.execute("crosscheck.cancel", json!({ "run": run["run"] }));
    }
    let message = editor.progress_end();
    assert_eq!(
        message.contains("cancel"),
        kind.cancelled,
        "{agent}: {message}"
    );
    editor.ignore("window/showMessage");
    editor.ignore("textDocument/publishDiagnostics");
    cancelled.map(|it| it.elapsed())
}

/// Waits until an agent has a call.
fn called(sandbox: &Sandbox, agent: &str) {
    let deadline = Instant::now() + tests::PATIENCE;
    while std::fs::remove_file(mark(sandbox, agent)).is_err() {
        assert!(Instant::now() < deadline, "{agent} was not called");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Where an agent says that it has a call.
fn mark(sandbox: &Sandbox, agent: &str) -> PathBuf {
    sandbox
        .path()
        .join("agents")
        .join(format!("{agent}.called"))
}

/// Ends the agents that are idle, as they should be, and waits for those that are not.
fn end_all(sandbox: &Sandbox, editor: &mut Editor) {
    editor.execute("crosscheck.restart", json!({}));
    let deadline = Instant::now() + tests::PATIENCE;
    let server = editor.pid();
    while at_work(sandbox).iter().any(|it| is_agent(*it)) {
        assert!(
            Instant::now() < deadline,
            "of {server}: {:?}",
            at_work(sandbox)
        );
        std::thread::sleep(POLL);
    }
}

/// What the server holds when nothing comes and goes any more.
fn settled(sandbox: &Sandbox, server: u32) -> Held {
    let (mut last, mut equal) = (held(sandbox, server), 0);
    while equal < LOOKS {
        std::thread::sleep(POLL);
        let now = held(sandbox, server);
        equal = if now == last { equal + 1 } else { 0 };
        last = now;
    }
    last
}

fn held(sandbox: &Sandbox, server: u32) -> Held {
    let entries = |of: &str| {
        std::fs::read_dir(format!("/proc/{server}/{of}"))
            .unwrap()
            .count()
    };
    Held {
        processes: at_work(sandbox).len(),
        threads: entries("task"),
        descriptors: entries("fd"),
    }
}

/// Resident memory of a process, in KiB.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|it| it.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The processes that have the sandbox in their environment, zombies included: all that were started for it.
fn at_work(sandbox: &Sandbox) -> BTreeSet<u32> {
    let marked = sandbox.state().into_os_string().into_encoded_bytes();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let is_ours = |path: &Path| {
        let environment = std::fs::read(path.join("environ")).unwrap_or_default();
        environment.windows(marked.len()).any(|it| it == marked)
    };
    let ours = processes.map(|it| it.path()).filter(|it| is_ours(it));
    ours.filter_map(|it| it.file_name()?.to_str()?.parse().ok())
        .collect()
}

fn is_agent(pid: u32) -> bool {
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    program.ends_with("fake-agent")
}
