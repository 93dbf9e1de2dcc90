//! Tests of the ledger on real databases.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::event::RunId;
use crate::event::Verdict;
use crate::request::Reach;
use crate::sift::{Elsewhere, Judged, Sieve, Verdicts};
use domain::anchor::Anchor;
use domain::board::Reviewed;
use domain::edit::TextEdit;
use domain::finding::{Category, Finding, Severity};
use domain::identity::Lines;
use domain::locate::{Locator, Tier};
use domain::text::{Text, TextRange};
use std::fs;
use std::sync::Mutex;
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

mod answers;
mod calls;
mod listing;
mod plans;
mod proposals;
mod records;
mod stats;

const PATIENCE: Duration = Duration::from_secs(30);
const RUN: RunId = RunId(1);

/// A ledger in a directory, and what it told.
struct Open {
    ledger: Ledger,
    notices: Arc<Mutex<Vec<String>>>,
}

fn file(directory: &TempDir) -> PathBuf {
    directory.path().join("state").join("ledger.sqlite")
}

fn open(file: &Path) -> Open {
    open_at(file, 1_795_367_700)
}

fn open_at(file: &Path, seconds: u64) -> Open {
    let notices = Arc::<Mutex<Vec<String>>>::default();
    let told = notices.clone();
    let clock: Clock = Arc::new(move || UNIX_EPOCH + Duration::from_secs(seconds));
    let ledger = Ledger::new(
        file.to_owned(),
        clock,
        Arc::new(move |text| told.lock().unwrap().push(text)),
    );
    Open { ledger, notices }
}

impl Open {
    fn root() -> &'static Path {
        Path::new("/work/project")
    }
    fn save(&self, text: &Text, findings: Vec<Finding>, reviewed: Reviewed) {
        let file = FileFindings {
            path: path("src/a.rs"),
            agent: "house".into(),
            reviewed,
            findings,
            hidden: Vec::new(),
            text: text.clone(),
            version: None,
        };
        self.ledger.begin(RUN, Self::root(), &["house".into()]);
        self.ledger.save(RUN, Self::root(), file);
        assert!(self.ledger.flush(PATIENCE));
    }
    fn recall(&self, text: &Text) -> Vec<Finding> {
        let (send, receive) = channel();
        self.ledger
            .recall(Self::root(), &path("src/a.rs"), move |all| {
                send.send(all).unwrap()
            });
        let mut findings: Vec<_> = receive
            .recv_timeout(PATIENCE)
            .unwrap()
            .into_iter()
            .filter_map(|it| it.place(text, &Locator::new(text)))
            .collect();
        findings.sort_by_key(|it| it.range);
        findings
    }
    fn verdicts(&self) -> Vec<Entry> {
        let (send, receive) = channel();
        self.ledger
            .verdicts(Self::root(), move |all| send.send(all).unwrap());
        let mut oldest_first = receive.recv_timeout(PATIENCE).unwrap().items;
        oldest_first.reverse();
        oldest_first
    }
    fn decide(&self, entry: &Entry) {
        let new = NewVerdict {
            verdict: entry.verdict,
            reach: entry.reach,
            reason: entry.reason.clone(),
            remarks: entry.remarks.clone(),
        };
        self.ledger.decide(Self::root(), new);
        assert!(self.ledger.flush(PATIENCE));
    }
    fn notices(&self) -> Vec<String> {
        assert!(self.ledger.flush(PATIENCE));
        self.notices.lock().unwrap().clone()
    }
}

fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

/// A finding at the `nth` occurrence of `quote`.
fn finding(text: &Text, quote: &str, nth: usize, title: &str) -> Finding {
    let whole = text.to_string();
    let start = whole
        .match_indices(quote)
        .nth(nth)
        .expect("the quote stands in the text")
        .0;
    let range = TextRange::new(start, start + quote.len());
    let mut finding = Finding {
        id: FindingId(String::new()),
        agent: "house".into(),
        provider: "us".into(),
        path: path("src/a.rs"),
        range,
        tier: Tier::Exact,
        severity: Severity::Warning,
        category: Category::Spelling,
        code: None,
        title: title.into(),
        body: "Because.".into(),
        confidence: Some(0.5),
        fix: Some(TextEdit {
            range,
            new_text: "fixed".into(),
        }),
        anchor: Anchor::of(text, range, None),
    };
    finding.identify(u32::try_from(nth).unwrap());
    finding
}

const CODE: &str = "fn one() {\n    let teh = 1;\n}\n\nfn two() {\n    let recieve = 2;\n}\n";

#[test]
fn findings_are_there_again_where_their_text_moved() {
    let directory = TempDir::new().unwrap();
    let text = Text::new(CODE);
    let said = vec![
        finding(&text, "teh", 0, "Misspelt"),
        finding(&text, "recieve", 0, "Misspelt"),
    ];
    open(&file(&directory)).save(&text, said.clone(), Reviewed::Whole);

    let again = open(&file(&directory));
    assert_eq!(again.recall(&text), said);

    let moved = Text::new(&format!("// A line before.\n{CODE}").replace("recieve", "receive"));
    let recalled = again.recall(&moved);
    assert_eq!(
        recalled.len(),
        1,
        "a finding whose text is gone is not recalled"
    );
    assert_eq!(moved.slice(recalled[0].range), "teh");
    let fix = recalled[0].fix.clone().expect("the fix comes along");
    assert_eq!(
        fix,
        TextEdit {
            range: recalled[0].range,
            new_text: "fixed".into()
        }
    );
    assert_eq!(again.notices(), Vec::<String>::new());
}

#[test]
fn a_fix_whose_text_changed_is_not_recalled() {
    let directory = TempDir::new().unwrap();
    let text = Text::new("alpha beta\ngamma\n");
    let mut said = finding(&text, "gamma", 0, "Rename");
    let elsewhere = TextRange::new(6, 10);
    said.fix = Some(TextEdit {
        range: elsewhere,
        new_text: "delta".into(),
    });
    let ledger = open(&file(&directory));
    ledger.save(&text, vec![said], Reviewed::Whole);
    assert_eq!(
        ledger.recall(&text)[0].fix.as_ref().map(|it| it.range),
        Some(elsewhere)
    );
    let changed = Text::new("alpha bexa\ngamma\n");
    assert_eq!(ledger.recall(&changed)[0].fix, None);
}

#[test]
fn a_newer_answer_supersedes_only_what_was_looked_at_again() {
    let directory = TempDir::new().unwrap();
    let text = Text::new(CODE);
    let said = vec![
        finding(&text, "teh", 0, "Misspelt"),
        finding(&text, "recieve", 0, "Misspelt"),
    ];
    let ledger = open(&file(&directory));
    ledger.save(&text, said.clone(), Reviewed::Whole);

    let first_function = Reviewed::Ranges(vec![TextRange::new(0, 30)]);
    ledger.save(&text, Vec::new(), first_function);
    assert_eq!(ledger.recall(&text), said[1..]);
    ledger.save(&text, said[..1].to_vec(), Reviewed::Whole);
    assert_eq!(ledger.recall(&text), said[..1]);
    ledger
        .ledger
        .resolve(Open::root(), vec![said[0].id.clone()]);
    assert_eq!(ledger.recall(&text), []);
    ledger.ledger.reopen(Open::root(), vec![said[0].id.clone()]);
    assert_eq!(ledger.recall(&text), said[..1]);
}

/// A dismissal of a finding in a text.
fn dismissal(finding: &Finding, text: &Text, reach: Reach) -> Entry {
    Entry {
        id: 0,
        verdict: Verdict::Dismissed,
        reach,
        reason: Some("a name".into()),
        created: UNIX_EPOCH,
        remarks: vec![Judged::of(finding, Some(text))],
    }
}

/// Whether decisions keep a finding in a text away.
fn hides(verdicts: &Verdicts, finding: &Finding, text: &Text) -> bool {
    let sieve = Sieve {
        verdicts,
        baseline: &Default::default(),
        honour: &[],
        elsewhere: &Elsewhere::new(Open::root(), Default::default(), 1 << 20),
    };
    let sifted = sieve.sift(&finding.path, text, &Lines::of(text), vec![finding.clone()]);
    sifted.shown.is_empty()
}

#[test]
fn what_is_decided_is_there_again_and_can_be_taken_back() {
    let text = Text::new("teh one\nmiddle\nteh two\nend\n");
    let first = finding(&text, "teh", 0, "`teh` is misspelt");
    let directory = TempDir::new().unwrap();
    let ledger = open(&file(&directory));
    for reach in [
        Reach::Here,
        Reach::Text,
        Reach::KindInFile,
        Reach::KindInDirectory,
        Reach::Kind,
    ] {
        ledger.decide(&dismissal(&first, &text, reach));
    }
    let accepted = Entry {
        verdict: Verdict::Accepted,
        reason: None,
        ..dismissal(&first, &text, Reach::Here)
    };
    ledger.decide(&accepted);

    let ledger = open(&file(&directory));
    let stored = ledger.verdicts();
    let told: Vec<_> = stored.iter().map(|it| (it.verdict, it.reach)).collect();
    assert_eq!(
        told,
        [
            (Verdict::Dismissed, Reach::Here),
            (Verdict::Dismissed, Reach::Text),
            (Verdict::Dismissed, Reach::KindInFile),
            (Verdict::Dismissed, Reach::KindInDirectory),
            (Verdict::Dismissed, Reach::Kind),
            (Verdict::Accepted, Reach::Here),
        ]
    );
    assert_eq!(
        stored[0].remarks,
        dismissal(&first, &text, Reach::Here).remarks
    );
    assert_eq!(stored[0].reason.as_deref(), Some("a name"));
    let mut verdicts = Verdicts::default();
    verdicts.load(stored.clone(), 0);
    assert!(!hides(&verdicts, &first, &text), "the latest decision wins");

    ledger
        .ledger
        .undecide(Path::new("/elsewhere"), vec![stored[5].id]);
    assert_eq!(
        ledger.verdicts().len(),
        6,
        "a decision of another root stays"
    );
    ledger.ledger.undecide(Open::root(), vec![stored[5].id]);
    verdicts.load(ledger.verdicts(), 0);
    assert!(hides(&verdicts, &first, &text));
    ledger
        .ledger
        .undecide(Open::root(), stored.iter().map(|it| it.id).collect());
    verdicts.load(ledger.verdicts(), 0);
    assert!(!hides(&verdicts, &first, &text));
}

#[test]
fn several_processes_share_a_ledger() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let text = Text::new(
        &(0..8)
            .map(|it| format!("line {it} word{it}\n"))
            .collect::<String>(),
    );
    // All open, migrate and write at once.
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (file, text) = (&file, &text);
            scope.spawn(move || {
                let ledger = open(file);
                let word = format!("word{number}");
                let line = text.line_range(number).unwrap();
                ledger.save(
                    text,
                    vec![finding(text, &word, 0, "Odd")],
                    Reviewed::Ranges(vec![line]),
                );
                assert_eq!(ledger.notices(), Vec::<String>::new());
            });
        }
    });
    let words: Vec<_> = open(&file)
        .recall(&text)
        .iter()
        .map(|it| text.slice(it.range).into_owned())
        .collect();
    assert_eq!(
        words,
        [
            "word0", "word1", "word2", "word3", "word4", "word5", "word6", "word7"
        ]
    );
}

#[test]
fn an_unusable_file_is_set_aside_and_named() {
    let foreign = |file: &Path| {
        let connection = rusqlite::Connection::open(file).unwrap();
        connection
            .execute_batch("CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('x')")
            .unwrap();
    };
    let other_tables = |file: &Path| {
        let connection = rusqlite::Connection::open(file).unwrap();
        connection
            .pragma_update(None, "application_id", schema::APPLICATION_ID)
            .unwrap();
        connection
            .pragma_update(None, "user_version", schema::VERSION)
            .unwrap();
    };
    let other_old_tables = |file: &Path| {
        let connection = rusqlite::Connection::open(file).unwrap();
        connection
            .pragma_update(None, "application_id", schema::APPLICATION_ID)
            .unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
    };
    let text_file = |file: &Path| fs::write(file, "dear diary, ".repeat(1000)).unwrap();
    let makers: [&dyn Fn(&Path); 4] = [&foreign, &other_tables, &other_old_tables, &text_file];
    for make in makers {
        let directory = TempDir::new().unwrap();
        let file = file(&directory);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        make(&file);
        let before = fs::read(&file).unwrap();

        let text = Text::new(CODE);
        let ledger = open(&file);
        ledger.save(
            &text,
            vec![finding(&text, "teh", 0, "Misspelt")],
            Reviewed::Whole,
        );
        assert_eq!(ledger.recall(&text).len(), 1);

        let aside = file.with_file_name("ledger.sqlite.unusable-20261122T171500Z");
        assert!(fs::read(&aside).unwrap() == before, "nothing of it is lost");
        let notices = ledger.notices();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(
            notices[0].contains(&aside.display().to_string()),
            "{notices:?}"
        );
        drop(ledger);
        let again = open(&file);
        assert_eq!(again.recall(&text).len(), 1, "the new file lasts");
        assert_eq!(again.notices(), Vec::<String>::new());
    }
}

#[test]
fn damage_found_in_use_is_set_aside_too() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let text = Text::new(CODE);
    let said = finding(&text, "teh", 0, "Misspelt");
    // Its end writes everything into the file itself.
    drop(open::open(&file, UNIX_EPOCH).unwrap());
    let mut bytes = fs::read(&file).unwrap();
    bytes[4096..].fill(0x5A);
    fs::write(&file, bytes).unwrap();

    let ledger = open(&file);
    ledger.save(&text, vec![said.clone()], Reviewed::Whole);
    ledger.save(&text, vec![said.clone()], Reviewed::Whole);
    assert_eq!(ledger.recall(&text), [said]);
    let notices = ledger.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].contains("was kept as"), "{notices:?}");
}

#[test]
fn a_newer_or_unreachable_ledger_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let newer = file(&directory);
    fs::create_dir_all(newer.parent().unwrap()).unwrap();
    let connection = rusqlite::Connection::open(&newer).unwrap();
    connection
        .pragma_update(None, "application_id", schema::APPLICATION_ID)
        .unwrap();
    connection
        .pragma_update(None, "user_version", schema::VERSION + 1)
        .unwrap();
    drop(connection);
    let before = fs::read(&newer).unwrap();
    let no_directory = newer.join("below-a-file").join("ledger.sqlite");

    for (file, expected) in [(&newer, "newer version"), (&no_directory, "cannot be used")] {
        let text = Text::new(CODE);
        let ledger = open(file);
        ledger.save(
            &text,
            vec![finding(&text, "teh", 0, "Misspelt")],
            Reviewed::Whole,
        );
        assert_eq!(ledger.recall(&text).len(), 1, "it works in memory");
        let notices = ledger.notices();
        assert_eq!(notices.len(), 1);
        assert!(notices[0].contains(expected), "{notices:?}");
    }
    assert!(fs::read(&newer).unwrap() == before);
    let names: Vec<_> = fs::read_dir(newer.parent().unwrap())
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(names, ["ledger.sqlite"]);
}

#[test]
fn resolved_findings_are_forgotten_after_a_while() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let text = Text::new(CODE);
    let said = vec![
        finding(&text, "teh", 0, "Misspelt"),
        finding(&text, "recieve", 0, "Misspelt"),
    ];
    let ledger = open_at(&file, 1_000_000_000);
    ledger.save(&text, said.clone(), Reviewed::Whole);
    ledger
        .ledger
        .resolve(Open::root(), vec![said[0].id.clone()]);
    assert!(ledger.ledger.flush(PATIENCE));
    let count =
        |seconds| {
            let ledger = open_at(&file, seconds);
            // It tidies up once there is nothing to do, which is before the second job.
            assert!(ledger.ledger.flush(PATIENCE));
            let (send, receive) = channel();
            ledger.ledger.worker.submit(move |store| {
                while store.prune()? {}
                send.send(store.connection.query_row(
                    "SELECT count(*) FROM findings",
                    [],
                    |row| row.get::<_, i64>(0),
                )?)
                .unwrap();
                Ok(())
            });
            receive.recv_timeout(PATIENCE).unwrap()
        };
    assert_eq!(count(1_000_000_000 + 80 * 86_400), 2);
    assert_eq!(count(1_000_000_000 + 100 * 86_400), 1);
}

#[test]
fn what_is_too_much_goes_settled_and_oldest_first() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&file(&directory));
    assert_eq!(ledger.verdicts(), []);
    let connection = rusqlite::Connection::open(file(&directory)).unwrap();
    for (id, state, seen) in [
        ("a", "open", 1),
        ("b", "open", 4),
        ("c", "resolved", 3),
        ("d", "resolved", 5),
        ("e", "open", 2),
    ] {
        let insert = "INSERT INTO findings (root, path, agent, id, provider, state, first_run, last_run, first_seen, last_seen, tier,
                                            severity, category, title, body, quote, before, after, line)
                      VALUES ('r', 'p', 'a', ?1, '', ?2, 0, 0, 0, ?3, '', '', '', '', '', '', '', '', 0)";
        connection.execute(insert, (id, state, seen)).unwrap();
    }
    let left = || -> String {
        let mut select = connection
            .prepare("SELECT id FROM findings ORDER BY id")
            .unwrap();
        let ids = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
        ids.map(Result::unwrap).collect()
    };
    assert_eq!(store::forget_excess(&connection, -3).unwrap(), 0);
    assert_eq!(left(), "abcde");
    for (excess, rest) in [(1, "abde"), (2, "be"), (9, "")] {
        assert_eq!(store::forget_excess(&connection, excess).unwrap(), 0);
        assert_eq!(left(), rest);
    }
}
