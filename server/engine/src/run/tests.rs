//! Tests of whole runs with scripted agents, as a door sees them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::engine::{Engine, Options};
use crate::event::{AgentOutcome, AgentReport, Event, FileFindings, Report, RunEvent, RunId};
use crate::paths::Paths;
use crate::request::{Buffer, Dismissal, Occasion, OpenBuffers, Reach, Review, Scope};
use domain::board::Reviewed;
use domain::path::RelPath;
use domain::text::Text;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(super) const PATIENCE: Duration = Duration::from_secs(30);
pub(super) const CODE: &str = "fn main() {\n    let teh = 1;\n}\n";

/// A user's machine with one project and some agents.
pub(super) struct Machine {
    pub(super) directory: TempDir,
    pub(super) root: PathBuf,
}

/// A door to the engine.
pub(super) struct Door {
    pub(super) engine: Engine,
    pub(super) events: Receiver<Event>,
    pub(super) root: PathBuf,
}

impl Machine {
    /// `agents`: name and arguments of each one's script.
    pub(super) fn new(agents: &[(&str, &[&str])]) -> Self {
        let directory = TempDir::new().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap().join("project");
        fs::create_dir_all(root.join("src")).unwrap();
        fs::create_dir_all(directory.path().join("config")).unwrap();
        fs::write(root.join("src/main.rs"), CODE).unwrap();
        let machine = Self { directory, root };
        machine.configure(agents, "");
        machine
    }
    pub(super) fn configure(&self, agents: &[(&str, &[&str])], more: &str) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/run/tests/agent.sh");
        let names: Vec<&str> = agents.iter().map(|it| it.0).collect();
        let mut config = format!("[review]\nagents = {}\n{more}\n", json!(names));
        for (name, arguments) in agents {
            let mut command = vec!["/bin/sh", script];
            command.extend(*arguments);
            config += &format!("[agents.{name}]\ncommand = {}\n", json!(command));
        }
        fs::write(self.directory.path().join("config/config.toml"), config).unwrap();
    }
    /// Writes an answer and returns the file's path.
    pub(super) fn answer(&self, answer: &Value) -> String {
        let count = fs::read_dir(self.directory.path()).unwrap().count();
        let file = self.directory.path().join(format!("answer{count}.json"));
        fs::write(&file, answer.to_string()).unwrap();
        file.to_str().unwrap().to_owned()
    }
    /// Writes a file of the project.
    pub(super) fn write(&self, path: &str, text: &str) {
        fs::write(self.root.join(path), text).unwrap();
    }
    /// The text of a file of the project.
    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }
    pub(super) fn door(&self) -> Door {
        let at = |name: &str| self.directory.path().join(name);
        let paths = Paths {
            config_dir: at("config"),
            state_dir: at("state"),
            home: at("home"),
            program: at("no-such-program"),
            environment: [("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into(),
        };
        let (sender, events) = channel();
        // A door that is gone wants to know nothing.
        let sink = Arc::new(move |event| drop(sender.send(event)));
        let engine = Engine::new(Options {
            paths,
            events: sink,
        });
        Door {
            engine,
            events,
            root: self.root.clone(),
        }
    }
}

impl Door {
    pub(super) fn request(&self) -> Review {
        Review {
            root: self.root.clone(),
            scope: Scope::Files(vec![self.root.clone()]),
            agents: Vec::new(),
            open: OpenBuffers::new(),
            instructions: None,
            author: None,
            occasion: Occasion::Asked,
            verify: None,
        }
    }
    pub(super) fn next(&self, run: RunId) -> RunEvent {
        loop {
            let event = self.events.recv_timeout(PATIENCE).expect("the run goes on");
            if let Event::Run { run: of, event } = event
                && of == run
            {
                return event;
            }
        }
    }
    /// The next event of a kind.
    pub(super) fn event(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.events.recv_timeout(PATIENCE).expect("the event comes");
            if wanted(&event) {
                return event;
            }
        }
    }
    /// The events of a run up to its end.
    pub(super) fn finish(&self, run: RunId) -> (Vec<RunEvent>, Report) {
        let mut events = Vec::new();
        loop {
            match self.next(run) {
                RunEvent::Ended(report) => return (events, report),
                event => events.push(event),
            }
        }
    }
    pub(super) fn review(&self) -> (Vec<FileFindings>, Report) {
        let (events, report) = self.finish(self.engine.review(self.request()));
        (findings(events), report)
    }
}

pub(super) fn findings(events: Vec<RunEvent>) -> Vec<FileFindings> {
    let files = events.into_iter().filter_map(|it| match it {
        RunEvent::Findings(file) => Some(file),
        _ => None,
    });
    files.collect()
}

pub(super) fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

pub(super) fn misspelt(at: &str) -> Value {
    json!({ "findings": [{
        "path": at, "start_line": 2, "end_line": 2, "quote": "teh", "severity": "warning", "category": "spelling",
        "title": "`teh` is misspelt", "body": "", "replacement": "the",
    }] })
}

pub(super) fn outcome(report: &Report, agent: &str) -> AgentReport {
    report
        .agents
        .iter()
        .find(|it| it.agent == agent)
        .expect("it is in the report")
        .clone()
}

#[test]
fn a_review_tells_its_stations_in_order_and_is_remembered() {
    let machine = Machine::new(&[]);
    let answer = machine.answer(&misspelt("src/main.rs"));
    machine.configure(&[("house", &["answer", &answer])], "");
    let door = machine.door();
    let (events, report) = door.finish(door.engine.review(door.request()));
    assert!(matches!(&events[0], RunEvent::Started { agents, files: 1 } if agents == &["house"]));
    assert!(matches!(events.last(), Some(RunEvent::AgentEnded(_))));
    let files = findings(events);
    assert_eq!(files.len(), 1);
    let finding = &files[0].findings[0];
    assert_eq!(files[0].text.slice(finding.range), "teh");
    let fixed = domain::edit::apply(&files[0].text, finding.fix.as_slice()).unwrap();
    assert_eq!(fixed.to_string(), CODE.replace("teh", "the"));
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(report.files, [path("src/main.rs")]);
    assert_eq!(outcome(&report, "house").findings, 1);
    door.engine.shutdown(PATIENCE);

    // Another process, and the text has moved.
    let door = machine.door();
    let moved = Text::new(&format!("// New.\n{CODE}"));
    door.engine
        .recall(&door.root, &path("src/main.rs"), moved.clone(), Some(7));
    let recalled = loop {
        if let Event::Recalled { file, .. } = door.events.recv_timeout(PATIENCE).unwrap() {
            break file;
        }
    };
    assert_eq!(
        (recalled.agent.as_str(), recalled.version),
        ("house", Some(7))
    );
    assert_eq!(recalled.findings[0].id, finding.id);
    assert_eq!(moved.slice(recalled.findings[0].range), "teh");

    let dismissal = Dismissal {
        findings: recalled.findings,
        texts: [(path("src/main.rs"), moved)].into(),
        reach: Reach::Here,
        reason: None,
    };
    door.engine.dismiss(&door.root, dismissal);
    let (files, report) = door.review();
    assert_eq!(files[0].findings, []);
    assert_eq!(outcome(&report, "house").dismissed, 1);
    door.engine.shutdown(PATIENCE);
    let (files, _) = machine.door().review();
    assert_eq!(files[0].findings, [], "it stays away after a restart");
}

#[test]
fn what_goes_wrong_with_one_agent_takes_nothing_from_the_others() {
    let machine = Machine::new(&[]);
    let answer = machine.answer(&misspelt("main.rs"));
    let agents: [(&str, &[&str]); 4] = [
        ("good", &["answer", &answer]),
        ("vague", &["say", "Lovely weather."]),
        ("hot", &["crash"]),
        ("lost", &[]),
    ];
    machine.configure(&agents[..3], "");
    let door = machine.door();
    let (files, report) = door.review();
    assert_eq!(
        files.len(),
        1,
        "only an agent that answered is heard: {files:?}"
    );
    assert_eq!(
        (files[0].agent.as_str(), files[0].findings.len()),
        ("good", 1),
        "a shortened path is understood"
    );
    assert!(!report.is_complete());
    assert_eq!(outcome(&report, "good").outcome, AgentOutcome::Answered);
    let AgentOutcome::Failed(reason) = outcome(&report, "vague").outcome else {
        panic!("{report:?}")
    };
    assert!(reason.contains("`vague` could not be read"), "{reason}");
    let AgentOutcome::Failed(reason) = outcome(&report, "hot").outcome else {
        panic!("{report:?}")
    };
    assert!(
        reason.contains("`hot`") && reason.contains("the house burns"),
        "{reason}"
    );
    door.engine.shutdown(PATIENCE);
}

#[test]
fn findings_in_other_files_are_kept_and_bad_ones_counted() {
    let machine = Machine::new(&[]);
    fs::write(machine.root.join("other.rs"), "let recieve = 2;\n").unwrap();
    fs::write(machine.directory.path().join("secret.txt"), "teh").unwrap();
    let about = |path: &str, quote: &str| json!({ "path": path, "quote": quote, "title": "Look", "start_line": 1 });
    let answer = machine.answer(&json!({ "findings": [
        about("other.rs", "recieve"), about("../secret.txt", "teh"), about("gone.rs", "teh"), json!({ "path": "src/main.rs", "quote": "zzz", "title": "Look" }),
    ] }));
    machine.configure(&[("house", &["answer", &answer])], "");
    let door = machine.door();
    let mut request = door.request();
    request.scope = Scope::Files(vec![PathBuf::from("src/main.rs")]);
    request.open.insert(
        path("other.rs"),
        Buffer {
            text: Text::new("\nlet recieve = 3;\n"),
            version: 4,
        },
    );
    let (events, report) = door.finish(door.engine.review(request));
    let files = findings(events);
    let seen: Vec<_> = files
        .iter()
        .map(|it| (it.path.as_str(), it.version, it.findings.len()))
        .collect();
    assert_eq!(seen, [("src/main.rs", None, 1), ("other.rs", Some(4), 1)]);
    assert_eq!(files[1].text.slice(files[1].findings[0].range), "recieve");
    let house = outcome(&report, "house");
    assert_eq!((house.findings, house.unlocated), (2, 1));
    assert_eq!(house.problems.len(), 2, "{:?}", house.problems);
    assert!(
        house.problems[0].contains("outside the workspace"),
        "{:?}",
        house.problems
    );
    door.engine.shutdown(PATIENCE);
}

#[test]
fn what_an_agent_skips_is_not_reviewed() {
    let machine = Machine::new(&[]);
    fs::write(machine.root.join("src/other.rs"), CODE).unwrap();
    let mut answer = misspelt("src/main.rs");
    answer["skipped"] = json!([{ "path": "src/other.rs", "reason": "too\u{7} dull" }, "elsewhere"]);
    let some = machine.answer(&answer);
    let skipped = json!(["src/main.rs", "src/other.rs"]);
    let all = machine.answer(&json!({ "findings": [], "skipped": skipped }));
    machine.configure(
        &[("some", &["answer", &some]), ("none", &["answer", &all])],
        "",
    );
    let door = machine.door();
    let (files, report) = door.review();
    assert!(!report.is_complete());
    assert_eq!(files.len(), 1, "only one is answered for: {files:?}");
    assert_eq!(report.files, [path("src/main.rs")]);
    let told: Vec<_> = report
        .skipped
        .iter()
        .map(|it| (it.asked_for, &*it.path, &*it.reason))
        .collect();
    assert_eq!(
        told,
        [
            (
                true,
                "src/other.rs",
                "agent `some` did not review it: too dull"
            ),
            (
                true,
                "src/main.rs",
                "agent `none` did not review it and does not say why"
            ),
            (
                true,
                "src/other.rs",
                "agent `none` did not review it and does not say why"
            ),
        ]
    );
    let some = outcome(&report, "some");
    assert_eq!(
        some.outcome,
        AgentOutcome::Partial("it did not review `src/other.rs`: too dull".into())
    );
    assert!(
        some.problems[0].contains("`elsewhere`"),
        "{:?}",
        some.problems
    );
    assert!(matches!(
        outcome(&report, "none").outcome,
        AgentOutcome::Failed(_)
    ));
    door.engine.shutdown(PATIENCE);
}

#[test]
fn an_answer_that_was_cut_off_clears_nothing() {
    let machine = Machine::new(&[]);
    let whole = machine.answer(&misspelt("src/main.rs"));
    machine.configure(&[("house", &["answer", &whole])], "");
    let door = machine.door();
    door.review();
    let mut cut = misspelt("src/main.rs")["findings"][0].clone();
    cut["quote"] = json!("main");
    let cut = format!("[{cut}, {{").replace('"', "\\\"");
    machine.configure(&[("house", &["say", &cut])], "");
    door.engine.open(&door.root);
    let (files, report) = door.review();
    let AgentOutcome::Partial(reason) = outcome(&report, "house").outcome else {
        panic!("{report:?}")
    };
    assert!(reason.contains("no valid JSON"), "{reason}");
    assert!(matches!(&files[0].reviewed, Reviewed::Ranges(it) if it.len() == 1));
    door.engine.shutdown(PATIENCE);
}

#[test]
fn a_cancelled_review_ends_at_once_and_only_once() {
    let machine = Machine::new(&[("lazy", &["hang"])]);
    let door = machine.door();
    let run = door.engine.review(door.request());
    while !matches!(door.next(run), RunEvent::Progress { message, .. } if message.contains("reviewing"))
    {
    }
    let asked = Instant::now();
    door.engine.cancel(run);
    let (_, report) = door.finish(run);
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
    assert!(report.cancelled && !report.is_complete());
    assert_eq!(outcome(&report, "lazy").outcome, AgentOutcome::Cancelled);
    door.engine.cancel(run);
    door.engine.shutdown(PATIENCE);
    let ends = door.events.try_iter().filter(|it| {
        matches!(
            it,
            Event::Run {
                event: RunEvent::Ended(_),
                ..
            }
        )
    });
    assert_eq!(ends.count(), 0);
}

#[test]
fn a_review_ends_at_its_limit() {
    let machine = Machine::new(&[]);
    machine.configure(&[("lazy", &["hang"])], "[limits]\nrun = \"1s\"\n");
    let (files, report) = machine.door().review();
    assert!(files.is_empty());
    let AgentOutcome::Failed(reason) = outcome(&report, "lazy").outcome else {
        panic!("{report:?}")
    };
    assert!(reason.contains("longer than 1 s"), "{reason}");
}

#[test]
fn shutdown_ends_reviews_and_nothing_starts_after_it() {
    let machine = Machine::new(&[("lazy", &["hang"])]);
    let door = machine.door();
    let run = door.engine.review(door.request());
    while !matches!(door.next(run), RunEvent::Started { .. }) {}
    door.engine.shutdown(PATIENCE);
    let (_, report) = door.finish(run);
    assert!(report.cancelled);
    let (events, report) = door.finish(door.engine.review(door.request()));
    assert!(events.is_empty() && report.error.is_some());
}

#[test]
fn what_cannot_be_done_is_said() {
    let machine = Machine::new(&[("lazy", &["hang"])]);
    let door = machine.door();
    let mut unknown = door.request();
    unknown.agents = vec!["crazy".into()];
    let (_, report) = door.finish(door.engine.review(unknown));
    let error = report.error.unwrap();
    assert!(
        error.contains("no agent named `crazy`") && error.contains("`lazy`"),
        "{error}"
    );

    fs::remove_file(machine.root.join("src/main.rs")).unwrap();
    let (_, report) = door.review();
    assert!(report.is_complete() && report.error.is_none(), "{report:?}");
    assert_eq!(report.notes, ["no files to review"]);
    door.engine.shutdown(PATIENCE);
}

#[test]
fn a_file_reviewed_in_several_calls_is_told_as_one() {
    let machine = Machine::new(&[]);
    let filler = "// Nothing to see in this line of a long file.\n".repeat(800);
    fs::write(machine.root.join("src/main.rs"), format!("{CODE}{filler}")).unwrap();
    let answer = machine.answer(&misspelt("src/main.rs"));
    let more = "[limits]\nprompt_size = \"16kB\"\n[agents.house.review]\ntool = \"review\"\narguments = { task = \"{{ prompt }}\" }\n";
    machine.configure(&[("house", &["answer", &answer])], more);
    let door = machine.door();
    let (files, report) = door.review();
    assert!(files.len() > 1, "it takes several calls");
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(
        outcome(&report, "house").findings,
        1,
        "all of them say the same"
    );
    let ids: Vec<_> = files.iter().map(|it| it.findings[0].id.clone()).collect();
    assert!(ids.windows(2).all(|it| it[0] == it[1]));
    let Some(Reviewed::Ranges(ranges)) = files.last().map(|it| it.reviewed.clone()) else {
        panic!("{files:?}")
    };
    let last = ranges.iter().map(|it| it.end).max();
    assert_eq!(
        last,
        Some(CODE.len() + filler.len()),
        "together they cover the file"
    );
    door.engine.shutdown(PATIENCE);
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let machine = Machine::new(&[]);
    let answer = machine.answer(&json!({ "findings": [] }));
    let agents: [(&str, &[&str]); 3] = [
        ("good", &["answer", &answer]),
        ("hot", &["crash"]),
        ("vague", &["say", "Hm."]),
    ];
    let absent = "[agents.absent]\ncommand = [\"no-such-agent\"]\n[agents.odd]\ncommand = [\"/bin/sh\", \"-c\", \"exit 7\"]\n";
    machine.configure(&agents, absent);
    let door = machine.door();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let names = ["good", "hot", "vague", "absent", "odd", "typo"].map(str::to_owned);
    let mut seen = String::new();
    runtime.block_on(crate::doctor::examine(
        &door.engine,
        &door.root,
        &names,
        |checkup| {
            for step in checkup.steps {
                let told = match step.result {
                    Ok(seen) => seen.split(", in ").next().unwrap_or_default().to_owned(),
                    Err(failure) => {
                        let what = failure.what.split(" in PATH").next().unwrap_or_default();
                        format!("{what} / {}", failure.advice)
                    }
                };
                seen += &format!("{} {}: {told}\n", checkup.agent, step.name);
            }
        },
    ));
    expect_test::expect![[r#"
        good start: fake 1, MCP 2025-11-25
        good tools: `review`, `ask` of 2 tools
        good review: answered about a small sample with no findings (findings)
        hot start: fake 1, MCP 2025-11-25
        hot tools: `review`, `ask` of 2 tools
        hot review: agent `hot` went away during the call: it ended with exit code 3; its last words: the house burns / run it by hand and see what it says: `/bin/sh agent.sh crash`
        vague start: fake 1, MCP 2025-11-25
        vague tools: `review`, `ask` of 2 tools
        vague review: its answer about a small sample has neither findings nor says that there are none: Hm. / set `answer` in `[agents.vague.review]` to the format it answers in, or ask for another form in its `arguments`
        absent start: agent `absent` could not be started: `no-such-agent` was not found / install it, or put the full path of the program in `command` of `[agents.absent]`
        odd start: agent `odd` could not be started: before the handshake it ended with exit code 7 / run it by hand and see what it says: `/bin/sh -c exit 7`
        typo start: no agent named `typo` is configured / there are `absent`, `builtin`, `good`, `hot`, `odd`, `vague`
    "#]].assert_eq(&seen.replace(concat!(env!("CARGO_MANIFEST_DIR"), "/src/run/tests/"), ""));
    door.engine.shutdown(PATIENCE);
}

#[test]
fn an_agent_of_the_workspace_waits_for_trust() {
    let machine = Machine::new(&[]);
    let answer = machine.answer(&misspelt("src/main.rs"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/run/tests/agent.sh");
    let command = json!(["/bin/sh", script, "answer", answer]);
    fs::write(
        machine.root.join("crosscheck.toml"),
        format!("[agents.house]\ncommand = {command}\n"),
    )
    .unwrap();
    let door = machine.door();
    let request = || Review {
        agents: vec!["house".into()],
        ..door.request()
    };
    let (events, report) = door.finish(door.engine.review(request()));
    assert!(events.is_empty());
    let error = report.error.unwrap();
    assert!(
        error.contains("`house`") && error.contains("not trusted yet"),
        "{error}"
    );

    let hash = door
        .engine
        .config(&door.root)
        .unwrap()
        .untrusted
        .clone()
        .unwrap()
        .hash;
    let news = || loop {
        match door.events.recv_timeout(PATIENCE).unwrap() {
            Event::Config(loaded) => return Ok(loaded),
            Event::Notice(text) => return Err(text),
            _ => {}
        }
    };
    door.engine.trust(&door.root, "another hash");
    assert!(news().unwrap_err().contains("nothing was trusted"));
    assert!(news().unwrap().untrusted.is_some());
    door.engine.trust(&door.root, &hash);
    assert_eq!(news().unwrap().untrusted, None);
    let (events, _) = door.finish(door.engine.review(request()));
    assert_eq!(
        findings(events)
            .iter()
            .map(|it| it.findings.len())
            .sum::<usize>(),
        1
    );
    door.engine.shutdown(PATIENCE);
}

#[test]
fn what_an_agent_read_on_disk_is_placed_in_the_open_document() {
    let machine = Machine::new(&[]);
    let answer = machine.answer(&misspelt("src/main.rs"));
    let more = "[agents.house.review]\ntool = \"review\"\nreads = \"disk\"\n";
    machine.configure(&[("house", &["answer", &answer])], more);
    let door = machine.door();
    let mut request = door.request();
    let text = Text::new(&format!("// Unsaved.\n{CODE}"));
    request.open.insert(
        path("src/main.rs"),
        Buffer {
            text: text.clone(),
            version: 3,
        },
    );
    let (events, report) = door.finish(door.engine.review(request));
    let files = findings(events);
    assert_eq!(files[0].version, Some(3));
    let finding = &files[0].findings[0];
    assert_eq!(text.slice(finding.range), "teh");
    let fixed = domain::edit::apply(&text, finding.fix.as_slice()).unwrap();
    assert_eq!(fixed.to_string(), text.to_string().replace("teh", "the"));
    let AgentOutcome::Partial(reason) = outcome(&report, "house").outcome else {
        panic!("{report:?}")
    };
    assert!(reason.contains("`src/main.rs` differs"), "{reason}");
    door.engine.shutdown(PATIENCE);
}
