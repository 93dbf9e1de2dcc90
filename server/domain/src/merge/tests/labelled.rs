//! Pairs of remarks as two agents write them on neighbouring lines of one file: the same fault, or two.
//!
//! Here are titles alone; `remarks.json` has pairs with explanations: 120 of the same fault, and 120 of two faults in one
//! function, which share many a word.

use super::{located, merged};
use crate::finding::Finding;
use expect_test::expect;
use serde_json::Value;
use std::fmt::Write;

/// The same fault in different words.
const SAME: &[(&str, &str)] = &[
    (
        "Off-by-one: loop reads past the end of `items`",
        "Index out of bounds when the loop reaches `items.len()`",
    ),
    (
        "Possible null dereference of `session.user`",
        "`session.user` can be null here and the access will throw",
    ),
    (
        "SQL injection through the `order_by` parameter",
        "User-controlled `order_by` is concatenated into the SQL query",
    ),
    (
        "The lock is never released when `flush` fails",
        "Early return on a flush error leaves the mutex locked: lock not released",
    ),
    (
        "Race between the existence check and the file creation",
        "TOCTOU race: the file may be created by someone else after the check",
    ),
    (
        "`retryCount` is never incremented, so the loop retries forever",
        "Infinite retry loop: retryCount stays at zero",
    ),
    (
        "Password is written to the log in plain text",
        "Sensitive data exposure: the log line contains the plain password",
    ),
    (
        "Awaiting inside the loop makes the requests sequential",
        "Requests run one after another because of `await` in the loop",
    ),
    (
        "Promise rejection is not handled",
        "Missing error handling: the rejected promise is never caught",
    ),
    (
        "Timeout is given in seconds but the API wants milliseconds",
        "Wrong unit for timeout: API expects milliseconds, seconds are passed",
    ),
    (
        "Division by zero when the list is empty",
        "Average of an empty list divides by zero",
    ),
    (
        "Cache key leaves out the tenant, so tenants see each other's data",
        "Tenant id is missing from the cache key: data leaks across tenants",
    ),
    (
        "File handle is leaked when parsing fails",
        "The opened file is not closed if `parse` raises: handle leak",
    ),
    (
        "Integer overflow in the size computation",
        "`width * height` may overflow the integer before the size check",
    ),
    (
        "Comparison uses assignment",
        "`=` instead of `==`: this comparison is an assignment",
    ),
    (
        "`defaultOptions` is mutated by every call",
        "Shared default object defaultOptions gets mutated between calls",
    ),
    (
        "Error from `close` is swallowed",
        "The error that `close()` returns is silently ignored",
    ),
    (
        "Token expiry is compared in local time instead of UTC",
        "Local time used to check whether the token has expired; should be UTC",
    ),
    (
        "Recursive call without a base case for empty input",
        "Unbounded recursion: empty input never reaches a base case",
    ),
    (
        "N+1 query: orders are loaded one by one",
        "Each order triggers its own query inside the loop (N+1)",
    ),
    (
        "Regular expression can backtrack catastrophically",
        "ReDoS: nested quantifier in the regular expression backtracks exponentially",
    ),
    (
        "Unsubscribe is missing, so the listener leaks after unmount",
        "Event listener is never removed on unmount and leaks memory",
    ),
];

/// Two faults in similar words.
const DIFFERENT: &[(&str, &str)] = &[
    ("`user` may be null", "`account` may be null"),
    (
        "Missing test for the empty list",
        "Missing documentation of the return value",
    ),
    ("Unused import `os`", "Unused import `sys`"),
    (
        "The lock is never released when `flush` fails",
        "Password is written to the log in plain text",
    ),
    ("`read` ignores the error", "`write` ignores the error"),
    (
        "Off-by-one in the loop bound",
        "Variable name is misleading",
    ),
    (
        "Division by zero when the list is empty",
        "Race between the check and the file creation",
    ),
    ("`first_name` is not escaped", "`last_name` is not escaped"),
    (
        "Header `X-Trace` is dropped on retry",
        "Retry delay grows without bound",
    ),
    (
        "Cache is never invalidated after an update",
        "Tenant id is missing from the log message",
    ),
    ("Unexpected console statement", "Missing semicolon"),
    (
        "Timeout of the upload is too short",
        "Checksum of the download is not verified",
    ),
    ("Function is too long", "Function has no documentation"),
    ("Magic number 86400", "Typo in comment: `recieve`"),
    (
        "Token is compared in variable time",
        "Session cookie lacks the Secure flag",
    ),
    (
        "Deprecated call of `substr`",
        "Regular expression can backtrack catastrophically",
    ),
    (
        "`parse_header` panics on an empty line",
        "`parse_body` copies the whole buffer",
    ),
    (
        "Connection is not returned to the pool on error",
        "Query result is sorted twice",
    ),
    (
        "Missing `await` on `saveUser`",
        "`saveUser` logs the password hash",
    ),
    (
        "Config default for `workers` is zero",
        "Worker threads are not joined at shutdown",
    ),
];

/// A title, and an explanation.
type Remark<'r> = (&'r str, &'r str);

/// Two remarks of two agents, on one line or two lines apart.
fn are_one(a: Remark<'_>, b: Remark<'_>, apart: bool) -> bool {
    let text =
        "    let first = compute(left);\n    store(first);\n    let second = check(right);\n";
    let second = if apart { 50..76 } else { 4..29 };
    let finding = |agent, range, (title, body): Remark<'_>| {
        let mut it = located(agent, text, range, title);
        body.clone_into(&mut it.body);
        it
    };
    let findings: [Finding; 2] = [finding("a", 4..30, a), finding("b", second, b)];
    merged(&findings).len() == 1
}

fn remark(it: &Value) -> Remark<'_> {
    let text = |key: &str| it[key].as_str().unwrap();
    (text("title"), text("body"))
}

/// How many pairs are told right, in words; precision is what part of the joined pairs is the same, recall what part of those
/// that are the same is joined.
fn told(what: &str, same: &[[Remark<'_>; 2]], different: &[[Remark<'_>; 2]]) -> String {
    let mut out = String::new();
    for (place, apart) in [("on one line", false), ("two lines apart", true)] {
        let joined = |pairs: &[[Remark<'_>; 2]]| {
            let joined = pairs.iter().filter(|[a, b]| are_one(*a, *b, apart));
            joined.count()
        };
        let (right, wrong) = (joined(same), joined(different));
        let share = |part: usize, of: usize| part as f32 / of as f32;
        let (precision, recall) = (share(right, right + wrong), share(right, same.len()));
        let f1 = 2.0 * precision * recall / (precision + recall);
        writeln!(
            out,
            "{what} {place}: {right} of {} joined rightly, {wrong} of {} wrongly; precision {precision:.2}, recall {recall:.2}, F1 {f1:.2}",
            same.len(),
            different.len()
        )
        .unwrap();
    }
    out
}

/// What agents write differs without end, so not every pair is told right. More precision is wanted than recall: what is not
/// joined is shown twice, what is joined wrongly is believed.
#[test]
fn the_same_is_told_from_the_different() {
    let titles = |pairs: &[(&'static str, &'static str)]| -> Vec<_> {
        pairs.iter().map(|(a, b)| [(*a, ""), (*b, "")]).collect()
    };
    let data: Value = serde_json::from_str(include_str!("remarks.json")).unwrap();
    let remarks = |key: &str| -> Vec<[Remark<'_>; 2]> {
        let pairs = data[key].as_array().unwrap();
        pairs
            .iter()
            .map(|it| [remark(&it[0]), remark(&it[1])])
            .collect()
    };
    let all = told("titles", &titles(SAME), &titles(DIFFERENT))
        + &told(
            "with explanations,",
            &remarks("same"),
            &remarks("different"),
        );
    expect![[r#"
        titles on one line: 22 of 22 joined rightly, 0 of 20 wrongly; precision 1.00, recall 1.00, F1 1.00
        titles two lines apart: 21 of 22 joined rightly, 0 of 20 wrongly; precision 1.00, recall 0.95, F1 0.98
        with explanations, on one line: 101 of 120 joined rightly, 31 of 120 wrongly; precision 0.77, recall 0.84, F1 0.80
        with explanations, two lines apart: 101 of 120 joined rightly, 31 of 120 wrongly; precision 0.77, recall 0.84, F1 0.80
    "#]].assert_eq(&all);
}
