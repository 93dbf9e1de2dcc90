//! Our contract, Codex, Claude, and JSON under other names.

use super::*;
use expect_test::expect;

#[test]
fn contract() {
    check(
        r#"{"findings": [
            {"path": "src/a.rs", "start_line": 12, "end_line": 14, "quote": "if i <= n {", "symbol": "next", "severity": "error",
             "category": "correctness", "title": "Off by one", "body": "The last page is read twice.", "confidence": 0.8,
             "replacement": "if i < n {"},
            {"path": "b.rs", "start_line": 1, "end_line": 1, "quote": "recieve", "severity": "warning", "category": "spelling",
             "title": "Misspelt", "body": "", "confidence": null, "replacement": "receive", "symbol": null},
            {"path": "b.rs", "start_line": 0, "quote": "x", "severity": "hint", "category": "style", "title": "Whole file", "replacement": ""}
           ], "summary": "Two.", "usage": {"input_tokens": 10, "output_tokens": 2, "cost_usd": 0.5, "model": "m"}, "session": "s1"}"#,
        expect![[r#"
            Findings
            src/a.rs:12-14 error correctness 0.8: Off by one
              body "The last page is read twice."
              in next
              quote "if i <= n {"
              replace "if i < n {"
            b.rs:1-1 warning spelling: Misspelt
              quote "recieve"
              replace "receive"
            b.rs hint: Whole file
              quote "x"
            = Two.
            = Some(10) in, Some(2) out, Some(0.5) USD, Some("m")
            = session s1
        "#]],
    );
    check(
        r#"{"findings": [], "summary": "All good."}"#,
        expect![[r#"
        Findings, clean
        = All good.
    "#]],
    );
    check(
        r#"{"findings": [], "skipped": [{"path": "a.rs", "reason": "too\n large"}, "b.rs", {"path": "c.rs"}]}"#,
        expect![[r#"
        Findings, clean
        - a.rs: too large
        - b.rs: 
        - c.rs: 
    "#]],
    );
    check(
        r#"{"findings": [], "skipped": [7]}"#,
        expect![[r#"
        Findings
        ! incomplete
        ! something was skipped, and it is not said what
    "#]],
    );
    check(
        "[]",
        expect![[r#"
        Findings, clean
    "#]],
    );
    check(
        r#"{"findings": [{"path": "a.rs", "start_line": 3}, 7, "src/a.rs:12: text only", {"title": " "}, null]}"#,
        expect![[r#"
        Findings
        src/a.rs:12 -: text only
        ! finding 1: it has no title and no text
        ! finding 2: it is no object
        ! finding 4: it has no title and no text
        ! finding 5: it is no object
    "#]],
    );
    check(
        r#"{"findings": [{"path": "a.rs", "line": "twelve", "title": "t", "severity": "banana", "confidence": 7000}]}"#,
        expect![[r#"
            Findings
            a.rs -: t
            ! finding 1: unknown severity "banana"
            ! finding 1: unknown confidence 7000
        "#]],
    );
}

#[test]
fn other_names() {
    check(
        r#"{"verdict":"needs-attention","summary":"One bug.","findings":[{"severity":"critical","title":"SQL injection",
            "body":"User input.","file":"src/db.py","line_start":10,"line_end":12,"confidence":0.9,"recommendation":"Use parameters."}],
            "next_steps":["fix it"]}"#,
        expect![[r#"
            Findings
            src/db.py:10-12 error 0.9: SQL injection
              body "User input.\n\nSuggestion: Use parameters."
            = One bug.
        "#]],
    );
    check(
        r#"{"issues":[{"fileName":"a.ts","lineNumber":"12","type":"bug","severity":"High","description":"Null is not checked. It crashes."},
                     {"filename":"a.ts:30-32","priority":"P3","message":"Naming","suggestion":"Call it `count`."},
                     {"file":"a.ts","lines":"5-9","level":"warn","comment":"Slow","category":"perf","fix":{"replacement":"x()","range":{"start":{"line":4,"character":0},"end":{"line":4,"character":3}}}},
                     {"location":{"file":"b.ts","start":{"line":3,"column":5},"end":{"line":3,"column":9}},"title":"t","cwe":"CWE-79","confidence":"85%"}]}"#,
        expect![[r#"
            Findings
            a.ts:12 error correctness: Null is not checked. It crashes.
            a.ts:30-32 info: Naming
              body "Suggestion: Call it `count`."
            a.ts:5-9 warning performance: Slow
              replace at:5:1u-5:4u? "x()"
            b.ts:3:5c-3:9c - security 0.85: t
        "#]],
    );
    check(
        r#"[{"file":"a.c","line":[3,5],"severity":2,"message":"m"},{"uri":"file:///r/a.c","position":{"line":4,"column":2},"text":"t","confidence":"high"}]"#,
        expect![[r#"
        Findings
        a.c:3-5 warning: m
        file:///r/a.c:4:2c - 0.85: t
    "#]],
    );
    check(
        r#"{"files":[{"path":"a.rs","issues":[{"line":1,"message":"one"}]},{"path":"b.rs","issues":[]}]}"#,
        expect![[r#"
        Findings
        a.rs:1 -: one
    "#]],
    );
    check(
        r#"{"src/a.rs":[{"line":1,"message":"one"}],"src/b.rs":[{"line":2,"message":"two"}]}"#,
        expect![[r#"
        Findings
        src/a.rs:1 -: one
        src/b.rs:2 -: two
    "#]],
    );
    check(
        r#"{"critical":[{"file":"a.rs","line":1,"title":"one"}],"suggestions":[{"file":"a.rs","line":2,"title":"two"}]}"#,
        expect![[r#"
        Findings
        a.rs:1 error: one
        a.rs:2 hint: two
    "#]],
    );
    check(
        r#"{"file":"a.rs","line":1,"message":"a single one"}"#,
        expect![[r#"
        Findings
        a.rs:1 -: a single one
    "#]],
    );
}

#[test]
fn fixes_in_words_are_no_code() {
    check(
        r#"{"findings":[
            {"file":"a","line":1,"title":"similar code","quote":"if i <= n {","suggestion":"if i < n {"},
            {"file":"a","line":1,"title":"words","quote":"if i <= n {","suggestion":"Use `<` here instead of `<=`"},
            {"file":"a","line":1,"title":"no quote","suggestion":"if i < n {"},
            {"file":"a","line":1,"title":"one word","quote":"recieve","fix":"receive"},
            {"file":"a","line":1,"title":"fenced","quote":"```rust\nlet a = 1;\n```","replacement":"```rust\nlet a = 2;\n```"},
            {"file":"a","line":1,"title":"suggestion block","body":"Do it:\n```suggestion\nlet a = 3;\n```\n"},
            {"file":"a","line":1,"title":"two blocks","body":"```suggestion\na\n```\nor\n```suggestion\nb\n```\n"}
        ]}"#,
        expect![[r#"
            Findings
            a:1 -: similar code
              quote "if i <= n {"
              replace "if i < n {"
            a:1 -: words
              body "Suggestion: Use `<` here instead of `<=`"
              quote "if i <= n {"
            a:1 -: no quote
              body "Suggestion: if i < n {"
            a:1 -: one word
              quote "recieve"
              replace "receive"
            a:1 -: fenced
              quote "let a = 1;"
              replace "let a = 2;"
            a:1 -: suggestion block
              body "Do it:\n```suggestion\nlet a = 3;\n```"
              replace "let a = 3;"
            a:1 -: two blocks
              body "```suggestion\na\n```\nor\n```suggestion\nb\n```"
        "#]],
    );
}

#[test]
fn codex() {
    check(
        r#"{"findings":[{"title":"[P1] Check the length","body":"It may be empty.","confidence_score":0.7,"priority":1,
            "code_location":{"absolute_file_path":"/r/src/a.rs","line_range":{"start":3,"end":5}}},
            {"title":"[P3] Rename","body":"","confidence_score":0.2,"priority":null,"code_location":{"absolute_file_path":"/r/src/b.rs","line_range":{"start":9,"end":9}}}],
            "overall_correctness":"patch is incorrect","overall_explanation":"A bug.","overall_confidence_score":0.7}"#,
        expect![[r#"
            CodexReview
            /r/src/a.rs:3-5 error 0.7: Check the length
              body "It may be empty."
            /r/src/b.rs:9-9 info 0.2: Rename
            = A bug.
        "#]],
    );
    check(
        r#"{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"Fine.","overall_confidence_score":0.9}"#,
        expect![[r#"
            CodexReview, clean
            = Fine.
        "#]],
    );
    check(
        "The change breaks paging.\n\nFull review comments:\n\n- [P1] Check the length — /r/src/a.rs:3-5\n  It may be empty.\n\n  ```suggestion\n  if x.is_empty() {}\n  ```\n\n- [P2] Close the file — /r/src/b.rs:9-9\n  It leaks.\n",
        expect![[r#"
            CodexReview
            /r/src/a.rs:3-5 error: Check the length
              body "It may be empty.\n\n```suggestion\nif x.is_empty() {}\n```"
              replace "if x.is_empty() {}"
            /r/src/b.rs:9-9 warning: Close the file
              body "It leaks."
            = The change breaks paging.
        "#]],
    );
    check(
        "[P1] Handle the empty list — src/list.rs:42\n\nThe first element is taken without a check.\nIt panics.\n\n[P2] Say why — src/list.rs:50-52\n\nA comment is missing.\n",
        expect![[r#"
            CodexReview
            src/list.rs:42 error: Handle the empty list
              body "The first element is taken without a check.\nIt panics."
            src/list.rs:50-52 warning: Say why
              body "A comment is missing."
        "#]],
    );
}

#[test]
fn claude() {
    check(
        r#"{"level":"high","findings":[{"file":"src/a.rs","line":7,"summary":"The lock is held across await","failure_scenario":"Two tasks wait for each other.","severity":"important","category":"concurrency","verdict":"CONFIRMED"},
            {"file":"src/a.rs","summary":"Unused","failure_scenario":"None.","short_summary":"Unused import","severity":"nit"}]}"#,
        expect![[r#"
            ReportFindings
            src/a.rs:7 warning concurrency: The lock is held across await
              body "Two tasks wait for each other."
            src/a.rs hint: Unused import
              body "Unused\n\nNone."
        "#]],
    );
    check(
        r#"[{"file":"src/a.rs","line":7,"summary":"Old bug","failure_scenario":"It crashes.","severity":"pre_existing"}]"#,
        expect![[r#"
            ReportFindings
            src/a.rs:7 info: Old bug
              body "It crashes."
        "#]],
    );
    check_structured(
        r#"{"type":"result","subtype":"success","is_error":false,"result":"{}","structured_output":{"findings":[{"path":"a.rs","start_line":1,"title":"t"}]},
            "session_id":"abc","total_cost_usd":0.12,"usage":{"input_tokens":5,"cache_read_input_tokens":100,"output_tokens":7}}"#,
        expect![[r#"
            Findings
            a.rs:1 -: t
            = Some(105) in, Some(7) out, Some(0.12) USD, None
            = session abc
        "#]],
    );
    check(
        r#"{"type":"result","subtype":"success","is_error":true,"result":"API Error: 529 overloaded","session_id":"abc"}"#,
        expect![[r#"
            Auto
            ! incomplete
            ! the agent says that it failed: API Error: 529 overloaded
            = session abc
        "#]],
    );
}
