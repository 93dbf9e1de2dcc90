//! What becomes of an agent's record, from rows that anybody may have written.

use super::*;
use domain::merge::{Record, Records};
use rusqlite::Connection;

impl Open {
    fn records(&self) -> Records {
        let (send, receive) = channel();
        self.ledger.records(move |all| send.send(all).unwrap());
        receive.recv_timeout(PATIENCE).unwrap()
    }
}

fn decide(connection: &Connection, root: &str, what: (&str, Option<&str>), remarks: &str) {
    let insert = "INSERT INTO verdicts (root, verdict, reach, reason, created, remarks) VALUES (?1, ?2, 'here', ?3, 7, ?4)";
    connection
        .execute(insert, (root, what.0, what.1, remarks))
        .unwrap();
}

#[test]
fn the_newest_decisions_count_in_all_roots_and_a_fix_before_any() {
    const WRONG: (&str, Option<&str>) = ("dismissed", Some("wrong"));
    let directory = TempDir::new().unwrap();
    let ledger = open(&file(&directory));
    assert_eq!(ledger.records(), Records::default());
    let connection = Connection::open(file(&directory)).unwrap();
    let of = |agent: &str, finding: &str| {
        format!(r#"[{{"agent":"{agent}","finding":"{finding}","category":"security"}}]"#)
    };
    let record = || {
        let Record {
            accepted,
            dismissed,
        } = ledger.records().of("a", &Category::Security);
        (accepted, dismissed)
    };
    // The same finding twice, one in another root, one of another agent, and what says nothing.
    decide(&connection, "r", ("accepted", None), &of("a", "1"));
    decide(&connection, "r", WRONG, &of("a", "1"));
    decide(&connection, "s", ("accepted", None), &of("a", "1"));
    decide(&connection, "r", WRONG, &of("b", "2"));
    decide(
        &connection,
        "r",
        ("dismissed", Some("not-now")),
        &of("a", "3"),
    );
    decide(&connection, "r", ("dismissed", None), &of("a", ""));
    for damaged in [
        "[",
        r#"[1, null, {"agent":"a"}, {"agent":7,"category":"security"}]"#,
        r#"[{"agent":"a","category":7,"finding":"4"}]"#,
    ] {
        decide(&connection, "r", WRONG, damaged);
    }
    assert_eq!(record(), (1, 2));
    assert_eq!(ledger.records(), ledger.records());

    // Its fix was applied, whatever was said of it.
    let fix = "INSERT INTO fixed (root, finding, agent, proposal, category, applied) VALUES ('r', '1', 'a', ?1, 'security', 7)";
    for proposal in ["p", "q"] {
        connection.execute(fix, [proposal]).unwrap();
    }
    assert_eq!(record(), (2, 1));

    for number in 0..60 {
        decide(&connection, "t", WRONG, &of("a", &format!("t{number}")));
    }
    let (accepted, dismissed) = record();
    assert_eq!(accepted + dismissed, 50);
    let style = ledger.records().of("a", &Category::Style);
    assert_eq!(style, Record::default());
    assert_eq!(ledger.notices(), [""; 0]);
}
