//! JSON in the midst of prose, wrappers, and answers of another shape than expected.

use super::*;
use expect_test::expect;

#[test]
fn json_in_prose() {
    check(
        "I looked at `fn main() {` and [this].\n\n```json\n{\"findings\": [{\"path\": \"a.rs\", \"start_line\": 1, \"title\": \"in a fence\"}]}\n```\nThat is all, see src/b.rs:3: nothing there.",
        expect![[r#"
            Findings
            a.rs:1 -: in a fence
        "#]],
    );
    check(
        "Result: {\"findings\": [{\"path\": \"a.rs\", \"start_line\": 1, \"title\": \"in prose\"}]} Bye { \"x",
        expect![[r#"
        Findings
        a.rs:1 -: in prose
    "#]],
    );
    check(
        "```json\n[{\"file\":\"a\",\"line\":1,\"title\":\"one\"}]\n```\nand\n```json\n[{\"file\":\"b\",\"line\":1,\"title\":\"two\"}]\n```",
        expect![[r#"
            Findings
            a:1 -: one
            b:1 -: two
        "#]],
    );
    check(
        "{\"file\":\"a\",\"line\":1,\"title\":\"one\"}\n{\"file\":\"b\",\"line\":2,\"title\":\"two\"}\n",
        expect![[r#"
        Findings
        a:1 -: one
        b:2 -: two
    "#]],
    );
    check(
        "Draft: [{\"file\":\"a\",\"line\":1,\"title\":\"one\"}] Final: [{\"file\":\"a\",\"line\":1,\"title\":\"one\"}]",
        expect![[r#"
        Findings
        a:1 -: one
    "#]],
    );
    check(
        "```json\n{\"findings\": []}\n```",
        expect![[r#"
        Findings, clean
    "#]],
    );
    check(
        "I call it with [] and {} and get {\"a\": 1}.",
        expect![[r#"
            Auto
            ! incomplete
            ! no findings could be read from the answer, which starts: I call it with [] and {} and get {"a": 1}.
        "#]],
    );
}

#[test]
fn broken_json() {
    check(
        "{\"findings\": [{\"path\": \"a.rs\", \"start_line\": 1, \"title\": \"raw\nline end, half \\ud83d pair, \\d\",},]}",
        expect![[r#"
        Findings
        a.rs:1 -: raw
          body "line end, half � pair, \\d"
    "#]],
    );
    check(
        "{\"findings\": [{\"path\": \"a.rs\", \"start_line\": 1, \"title\": \"whole\"}, {\"path\": \"a.rs\", \"start_line\": 2, \"tit",
        expect![[r#"
            Findings
            a.rs:1 -: whole
            ! incomplete
            ! part of the answer is no valid JSON (EOF while parsing a string at line 1 column 105)
        "#]],
    );
    check(
        "{\"findings\": [",
        expect![[r#"
            Auto
            ! incomplete
            ! no findings could be read from the answer, which starts: {"findings": [
        "#]],
    );
    check(
        "{\"name\": \"crosscheck\", \"version\": 1}",
        expect![[r#"
            Auto
            ! incomplete
            ! no findings could be read from the answer, which starts: {"name": "crosscheck", "version": 1}
        "#]],
    );
    check(
        "{\"findings\": \"none\"}",
        expect![[r#"
            Auto
            ! incomplete
            ! no findings could be read from the answer, which starts: {"findings": "none"}
        "#]],
    );
    check(
        "",
        expect![[r#"
            Auto
            ! incomplete
            ! the answer is empty
        "#]],
    );
    check(
        " \n ",
        expect![[r#"
            Auto
            ! incomplete
            ! the answer is empty
        "#]],
    );
}

#[test]
fn wrappers() {
    check_structured(
        r#"{"threadId":"t-1","content":"[P1] Bad — a.rs:3\n\nWhy."}"#,
        expect![[r#"
        CodexReview
        a.rs:3 error: Bad
          body "Why."
        = session t-1
    "#]],
    );
    check_structured(
        r#"{"threadId":"t-1","content":"No findings."}"#,
        expect![[r#"
        Text, clean
        = session t-1
    "#]],
    );
    check_structured(
        r#"{"result":{"content":[{"type":"text","text":"{\"findings\":[]}"}]}}"#,
        expect![[r#"
        Findings, clean
    "#]],
    );
    check_structured(
        r#"{"result":"```json\n{\"findings\":[{\"file\":\"a\",\"line\":1,\"title\":\"t\"}]}\n```"}"#,
        expect![[r#"
        Findings
        a:1 -: t
    "#]],
    );
    check(
        r#"{"type":"item.completed","item":{"type":"agent_message","text":"a.rs:3: error: bad"}}"#,
        expect![[r#"
        Text
        a.rs:3 error: bad
    "#]],
    );
    let value = serde_json::json!({"ok": true});
    expect![[r#"
        Text
        a.rs:3 error: bad
    "#]]
    .assert_eq(&render(&parse(
        Some(&value),
        &["a.rs:3: error: bad".to_owned()],
        Format::Auto,
    )));
}

#[test]
fn another_shape_than_expected() {
    check_as(
        Format::Sarif,
        &[r#"{"findings":[{"path":"a.rs","line":1,"title":"t"}]}"#],
        expect![[r#"
        Findings
        a.rs:1 -: t
        ! expected SARIF, found findings JSON
    "#]],
    );
    check_as(
        Format::Findings,
        &["a.rs:1: error: bad"],
        expect![[r#"
        Text
        a.rs:1 error: bad
        ! expected findings JSON, found plain text
    "#]],
    );
    check_as(
        Format::Findings,
        &["No findings."],
        expect![[r#"
        Text, clean
        ! expected findings JSON, found plain text
    "#]],
    );
    check_as(
        Format::Text,
        &[r#"{"findings":[{"path":"a.rs","line":1,"title":"t"}]}"#],
        expect![[r#"
        Findings
        a.rs:1 -: t
        ! expected plain text, found findings JSON
    "#]],
    );
    check_as(
        Format::Text,
        &["a.rs:1: {\"findings\": [] } is odd"],
        expect![[r#"
        Text
        a.rs:1 -: {"findings": [] } is odd
    "#]],
    );
}

#[test]
fn wrappers_of_agents_servers() {
    // Claude Code's tool `Agent`: the prompt comes back, and a mark of the tools used comes before the answer.
    let agent = r#"{"status":"completed","prompt":"Answer {\"findings\": []}","agentId":"a1","agentType":"general-purpose","toolsUsed":["Read"],
        "content":[{"type":"text","text":"<tools-used-before-summary>Read</tools-used-before-summary>\n"},
                   {"type":"text","text":"{\"findings\": [{\"path\": \"a.rs\", \"start_line\": 3, \"title\": \"Bad\"}]}"}],
        "resolvedModel":"claude-x","totalTokens":30,"usage":{"input_tokens":20,"output_tokens":10},"canContinueAgent":true}"#;
    check(
        agent,
        expect![[r#"
        Findings
        a.rs:3 -: Bad
        = Some(20) in, Some(10) out, None USD, None
    "#]],
    );
    // PAL's `codereview`: the model's answer is one key of a report on the steps.
    let pal = r#"{"status":"calling_expert_analysis","step_number":1,"total_steps":1,"next_step_required":false,"continuation_id":"c1",
        "file_context":{"type":"fully_embedded","files_embedded":1},"code_review_complete":true,"next_steps":"CODE REVIEW IS COMPLETE. List all issues.",
        "expert_analysis":{"status":"analysis_complete","raw_analysis":"[HIGH] a.rs:3 – Bad name\n→ Fix: rename it"},
        "complete_code_review":{"initial_request":"Answer {\"findings\": []}","steps_taken":1,"files_examined":[],"relevant_files":["/r/a.rs"],"issues_found":[]},
        "code_review_status":{"files_checked":0,"issues_found":0,"issues_by_severity":{}}}"#;
    check(
        pal,
        expect![[r#"
        Text
        a.rs:3 error: Bad name
          body "→ Fix: rename it"
    "#]],
    );
    // What was skipped is said by the wrapper.
    check(
        r#"{"text": "a.rs:3: Bad name", "usage": {}, "skipped": [{"path": "b.rs", "reason": "it is a binary file"}]}"#,
        expect![[r#"
            Text
            a.rs:3 -: Bad name
            - b.rs: it is a binary file
            = None in, None out, None USD, None
        "#]],
    );
}
