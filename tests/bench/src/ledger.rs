//! What a ledger of a million findings costs: opening it, asking it, writing into it; next to SQLite alone, and to an empty one.

use crate::finding::finding;
use crate::table::{Sample, head, ratio, row, time};
use domain::anchor::Anchor;
use domain::finding::Finding;
use domain::identity::{Lines, Mark};
use domain::path::RelPath;
use domain::text::{Text, TextRange};
use engine::paths::Paths;
use engine::{Engine, Event, Occasion, Options, Review, RunEvent, Scope};
use rusqlite::{Connection, OpenFlags, Statement, params};
use serde_json::json;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What is in the ledger.
const ROOTS: usize = 200;
const FINDINGS: usize = 1_000_000;
const VERDICTS: usize = 20_000;
const CALLS: usize = 50_000;
/// Of one root: files, and findings in each, one a line.
const FILES: usize = 100;
const PER_FILE: usize = FINDINGS / ROOTS / FILES;
/// All of it happened in so many days.
const DAYS: u64 = 180;
/// What statistics are about.
const MONTH: u64 = 30;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ROUNDS: usize = 9;
const PATIENCE: Duration = Duration::from_secs(600);

/// Everything through the engine, as the doors have it.
pub(crate) fn ledger() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().canonicalize().unwrap();
    let user = User::new(&home);
    let templates = user.generate();
    let now = SystemTime::now();
    // The engine makes the file and its schema.
    for state in [&user.full, &user.empty] {
        let door = user.door(state);
        door.engine.spent_today();
        door.until(|it| matches!(it, Event::Spent { .. }).then_some(()));
        door.engine.shutdown(PATIENCE);
    }
    let start = Instant::now();
    fill(&user, &templates, now);
    let filled = start.elapsed();
    let bytes = std::fs::metadata(user.ledger(&user.full)).unwrap().len();
    head(&format!(
        "A ledger of {FINDINGS} findings in {ROOTS} workspaces, {VERDICTS} verdicts, {CALLS} calls ({} MB, generated in {:.0} s)",
        bytes / 1_000_000,
        filled.as_secs_f64()
    ));

    let mut ours: Vec<Took> = Vec::new();
    let mut floors: Vec<Took> = Vec::new();
    for _ in 0..ROUNDS {
        ours.push(user.measure(&user.full, now));
        floors.push(user.floor(&ours[0].counts));
    }
    let empty: Vec<Took> = (0..ROUNDS)
        .map(|_| user.measure(&user.empty, now))
        .collect();
    for (at, what) in WHAT.iter().enumerate() {
        let median =
            |all: &[Took]| Sample::new(all.iter().map(|it| it.times[at]).collect()).median();
        let (own, sqlite, empty) = (median(&ours), median(&floors), median(&empty));
        let floor = if *what == REVIEW {
            format!("{} on an empty ledger ({})", time(empty), ratio(own, empty))
        } else {
            format!("{} ({})", time(sqlite), ratio(own, sqlite))
        };
        let count = match ours[0].counts[at] {
            0 => String::new(),
            count => format!(", {count} rows"),
        };
        row(&format!("{what}{count}"), &time(own), &floor, "-");
    }
}

/// What is measured, in this order. The floor is SQLite opening the file, and selecting as many rows by primary key.
const WHAT: [&str; 7] = [
    "opening it, until the first answer",
    "`crosscheck findings`: all of a root, placed in its files",
    "an editor opens a file",
    "`crosscheck stats`, 30 days, all roots: findings that are new",
    "`crosscheck dismissed`: the verdicts of a root",
    "the records of all agents",
    REVIEW,
];
const REVIEW: &str = "a review of a file with 50 findings, until all of it is written";

/// How long each took, and how many rows it was about.
struct Took {
    times: [Duration; WHAT.len()],
    counts: [usize; WHAT.len()],
}

/// A user with one workspace and two ledgers.
struct User {
    home: PathBuf,
    root: PathBuf,
    full: PathBuf,
    empty: PathBuf,
}

/// An engine with its events.
struct Door {
    engine: Engine,
    events: Receiver<Event>,
}

impl Door {
    fn until<T>(&self, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.events.recv_timeout(PATIENCE).unwrap()) {
                return found;
            }
        }
    }
}

impl User {
    fn new(home: &Path) -> Self {
        let at = |name: &str| home.join(name);
        for name in ["config", "full", "empty", "work"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        let program = std::env::current_exe().unwrap();
        let config = format!(
            "[agents.trivial]\npreset = \"contract\"\ncommand = [{program:?}, \"floor-agent\"]\n\
             env = {{ BENCH_FINDINGS = \"{PER_FILE}\" }}\n[review]\nagents = [\"trivial\"]\n"
        );
        std::fs::write(at("config/config.toml"), config).unwrap();
        Self {
            home: home.to_owned(),
            root: at("work"),
            full: at("full"),
            empty: at("empty"),
        }
    }

    /// Writes the files of the workspace; a finding on each line of each.
    fn generate(&self) -> Vec<Template> {
        let mut templates = Vec::new();
        for file in 0..FILES {
            let lines = (0..PER_FILE)
                .map(|it| format!("    let value_{file}_{it} = compute(left, right);\n"));
            let text: String = lines.collect();
            let name = format!("file{file}.rs");
            std::fs::write(self.root.join(&name), &text).unwrap();
            let text = Text::new(&text);
            let lines = Lines::of(&text);
            templates.extend((0..PER_FILE).map(|it| Template::new(&name, &text, &lines, it)));
        }
        templates
    }

    fn ledger(&self, state: &Path) -> PathBuf {
        state.join("ledger.sqlite")
    }

    fn door(&self, state: &Path) -> Door {
        let paths = Paths {
            config_dir: self.home.join("config"),
            state_dir: state.to_owned(),
            home: self.home.clone(),
            program: std::env::current_exe().unwrap(),
            environment: std::env::vars().collect(),
        };
        let (sender, events) = channel();
        let sink = Arc::new(move |event| drop(sender.send(event)));
        let engine = Engine::new(Options {
            paths,
            events: sink,
        });
        Door { engine, events }
    }

    /// One session.
    fn measure(&self, state: &Path, now: SystemTime) -> Took {
        let door = self.door(state);
        let mut took = Took {
            times: Default::default(),
            counts: Default::default(),
        };
        let mut step = 0;
        let mut note = |since: Instant, count: usize| {
            took.times[step] = since.elapsed();
            took.counts[step] = count;
            step += 1;
        };
        let start = Instant::now();
        door.engine.spent_today();
        door.until(|it| matches!(it, Event::Spent { .. }).then_some(()));
        note(start, 0);

        door.engine.open(&self.root);
        door.until(|it| matches!(it, Event::Config(_)).then_some(()));
        let start = Instant::now();
        door.engine.recall_findings(&self.root, "");
        let count = door.until(|it| match it {
            Event::Findings { files, .. } => Some(files.iter().map(|it| it.findings.len()).sum()),
            _ => None,
        });
        note(start, count);

        let name = RelPath::try_from("file1.rs".to_owned()).unwrap();
        let text = Text::new(&std::fs::read_to_string(self.root.join("file1.rs")).unwrap());
        let start = Instant::now();
        door.engine.recall(&self.root, &name, text, Some(1));
        let count = if state == self.full {
            door.until(|it| match it {
                Event::Recalled { file, .. } => Some(file.findings.len()),
                _ => None,
            })
        } else {
            0
        };
        note(start, count);

        let start = Instant::now();
        door.engine
            .recall_stats(None, now - DAY * u32::try_from(MONTH).unwrap());
        let count = door.until(|it| match it {
            Event::Stats { agents, .. } => Some(agents.iter().map(|it| it.found as usize).sum()),
            _ => None,
        });
        note(start, count);

        let start = Instant::now();
        door.engine.recall_verdicts(&self.root);
        let count = door.until(|it| match it {
            Event::Verdicts { verdicts, .. } => Some(verdicts.len()),
            _ => None,
        });
        note(start, count);

        let start = Instant::now();
        door.engine.recall_records();
        door.until(|it| matches!(it, Event::Records(_)).then_some(()));
        note(start, VERDICTS.min(5000));

        let start = Instant::now();
        let run = door.engine.review(Review {
            root: self.root.clone(),
            scope: Scope::Files(vec![self.root.join("file0.rs")]),
            agents: Vec::new(),
            open: Default::default(),
            instructions: None,
            author: None,
            occasion: Occasion::Afresh,
            verify: None,
        });
        let mut found = 0;
        door.until(|it| match it {
            Event::Run { run: of, event } if of == run => match event {
                RunEvent::Findings(file) => {
                    found += file.findings.len() + file.hidden.len();
                    None
                }
                RunEvent::Ended(report) => {
                    assert!(report.is_complete(), "{report:?}");
                    Some(())
                }
                _ => None,
            },
            _ => None,
        });
        // The ledger answers in order: by now it has written everything.
        door.engine.recall_verdicts(&self.root);
        door.until(|it| matches!(it, Event::Verdicts { .. }).then_some(()));
        note(start, found);
        assert_eq!(found, PER_FILE);
        door.engine.shutdown(PATIENCE);
        took
    }

    /// SQLite alone: the file opened, and as many rows of the same tables by their primary keys.
    fn floor(&self, counts: &[usize; WHAT.len()]) -> Took {
        let start = Instant::now();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.ledger(&self.full), flags).unwrap();
        let mut findings = connection
            .prepare("SELECT * FROM findings WHERE row = ?1")
            .unwrap();
        pick(&mut findings, 1, FINDINGS);
        let open = start.elapsed();
        let mut verdicts = connection
            .prepare("SELECT * FROM verdicts WHERE id = ?1")
            .unwrap();
        let mut times = [Duration::ZERO; WHAT.len()];
        times[0] = open;
        for (at, count) in counts.iter().enumerate().skip(1) {
            let start = Instant::now();
            if matches!(at, 4 | 5) {
                pick(&mut verdicts, *count, VERDICTS);
            } else {
                pick(&mut findings, *count, FINDINGS);
            }
            times[at] = start.elapsed();
        }
        Took {
            times,
            counts: *counts,
        }
    }
}

/// Reads so many rows, evenly over all there are.
fn pick(select: &mut Statement<'_>, count: usize, all: usize) {
    let columns = select.column_count();
    for at in 0..count {
        let id = 1 + at * (all / count);
        let mut rows = select.query([i64::try_from(id).unwrap()]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                black_box(row.get_ref(column).unwrap());
            }
        }
    }
}

/// A finding as all roots have it.
struct Template {
    path: String,
    title: String,
    anchor: Anchor,
    text: String,
    mark: String,
}

const BODY: &str = "A caller that keeps the value sees this when two requests arrive at the same time, and the second one finds the \
                    state of the first. Check the result before it is used.";

impl Template {
    fn new(name: &str, text: &Text, lines: &Lines, line: usize) -> Self {
        let whole = text.line_range(line).unwrap();
        let range = TextRange::new(whole.start + 4, whole.end - 1);
        let title = format!("The value of line {line} may overflow for large input");
        let anchor = Anchor::of(text, range, None);
        let path = RelPath::try_from(name.to_owned()).unwrap();
        let finding = Finding {
            body: BODY.to_owned(),
            anchor: anchor.clone(),
            ..finding("", &path, range, title.clone())
        };
        let mark = Mark::of(&finding, text, lines);
        Self {
            path: name.to_owned(),
            title,
            anchor,
            text: mark.text.to_string(),
            mark: serde_json::to_string(&mark).unwrap(),
        }
    }
}

/// Spread over all time, roots and agents, in one transaction.
fn fill(user: &User, templates: &[Template], now: SystemTime) {
    let mut connection = Connection::open(user.ledger(&user.full)).unwrap();
    let transaction = connection.transaction().unwrap();
    let now = i64::try_from(now.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let span = i64::try_from(DAY.as_millis()).unwrap() * i64::try_from(DAYS).unwrap();
    let share = |at: usize, all: usize| {
        now - span + span * i64::try_from(at).unwrap() / i64::try_from(all).unwrap()
    };
    let root = |number: usize| match number {
        0 => user.root.to_str().unwrap().to_owned(),
        _ => format!("/home/somebody/projects/workspace-{number}"),
    };
    let roots: Vec<String> = (0..ROOTS).map(root).collect();
    let agent = |number: usize| ["trivial", "codex", "claude", "gemini"][number % 4];
    {
        let mut insert = transaction
            .prepare(
                "INSERT INTO findings (root, path, agent, id, provider, state, first_run, last_run, first_seen, last_seen, tier,
                                       severity, category, title, body, quote, before, after, line, mark, text, hidden)
                 VALUES (?1, ?2, ?3, ?4, ?3, ?5, ?6, ?6, ?7, ?7, 'exact', 'warning', 'correctness', ?8, ?9, ?10, ?11, ?12, ?13, ?14,
                         ?15, ?16)",
            )
            .unwrap();
        for number in 0..FINDINGS {
            let (of, at) = (number % ROOTS, number / ROOTS);
            let it = &templates[at % templates.len()];
            // Those of the measured root are of the agent that is asked there, and open.
            let by = if of == 0 {
                agent(0)
            } else {
                agent(at / PER_FILE)
            };
            // What was settled long ago would be forgotten while it is measured.
            let state = if of > 0 && number > FINDINGS * 3 / 5 && number % 7 == 0 {
                "resolved"
            } else {
                "open"
            };
            let hidden = (of > 0 && number % 50 == 1).then_some("dismissed here: wrong");
            insert
                .execute(params![
                    roots[of],
                    it.path,
                    by,
                    id(number),
                    state,
                    1,
                    share(number, FINDINGS),
                    it.title,
                    BODY,
                    it.anchor.quote,
                    it.anchor.before,
                    it.anchor.after,
                    it.anchor.line,
                    it.mark,
                    it.text,
                    hidden,
                ])
                .unwrap();
        }
        let mut insert = transaction
            .prepare(
                "INSERT INTO verdicts (root, verdict, reach, reason, created, remarks) VALUES (?1, ?2, 'here', ?3, ?4, ?5)",
            )
            .unwrap();
        for number in 0..VERDICTS {
            let (of, at) = (number % ROOTS, number / ROOTS);
            let it = &templates[at * PER_FILE % templates.len()];
            let (verdict, reason) = match number % 3 {
                0 => ("accepted", None),
                1 => ("dismissed", Some("wrong")),
                _ => ("dismissed", Some("not-now")),
            };
            let mark: serde_json::Value = serde_json::from_str(&it.mark).unwrap();
            let remarks = json!([{
                "finding": id(FINDINGS + number), "agent": agent(at), "path": it.path, "category": "correctness",
                "title": "Elsewhere", "body": BODY, "mark": mark,
            }]);
            insert
                .execute(params![
                    roots[of],
                    verdict,
                    reason,
                    share(number, VERDICTS),
                    remarks.to_string()
                ])
                .unwrap();
        }
        let mut insert = transaction
            .prepare(
                "INSERT INTO calls (ticket, root, run, agent, provider, operation, state, started, ended, counted, model, input,
                                    output, tokens_told, usd, usd_told)
                 VALUES (?1, ?2, ?3, ?4, ?4, 'review', 'answered', ?5, ?5 + 20000, 1, 'm', 12000, 900, 1, 0.03, 1)",
            )
            .unwrap();
        for number in 0..CALLS {
            insert
                .execute(params![
                    id(number),
                    roots[number % ROOTS],
                    i64::try_from(number).unwrap(),
                    agent(number / ROOTS),
                    share(number, CALLS)
                ])
                .unwrap();
        }
    }
    transaction.commit().unwrap();
}

/// A name as findings have them: neighbours are far apart in any order.
fn id(number: usize) -> String {
    format!(
        "{:016x}",
        (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    )
}
