//! Findings of a whole root.

use super::*;

impl Open {
    fn save_in(&self, file: &str, text: &Text, findings: Vec<Finding>) {
        let findings = findings.into_iter().map(|finding| Finding {
            path: path(file),
            ..finding
        });
        let file = FileFindings {
            path: path(file),
            agent: "house".into(),
            reviewed: Reviewed::Whole,
            findings: findings.collect(),
            hidden: Vec::new(),
            text: text.clone(),
            version: None,
        };
        self.ledger.save(RUN, Self::root(), file);
    }
    fn listed(&self, root: &Path, prefix: &str) -> Listed<Remembered> {
        let (send, receive) = channel();
        self.ledger
            .open_findings(root, prefix, move |all| send.send(all).unwrap());
        receive.recv_timeout(PATIENCE).unwrap()
    }
}

#[test]
fn open_findings_of_all_files_are_found_by_the_beginning_of_their_names() {
    let directory = TempDir::new().unwrap();
    let text = Text::new(CODE);
    let (teh, recieve) = (
        finding(&text, "teh", 0, "Misspelt"),
        finding(&text, "recieve", 0, "Misspelt"),
    );
    let ledger = open(&file(&directory));
    ledger.save_in("src/a.rs", &text, vec![teh.clone(), recieve.clone()]);
    // Names are different in every file.
    let other = Finding {
        id: FindingId(format!("{}0000000000", &teh.id.0[..6])),
        ..teh.clone()
    };
    ledger.save_in("src/b.rs", &text, vec![other.clone()]);
    let listed = ledger.listed(Open::root(), "");
    let mut places: Vec<(&str, &str)> = listed
        .items
        .iter()
        .map(|it| (it.path().as_str(), it.id().0.as_str()))
        .collect();
    places.sort_unstable();
    let mut expected = [
        ("src/a.rs", teh.id.0.as_str()),
        ("src/a.rs", &recieve.id.0),
        ("src/b.rs", &other.id.0),
    ];
    expected.sort_unstable();
    assert_eq!(places, expected);
    assert_eq!((listed.unreadable, listed.left_out), (0, 0));

    let count = |prefix: &str| ledger.listed(Open::root(), prefix).items.len();
    assert_eq!(count(&teh.id.0[..6]), 2);
    assert_eq!(count(&recieve.id.0), 1);
    assert_eq!(count(&format!("{}0", recieve.id.0)), 0);
    // No patterns.
    assert_eq!(count("%"), 0);
    assert_eq!(
        ledger.listed(Path::new("/elsewhere"), "").items.len(),
        0,
        "of this root only"
    );
    ledger.ledger.resolve(Open::root(), vec![teh.id.clone()]);
    assert_eq!(count(""), 2);
}

#[test]
fn findings_that_cannot_be_listed_are_counted() {
    let directory = TempDir::new().unwrap();
    let file = file(&directory);
    let text = Text::new(CODE);
    let ledger = open(&file);
    ledger.save_in(
        "src/a.rs",
        &text,
        vec![
            finding(&text, "teh", 0, "Misspelt"),
            finding(&text, "recieve", 0, "Misspelt"),
        ],
    );
    assert!(ledger.ledger.flush(PATIENCE));
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection
        .execute_batch("UPDATE findings SET tier = 'guessed' WHERE quote = 'teh'")
        .unwrap();
    let listed = ledger.listed(Open::root(), "");
    assert_eq!((listed.items.len(), listed.unreadable), (1, 1));

    connection
        .execute_batch(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10003)
             INSERT INTO findings (root, path, agent, id, provider, state, first_run, last_run, first_seen, last_seen,
                                   tier, severity, category, title, body, quote, before, after, line)
             SELECT root, path, agent, 'n' || n, provider, state, first_run, last_run, first_seen, last_seen + 1,
                    tier, severity, category, title, body, quote, before, after, line
             FROM findings, numbers WHERE quote = 'recieve'",
        )
        .unwrap();
    let listed = ledger.listed(Open::root(), "");
    assert_eq!((listed.items.len(), listed.left_out), (10_000, 5));
    assert_eq!(ledger.listed(Open::root(), "n10003").items.len(), 1);
    assert_eq!(ledger.notices(), Vec::<String>::new());
}
