//! What became of findings, from rows that anybody may have written.

use super::*;
use crate::event::AgentStats;

impl Open {
    fn stats(&self, root: Option<&Path>, since: u64) -> Listed<AgentStats> {
        let (send, receive) = channel();
        let since = UNIX_EPOCH + Duration::from_secs(since);
        self.ledger
            .stats(root, since, move |all| send.send(all).unwrap());
        receive.recv_timeout(PATIENCE).unwrap()
    }
}

const NOW: u64 = 1_795_367_700;

#[test]
fn decisions_count_by_their_latest_word_and_damaged_ones_not_at_all() {
    let directory = TempDir::new().unwrap();
    let ledger = open_at(&file(&directory), NOW);
    assert!(ledger.stats(None, 0).items.is_empty());
    let connection = rusqlite::Connection::open(file(&directory)).unwrap();
    for (root, verdict, reason, remarks) in [
        (
            "/work/project",
            "accepted",
            None,
            r#"[{"agent":"a","finding":"1"},{"agent":"b","finding":"1"}]"#,
        ),
        (
            "/work/project",
            "dismissed",
            Some("wrong"),
            r#"[{"agent":"a","finding":"1"}]"#,
        ),
        (
            "/work/project",
            "dismissed",
            Some("+"),
            r#"[{"agent":"a","finding":"2"}]"#,
        ),
        // From before decisions knew the names of findings.
        (
            "/work/project",
            "dismissed",
            None,
            r#"[{"agent":"a","finding":""}]"#,
        ),
        ("/work/project", "dismissed", None, r#"[{"agent":"a"}]"#),
        ("/work/project", "accepted", None, "nonsense"),
        ("/work/project", "accepted", None, r#"[1, "a", {}, null]"#),
        (
            "/work/other",
            "accepted",
            None,
            r#"[{"agent":"a","finding":"1"}]"#,
        ),
    ] {
        let insert = "INSERT INTO verdicts (root, verdict, reach, reason, created, remarks) VALUES (?1, ?2, 'here', ?3, ?4, ?5)";
        let created = i64::try_from(NOW).unwrap() * 1000;
        connection
            .execute(insert, (root, verdict, reason, created, remarks))
            .unwrap();
    }
    let said = |root| -> Vec<String> {
        let listed = ledger.stats(root, NOW - 1);
        assert!(listed.unread.is_none());
        let agents = listed.items.iter();
        agents
            .map(|it| format!("{} {} {:?}", it.agent, it.accepted, it.dismissed))
            .collect()
    };
    let b = "b 1 {}";
    assert_eq!(
        said(Some(Open::root())),
        [r#"a 0 {"": 2, "other": 1, "wrong": 1}"#, b]
    );
    assert_eq!(said(None), [r#"a 1 {"": 2, "other": 1, "wrong": 1}"#, b]);
    assert!(ledger.stats(None, NOW + 1).items.is_empty());
}
