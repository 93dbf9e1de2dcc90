//! Proposals and their applications.

use super::*;
use domain::edit::TextEdit;
use domain::proposal::{Check, CheckOutcome, FileAction};

/// A proposal that changes two places of one file and makes another one.
fn proposal(id: &str) -> Proposal {
    let lines: String = (0..20).map(|it| format!("línea {it}\n")).collect();
    let new = lines.replace("línea 3\n", "a\n").replace("línea 15\n", "");
    let edit = FileChange::edit(path("src/a.rs"), Text::new(&lines), &Text::new(&new)).unwrap();
    let create = FileChange {
        path: path("src/new.rs"),
        action: FileAction::Create {
            text: Text::new("fn new() {}\n"),
            executable: false,
        },
    };
    Proposal {
        id: ProposalId(id.to_owned()),
        agent: "house".to_owned(),
        provider: "us".to_owned(),
        title: "Tidy up".to_owned(),
        summary: "It was *untidy*.".to_owned(),
        findings: vec![FindingId("0123456789abcdef".to_owned())],
        files: vec![edit, create],
        check: Some(Check {
            command: "make check".to_owned(),
            outcome: CheckOutcome::Failed("exit code 2".to_owned()),
            output: "no".to_owned(),
            elapsed: Duration::from_millis(1500),
            repaired: true,
        }),
        problems: vec!["a.png is left out: it is no text".to_owned()],
        usage: None,
    }
}

fn id(number: usize) -> String {
    format!("{number:08}")
}

fn named(id: &str) -> ProposalId {
    ProposalId(id.to_owned())
}

/// What takes the first hunk back.
fn inverse() -> Vec<FileChange> {
    let action = FileAction::Edit {
        base: Text::new("a\n"),
        hunks: vec![domain::proposal::Hunk {
            range: TextRange::new(0, 2),
            edits: vec![TextEdit {
                range: TextRange::new(0, 1),
                new_text: "línea 3".to_owned(),
            }],
        }],
        rename: None,
        executable: None,
    };
    vec![FileChange {
        path: path("src/a.rs"),
        action,
    }]
}

impl Open {
    fn keep(&self, id: &str) -> Arc<Proposal> {
        let proposal = Arc::new(proposal(id));
        self.ledger
            .keep_proposal(None, Self::root(), proposal.clone());
        proposal
    }
    fn apply(&self, proposal: &Arc<Proposal>, parts: &[usize], done: bool) {
        self.ledger.proposal_applied(
            Self::root(),
            proposal.clone(),
            parts.to_vec(),
            inverse(),
            done,
        );
    }
    fn discard(&self, id: &str) {
        self.ledger.discard_proposals(Self::root(), vec![named(id)]);
    }
    fn revert(&self, application: &Application) {
        let proposal = application.proposal.clone();
        self.ledger
            .proposal_reverted(Self::root(), proposal, application.row);
    }
    fn proposals(&self, which: Which) -> Listed<KeptProposal> {
        let (send, receive) = channel();
        self.ledger
            .proposals(Self::root(), which, move |all| send.send(all).unwrap());
        receive.recv_timeout(PATIENCE).unwrap()
    }
    fn applications(&self) -> Listed<Application> {
        let (send, receive) = channel();
        self.ledger
            .applications(Self::root(), move |all| send.send(all).unwrap());
        receive.recv_timeout(PATIENCE).unwrap()
    }
    /// Name, state and applied parts of some proposals, newest first.
    fn states(&self, which: Which) -> Vec<(String, ProposalState, Vec<usize>)> {
        let kept = self.proposals(which).items.into_iter();
        kept.map(|it| (it.proposal.id.0, it.state, it.applied))
            .collect()
    }
    fn names(&self, which: Which) -> Vec<String> {
        self.states(which).into_iter().map(|it| it.0).collect()
    }
}

#[test]
fn names_are_eight_letters_and_digits_each_another() {
    let names: BTreeSet<String> = (0..1000).map(|_| new_proposal_id().0).collect();
    assert_eq!(names.len(), 1000);
    for name in names {
        assert_eq!(name.len(), 8, "{name}");
        let fits = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
        assert!(name.bytes().all(fits), "{name}");
    }
}

#[test]
fn proposals_are_there_again_as_they_were_made() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let ledger = open_at(&file, 1000);
    ledger.ledger.begin(RUN, Open::root(), &["house".into()]);
    let made = Arc::new(proposal("aaaaaaaa"));
    ledger
        .ledger
        .keep_proposal(Some(RUN), Open::root(), made.clone());
    // Once more changes nothing.
    ledger
        .ledger
        .keep_proposal(Some(RUN), Open::root(), made.clone());
    ledger
        .ledger
        .keep_proposal(None, Path::new("/elsewhere"), made.clone());
    assert!(ledger.ledger.flush(PATIENCE));

    let again = open_at(&file, 2000);
    let listed = again.proposals(Which::Open);
    let time = UNIX_EPOCH + Duration::from_secs(1000);
    let expected = KeptProposal {
        proposal: (*made).clone(),
        state: ProposalState::Open,
        created: time,
        changed: time,
        applied: Vec::new(),
    };
    assert_eq!(listed.items, [expected]);
    assert_eq!((listed.unreadable, listed.left_out), (0, 0));
    assert_eq!(again.notices(), Vec::<String>::new());

    again.discard("aaaaaaaa");
    let discarded = &again.proposals(Which::All).items[0];
    assert_eq!(discarded.state, ProposalState::Discarded);
    assert_eq!(discarded.created, time);
    assert_eq!(discarded.changed, UNIX_EPOCH + Duration::from_secs(2000));
    assert_eq!(again.names(Which::Open), Vec::<String>::new());
}

#[test]
fn proposals_are_found_by_the_beginning_of_their_names() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&file(&directory));
    for id in ["abcd0000", "abce0000", "xyzw0000"] {
        ledger.keep(id);
    }
    ledger.discard("abcd0000");
    for (prefix, expected) in [
        ("", &["xyzw0000", "abce0000", "abcd0000"][..]),
        ("abc", &["abce0000", "abcd0000"]),
        ("abcd0000", &["abcd0000"]),
        ("abcd00000", &[]),
        ("a%", &[]),
    ] {
        assert_eq!(ledger.names(Which::Named(prefix.to_owned())), expected);
    }
}

#[test]
fn parts_are_applied_one_at_a_time_and_each_is_taken_back_by_itself() {
    use ProposalState::{Applied, Open as Stays};
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let (ledger, other) = (open_at(&file, 1000), open_at(&file, 2000));
    let state = |expected: ProposalState, parts: &[usize]| {
        let states = ledger.states(Which::All);
        assert_eq!(states, [("aaaaaaaa".to_owned(), expected, parts.to_vec())]);
    };
    let proposal = ledger.keep("aaaaaaaa");
    ledger.apply(&proposal, &[1], false);
    state(Stays, &[1]);
    // Two processes apply what is left; neither knows that nothing is left then.
    other.apply(&proposal, &[3], false);
    assert!(other.ledger.flush(PATIENCE));
    state(Stays, &[1, 3]);
    ledger.apply(&proposal, &[2], false);
    state(Applied, &[1, 2, 3]);
    assert_eq!(ledger.names(Which::Open), Vec::<String>::new());

    let all = ledger.applications().items;
    let told: Vec<_> = all
        .iter()
        .map(|it| (it.parts.as_slice(), it.reverted))
        .collect();
    assert_eq!(told, [(&[2][..], None), (&[3], None), (&[1], None)]);
    let first = &all[2];
    assert_eq!(first.inverse, Some(inverse()));
    assert_eq!(
        (first.agent.as_str(), first.title.as_str()),
        ("house", "Tidy up")
    );
    assert_eq!(first.applied, UNIX_EPOCH + Duration::from_secs(1000));

    other.revert(first);
    // Once more, by another process, changes nothing.
    assert!(other.ledger.flush(PATIENCE));
    ledger.revert(first);
    state(Stays, &[2, 3]);
    let reverted = &ledger.applications().items[2];
    assert_eq!(
        reverted.reverted,
        Some(UNIX_EPOCH + Duration::from_secs(2000))
    );
    ledger.apply(&proposal, &[1], true);
    state(Applied, &[1, 2, 3]);
    assert_eq!(ledger.notices(), Vec::<String>::new());
}

#[test]
fn what_is_undone_is_open_again_and_applied_when_it_is_done_again() {
    use ProposalState::{Applied, Discarded, Open as Stays};
    let directory = TempDir::new().unwrap();
    let ledger = open(&file(&directory));
    let proposal = ledger.keep("aaaaaaaa");
    let stands = |parts: &[usize], done: bool| {
        let parts = parts.iter().copied().collect();
        let id = proposal.id.clone();
        ledger.ledger.proposal_stands(Open::root(), id, parts, done);
    };
    let state = |expected: ProposalState, parts: &[usize]| {
        let it = ledger.states(Which::Named("aaaaaaaa".to_owned()));
        assert_eq!(it, [("aaaaaaaa".to_owned(), expected, parts.to_vec())]);
    };
    ledger.apply(&proposal, &[1, 2, 3], true);
    stands(&[2, 3], false);
    state(Stays, &[2, 3]);
    stands(&[], false);
    state(Stays, &[]);
    let application = ledger.applications().items.remove(0);
    assert!(
        application.reverted.is_some(),
        "there is nothing to take back"
    );
    stands(&[1, 2, 3], true);
    state(Applied, &[1, 2, 3]);
    let application = ledger.applications().items.remove(0);
    assert_eq!(application.reverted, None);
    assert_eq!(application.inverse, Some(inverse()), "it can be taken back");
    stands(&[3], false);
    ledger.discard("aaaaaaaa");
    stands(&[], false);
    state(Discarded, &[]);
    assert_eq!(ledger.notices(), Vec::<String>::new());
}

#[test]
fn what_is_left_of_a_proposal_may_be_done_or_discarded() {
    use ProposalState::{Applied, Discarded, Open as Stays};
    let directory = TempDir::new().unwrap();
    let ledger = open(&file(&directory));
    let state = |id: &str| ledger.states(Which::Named(id.to_owned()))[0].1;
    let done = ledger.keep("aaaaaaaa");
    ledger.apply(&done, &[1], true);
    assert_eq!(
        state("aaaaaaaa"),
        Applied,
        "the rest is in the text already"
    );
    ledger.discard("aaaaaaaa");
    assert_eq!(state("aaaaaaaa"), Applied, "it is too late to discard it");
    ledger.revert(&ledger.applications().items[0]);
    assert_eq!(state("aaaaaaaa"), Stays);

    let discarded = ledger.keep("bbbbbbbb");
    ledger.discard("bbbbbbbb");
    // An editor that did not know applied it all the same.
    ledger.apply(&discarded, &[1, 2, 3], true);
    assert_eq!(state("bbbbbbbb"), Discarded);
    let application = &ledger.applications().items[0];
    assert_eq!(application.proposal, discarded.id);
    ledger.revert(application);
    assert_eq!(state("bbbbbbbb"), Discarded);
    // What is known to nobody.
    ledger.discard("cccccccc");
    ledger
        .ledger
        .proposal_reverted(Open::root(), named("cccccccc"), 99);
    assert_eq!(ledger.notices(), Vec::<String>::new());
}

#[test]
fn a_proposal_that_is_too_large_is_told_and_its_application_kept() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let ledger = open(&file);
    let mut large = proposal("aaaaaaaa");
    large.files[1].action = FileAction::Create {
        text: Text::new(&"x".repeat(17 * 1024 * 1024)),
        executable: false,
    };
    let large = Arc::new(large);
    ledger
        .ledger
        .keep_proposal(None, Open::root(), large.clone());
    ledger.apply(&large, &[1], false);
    let takes_back_too_much = vec![FileChange {
        path: path("x"),
        action: large.files[1].action.clone(),
    }];
    ledger
        .ledger
        .proposal_applied(Open::root(), large, vec![3], takes_back_too_much, true);
    assert_eq!(ledger.names(Which::All), Vec::<String>::new());
    let inverses = ledger.applications().items.into_iter().map(|it| it.inverse);
    assert_eq!(inverses.collect::<Vec<_>>(), [None, Some(inverse())]);
    expect_test::expect![[r#"
        [
            "the proposal aaaaaaaa of house (Tidy up) is larger than 16 MB and is kept only until crosscheck ends",
            "what was applied of the proposal aaaaaaaa (Tidy up) is too large to be taken back later; use your editor's undo",
        ]
    "#]]
    .assert_debug_eq(&ledger.notices());
}

#[test]
fn the_oldest_open_proposals_make_room() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&file(&directory));
    for number in 0..202 {
        ledger.keep(&id(number));
    }
    let open = ledger.names(Which::Open);
    assert_eq!(
        (open.len(), open[0].as_str(), open[199].as_str()),
        (200, "00000201", "00000002")
    );
    assert_eq!(ledger.names(Which::All).len(), 202);
    let notices = ledger.notices();
    assert_eq!(notices.len(), 2, "{notices:?}");
    expect_test::expect!["the oldest open proposal was discarded: at most 200 open ones are kept of a workspace; apply or discard what you have seen"]
        .assert_eq(&notices[0]);
}

#[test]
fn proposals_that_take_too_much_room_are_forgotten_closed_ones_first() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let ledger = open(&file);
    for number in 0..4 {
        ledger.keep(&id(number));
    }
    ledger.discard(&id(3));
    ledger.discard(&id(2));
    assert!(ledger.ledger.flush(PATIENCE));
    let connection = rusqlite::Connection::open(&file).unwrap();
    let weigh = |megabytes: i64| {
        let size = megabytes * 1024 * 1024;
        connection
            .execute("UPDATE proposals SET size = ?1", [size])
            .unwrap();
    };
    weigh(17);
    ledger.keep(&id(4));
    assert_eq!(ledger.names(Which::All), [id(4), id(3), id(1), id(0)]);
    assert_eq!(ledger.notices(), Vec::<String>::new(), "none was open");
    weigh(33);
    ledger.keep(&id(5));
    assert_eq!(ledger.names(Which::All), [id(5), id(4)]);
    expect_test::expect![[r#"
        [
            "the 2 oldest open proposals were discarded: at most 64 MB of proposals are kept; apply or discard what you have seen",
        ]
    "#]]
    .assert_debug_eq(&ledger.notices());
}

#[test]
fn what_was_applied_lately_and_holds_tells_who_made_it() {
    let day = 24 * 60 * 60;
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let old = open_at(&file, day);
    old.apply(&old.keep("aaaaaaaa"), &[1], true);
    assert!(old.ledger.flush(PATIENCE));
    let ledger = open_at(&file, 32 * day);
    ledger.apply(&ledger.keep("bbbbbbbb"), &[1], false);
    ledger.apply(&ledger.keep("cccccccc"), &[1], false);
    // Nobody keeps this one.
    ledger.apply(&Arc::new(proposal("dddddddd")), &[1], false);
    ledger.revert(&ledger.applications().items[2]);
    let (send, receive) = channel();
    ledger
        .ledger
        .made(Open::root(), move |all| send.send(all).unwrap());
    let made = receive.recv_timeout(PATIENCE).unwrap();
    let told: Vec<_> = made
        .iter()
        .map(|it| (it.application.proposal.0.as_str(), it.provider.as_deref()))
        .collect();
    // Newest first; the first one is too old, the second was taken back.
    assert_eq!(told, [("dddddddd", None), ("cccccccc", Some("us"))]);
    assert_eq!(made[1].application.inverse, Some(inverse()));
}

#[test]
fn what_takes_applications_back_has_a_limit_too() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let ledger = open(&file);
    let proposal = ledger.keep("aaaaaaaa");
    for _ in 0..4 {
        ledger.apply(&proposal, &[1], false);
    }
    let third = &ledger.applications().items[1];
    ledger.revert(third);
    assert!(ledger.ledger.flush(PATIENCE));
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection
        .execute("UPDATE applications SET size = 30 * 1024 * 1024", [])
        .unwrap();
    ledger.apply(&proposal, &[1], false);
    let can = ledger.applications().items.into_iter();
    let can: Vec<bool> = can.map(|it| it.inverse.is_some()).collect();
    assert_eq!(can, [true, true, false, true, false]);
    expect_test::expect![[r#"
        [
            "the oldest applied change can no longer be taken back: at most 64 MB are kept for that",
        ]
    "#]]
    .assert_debug_eq(&ledger.notices());
}

#[test]
fn closed_proposals_are_forgotten_after_a_while() {
    const DAY: u64 = 86_400;
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let at = |day: u64| open_at(&file, 1_000_000_000 + day * DAY);
    let ledger = at(0);
    let applied = ledger.keep("aaaaaaaa");
    let open = ledger.keep("bbbbbbbb");
    ledger.keep("cccccccc");
    ledger.apply(&applied, &[1, 2, 3], true);
    ledger.apply(&open, &[1], false);
    ledger.discard("cccccccc");
    assert!(ledger.ledger.flush(PATIENCE));
    let tidied = |day: u64| {
        let ledger = at(day);
        ledger.ledger.worker.submit(|store| {
            while store.prune()? {}
            Ok(())
        });
        let applications = ledger.applications().items;
        let of: Vec<String> = applications.into_iter().map(|it| it.proposal.0).collect();
        (ledger.names(Which::All), of)
    };
    let (proposals, applications) = tidied(29);
    assert_eq!(proposals, ["cccccccc", "bbbbbbbb", "aaaaaaaa"]);
    assert_eq!(applications, ["bbbbbbbb", "aaaaaaaa"]);
    // What was applied of an open one says what is left of it.
    let (proposals, applications) = tidied(31);
    assert_eq!(proposals, ["bbbbbbbb"]);
    assert_eq!(applications, ["bbbbbbbb"]);
    let ledger = at(31);
    ledger.discard("bbbbbbbb");
    // Dropping the handle waits for nothing: the job may come after what the next ledger does.
    assert!(ledger.ledger.flush(PATIENCE));
    let (proposals, applications) = tidied(62);
    assert_eq!(proposals, Vec::<String>::new());
    assert_eq!(applications, Vec::<String>::new());
}

#[test]
fn damaged_rows_are_counted_and_the_others_hold() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let ledger = open(&file);
    let good = serde_json::to_string(&proposal("bbbbbbbb")).unwrap();
    let other_path = good.replace("src/new.rs", "src/a.rs");
    let renamed = good.replace("\"rename\":null", "\"rename\":\"src/new.rs\"");
    let outside = good.replace("src/new.rs", "../new.rs");
    let other_name = good.replace("bbbbbbbb", "cccccccc");
    let hunk = |from: &str, to: &str| {
        let changed = good.replace(from, to);
        assert_ne!(changed, good, "{from}");
        changed
    };
    // Line 3 is the bytes 27 to 36; `í` has two.
    let backwards = hunk(
        "\"range\":{\"start\":27,\"end\":36},\"edits\"",
        "\"range\":{\"start\":36,\"end\":27},\"edits\"",
    );
    let too_far = hunk(
        "\"range\":{\"start\":27,\"end\":36},\"new",
        "\"range\":{\"start\":27,\"end\":37},\"new",
    );
    let inside_a_character = hunk(
        "\"range\":{\"start\":27,\"end\":36}",
        "\"range\":{\"start\":29,\"end\":36}",
    );
    let beyond = hunk(
        "\"range\":{\"start\":27,\"end\":36}",
        "\"range\":{\"start\":27,\"end\":9999}",
    );
    let no_edits = {
        let mut proposal = proposal("bbbbbbbb");
        if let FileAction::Edit { hunks, .. } = &mut proposal.files[0].action {
            hunks[0].edits.clear();
        }
        serde_json::to_string(&proposal).unwrap()
    };
    let swapped = {
        let mut proposal = proposal("bbbbbbbb");
        if let FileAction::Edit { hunks, .. } = &mut proposal.files[0].action {
            hunks.reverse();
        }
        serde_json::to_string(&proposal).unwrap()
    };
    let deep = "[".repeat(100_000);
    ledger.keep("aaaaaaaa");
    ledger.keep("bbbbbbbb");
    assert!(ledger.ledger.flush(PATIENCE));
    let connection = rusqlite::Connection::open(&file).unwrap();
    let store = |data: &dyn rusqlite::ToSql| {
        connection
            .execute(
                "UPDATE proposals SET data = ?1 WHERE id = 'bbbbbbbb'",
                [data],
            )
            .unwrap();
        let listed = ledger.proposals(Which::Open);
        (listed.items.len(), listed.unreadable)
    };
    assert_eq!(store(&good), (2, 0));
    for data in [
        "",
        "null",
        "{}",
        "\"",
        &other_path,
        &renamed,
        &outside,
        &other_name,
        &backwards,
        &too_far,
        &inside_a_character,
        &beyond,
        &no_edits,
        &swapped,
        &deep,
    ] {
        assert_eq!(store(&data), (1, 1), "{}", &data[..data.len().min(1000)]);
    }
    connection
        .execute(
            "UPDATE proposals SET data = data || CAST(x'ff' AS TEXT) WHERE id = 'bbbbbbbb'",
            [],
        )
        .unwrap();
    assert_eq!(ledger.proposals(Which::Open).unreadable, 1);
    assert_eq!(store(&" ".repeat(17 * 1024 * 1024)), (1, 1));

    let kept = Arc::new(proposal("aaaaaaaa"));
    ledger.apply(&kept, &[1], false);
    ledger.apply(&kept, &[2], false);
    assert!(ledger.ledger.flush(PATIENCE));
    let swap = |column: &str, data: &str| {
        connection
            .execute(
                &format!("UPDATE applications SET {column} = ?1 WHERE row = 2"),
                [data],
            )
            .unwrap();
        let listed = ledger.applications();
        (listed.items.len(), listed.unreadable)
    };
    for inverse in ["", "{}", "[{}]", "[1]"] {
        assert_eq!(swap("inverse", inverse), (1, 1), "{inverse}");
    }
    assert_eq!(swap("inverse", "[]"), (2, 0));
    assert_eq!(swap("parts", "[-1]"), (1, 1));
    assert_eq!(ledger.states(Which::Open)[0].2, [1]);
    assert_eq!(swap("parts", "[2]"), (2, 0));
    assert_eq!(swap("proposal", "'; DROP TABLE runs"), (1, 1));
    assert_eq!(ledger.notices(), Vec::<String>::new());
}

#[test]
fn a_ledger_of_the_first_version_keeps_what_is_in_it() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let text = Text::new(CODE);
    let said = finding(&text, "teh", 0, "Misspelt");
    let hidden = finding(&text, "recieve", 0, "Misspelt");
    open(&file).save(&text, vec![said.clone()], Reviewed::Whole);
    let old = directory.path().join("old.sqlite");
    let connection = rusqlite::Connection::open(&old).unwrap();
    connection.execute_batch(schema::MIGRATIONS[0]).unwrap();
    connection
        .pragma_update(None, "application_id", schema::APPLICATION_ID)
        .unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    connection
        .execute("ATTACH ?1 AS new", [file.to_str().unwrap()])
        .unwrap();
    // As the first version wrote it.
    for statement in [
        "INSERT INTO main.runs SELECT * FROM new.runs",
        "INSERT INTO main.findings
         SELECT row, root, path, agent, id, provider, state, first_run, last_run, first_seen, last_seen, tier, severity,
                category, code, title, body, confidence, quote, before, after, symbol, line, fix_offset, fix_old, fix_new
         FROM new.findings",
    ] {
        assert_eq!(connection.execute(statement, []).unwrap(), 1, "{statement}");
    }
    connection
        .execute(
            "INSERT INTO dismissals (root, reach, path, category, text, before, after, kind, agent, title, created)
             VALUES (?1, 'here', 'src/a.rs', 'spelling', ?2, '', '', 'misspelt', 'house', 'Misspelt', 0)",
            rusqlite::params![
                Open::root().to_str().unwrap(),
                format!("{}0123456789abcdef", domain::identity::hash("recieve")),
            ],
        )
        .unwrap();
    drop(connection);

    // Several processes open it at once.
    std::thread::scope(|scope| {
        for number in 0..4 {
            let old = &old;
            scope.spawn(move || {
                let ledger = open(old);
                ledger.keep(&id(number));
                assert_eq!(ledger.notices(), Vec::<String>::new());
            });
        }
    });
    let ledger = open(&old);
    assert_eq!(ledger.recall(&text), std::slice::from_ref(&said));
    let mut verdicts = Verdicts::default();
    verdicts.load(ledger.verdicts(), 0);
    assert!(hides(&verdicts, &hidden, &text));
    assert!(!hides(&verdicts, &said, &text));
    assert_eq!(ledger.names(Which::Open).len(), 4);
    let version = rusqlite::Connection::open(&old)
        .map(|it| schema::version(&it).unwrap())
        .unwrap();
    assert_eq!(version, schema::VERSION);
    assert_eq!(ledger.notices(), Vec::<String>::new());
}

#[test]
fn several_processes_keep_apply_and_discard_at_once() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let file = &file;
            scope.spawn(move || {
                let ledger = open(file);
                let own = ledger.keep(&id(number));
                let shared = ledger.keep("shared00");
                ledger.apply(&own, &[1, 2], false);
                ledger.apply(&shared, &[1 + number % 3], false);
                if number % 2 == 0 {
                    ledger.discard(&id(number));
                }
                assert_eq!(ledger.notices(), Vec::<String>::new());
            });
        }
    });
    let ledger = open(&file);
    let mut states = ledger.states(Which::All);
    states.sort();
    for (number, (name, state, applied)) in states[..8].iter().enumerate() {
        let expected = match number % 2 {
            0 => ProposalState::Discarded,
            _ => ProposalState::Open,
        };
        assert_eq!((name, *state), (&id(number), expected));
        assert_eq!(applied, &[1, 2]);
    }
    assert_eq!(
        states[8],
        ("shared00".to_owned(), ProposalState::Applied, vec![1, 2, 3])
    );
    assert_eq!(ledger.applications().items.len(), 16);
}
