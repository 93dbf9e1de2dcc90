//! How the database answers what is asked at start, after each review and while the user types: never by reading all findings.

use super::*;
use crate::ledger::{findings, stats};

#[test]
fn nothing_that_is_asked_often_reads_the_findings_of_all_roots() {
    let directory = TempDir::new().unwrap();
    let ledger = open(&file(&directory));
    assert_eq!(ledger.verdicts(), []);
    assert_eq!(ledger.notices(), [""; 0]);
    let connection = rusqlite::Connection::open(file(&directory)).unwrap();
    let of_file = format!("{} AND path = ?2", findings::SELECT);
    for (sql, by) in [
        (of_file.as_str(), "(root=? AND path=?)"),
        (findings::SELECT, "(root=?)"),
        (findings::MOVE, "findings_by_name (root=? AND id=?)"),
        (stats::FOUND, "findings_by_first_seen (first_seen>?)"),
        (stats::CHECKED, "findings_by_name (root=? AND id=?)"),
        (stats::REPEATED, "findings_hidden (last_seen>?)"),
    ] {
        let mut explain = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let steps = explain.raw_query().mapped(|row| row.get::<_, String>(3));
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        let of_findings = |it: &&String| it.contains(" findings ") || it.ends_with(" findings");
        let read: Vec<&String> = steps.iter().filter(of_findings).collect();
        let is_by = |it: &&String| it.starts_with("SEARCH findings") && it.contains(by);
        assert!(
            !read.is_empty() && read.iter().all(is_by),
            "{sql}\n{steps:#?}"
        );
    }
}
