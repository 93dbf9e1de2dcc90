//! Changes told in JSON, and what the agent says beside them.

use super::super::read;
use super::{changes, check_all};
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write as _;

const FOUR: (&str, &str) = ("a.txt", "a\nb\nc\nd\n");
const UNITS: (&str, &str) = ("u.txt", "let x = \"äö𝄞\"; end\nlet y = 2;\n");

/// What structured content makes of the two files, and the agent's words.
fn check_values(cases: &[(&str, Value)], expected: &expect_test::Expect) {
    let mut shown = String::new();
    for (name, value) in cases {
        let patch = read(Some(value), &["the same in words"]);
        let _ = write!(shown, "# {name}\n{}", changes(&[FOUR, UNITS], &patch));
        // In a text and in a fence it says the same.
        let text = serde_json::to_string_pretty(value).expect("it is JSON");
        for answer in [text.clone(), format!("Here:\n\n```json\n{text}\n```\n")] {
            let again = read(None, &[answer]);
            assert_eq!(
                (&again.files, &again.problems),
                (&patch.files, &patch.problems),
                "{name}"
            );
        }
        let _ = writeln!(shown, "“{}”", patch.prose);
    }
    expected.assert_eq(&shown);
}

#[test]
fn edits_and_files() {
    check_values(
        &[
            (
                "the contract",
                json!({"summary": "Done.", "patch": "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+A\n"}),
            ),
            (
                "old and new text",
                json!({"summary": "Two.", "edits": [
                    {"path": "a.txt", "old_text": "a\nb", "new_text": "A\nb"},
                    {"file": "a.txt", "oldString": "d\n", "newString": ""},
                ]}),
            ),
            (
                "by file",
                json!({"changes": [{"path": "a.txt", "edits": [{"search": "a", "replace": "x"}, {"old": "x", "new": "y"}]}]}),
            ),
            (
                "everywhere",
                json!([{"path": "u.txt", "old_string": "let", "new_string": "var", "replace_all": true}]),
            ),
            (
                "the last line end",
                json!({"edits": [{"path": "a.txt", "old_text": "d\n", "new_text": "d"}]}),
            ),
            (
                "another indentation",
                json!({"edits": [{"path": "u.txt", "old_text": "  let y = 2;", "new_text": "  let y = 3;"}]}),
            ),
            (
                "whole files",
                json!({"files": [
                    {"path": "a.txt", "content": "a\nb\nC\nd\n"},
                    {"path": "new.txt", "content": "x"},
                    {"path": "u.txt", "action": "delete"},
                ]}),
            ),
            ("a map of files", json!({"files": {"a.txt": "a\nb\nc\nd"}})),
            (
                "in a wrapper",
                json!({"result": {"content": [{"type": "text", "text": "Look.\n\na.txt\n<<<<<<< SEARCH\na\n=======\nA\n>>>>>>> REPLACE\n"}]}}),
            ),
            (
                "a new file by an empty old text",
                json!({"edits": [{"path": "new.txt", "old_string": "", "new_string": "x\n"}]}),
            ),
        ],
        &expect![[r##"
            # the contract
            a.txt
              -a
              +A
            “Done.”
            # old and new text
            a.txt
              -a
              +A
              -d
            “Two.”
            # by file
            a.txt
              -a
              +y
            “”
            # everywhere
            u.txt
              -let x = "äö𝄞"; end
              -let y = 2;
              +var x = "äö𝄞"; end
              +var y = 2;
            “”
            # the last line end
            a.txt
              -d
              +d⊣
            “”
            # another indentation
            u.txt
              -let y = 2;
              +let y = 3;
            “”
            # whole files
            a.txt (whole)
              -c
              +C
            new.txt (whole)
              +x⊣
            u.txt
              (deleted)
            “”
            # a map of files
            a.txt (whole)
              -d
              +d⊣
            “”
            # in a wrapper
            a.txt
              -a
              +A
            “Look.”
            # a new file by an empty old text
            new.txt (new)
              +x
            “”
        "##]],
    );
}

#[test]
fn ranges() {
    let range = |from: [u32; 2], to: [u32; 2]| json!({"start": {"line": from[0], "character": from[1]}, "end": {"line": to[0], "character": to[1]}});
    check_values(
        &[
            (
                "changes",
                json!({"changes": {"a.txt": [
                    {"range": range([0, 0], [0, 1]), "newText": "A"},
                    {"range": range([2, 0], [3, 0]), "newText": ""},
                    {"range": range([4, 0], [4, 0]), "newText": "e\n"},
                    {"range": range([4, 0], [4, 0]), "newText": "f\n"},
                ]}}),
            ),
            (
                "UTF-16",
                json!({"changes": {"u.txt": [{"range": range([0, 13], [0, 14]), "newText": "'"}]}}),
            ),
            (
                "documentChanges",
                json!({"edit": {"documentChanges": [
                    {"kind": "create", "uri": "new.txt"},
                    {"textDocument": {"uri": "new.txt", "version": null}, "edits": [{"range": range([0, 0], [0, 0]), "newText": "x\n"}]},
                    {"kind": "rename", "oldUri": "a.txt", "newUri": "b.txt"},
                    {"textDocument": {"uri": "b.txt", "version": 1}, "edits": [{"range": range([0, 0], [0, 1]), "newText": "A"}]},
                    {"kind": "delete", "uri": "u.txt"},
                ]}}),
            ),
            (
                "a list of text edits, the old text of one deciding",
                json!([
                    {"path": "a.txt", "range": range([2, 0], [2, 1]), "newText": "B", "oldText": "b"},
                ]),
            ),
            (
                "not in the text",
                json!({"changes": {"a.txt": [
                {"range": range([0, 0], [0, 9]), "newText": "A"},
                {"range": range([9, 0], [9, 0]), "newText": "A"},
                {"range": range([1, 1], [1, 0]), "newText": "A"},
            ], "u.txt": [{"range": range([0, 12], [0, 13]), "newText": "A"}]}}),
            ),
        ],
        &expect![[r##"
            # changes
            a.txt
              -a
              +A
              -c
              +e
              +f
            “”
            # UTF-16
            u.txt
              -let x = "äö𝄞"; end
              +let x = "äö𝄞'; end
            “”
            # documentChanges
            new.txt (new)
              +x
            a.txt -> b.txt
              -a
              +A
            u.txt
              (deleted)
            “”
            # a list of text edits, the old text of one deciding
            a.txt
              -b
              +B
            “”
            # not in the text
            a.txt
              ! change 1 of `a.txt` is not taken: its place is not in the text that was sent
              ! change 2 of `a.txt` is not taken: its place is not in the text that was sent
              ! change 3 of `a.txt` is not taken: its place is not in the text that was sent
            u.txt
              ! change 1 of `u.txt` is not taken: its place is not in the text that was sent
            “”
        "##]],
    );
}

#[test]
fn tools() {
    let change = |uri: &str, region: Value, text: &str| json!({"artifactLocation": {"uri": uri}, "replacements": [{"deletedRegion": region, "insertedContent": {"text": text}}]});
    let log = |fixes: Value| {
        json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t"}}, "results": [
            {"message": {"text": "m"}, "fixes": fixes}
        ]}]})
    };
    check_values(
        &[
            (
                "SARIF, two files",
                log(json!([{"artifactChanges": [
                    change("a.txt", json!({"startLine": 1, "startColumn": 1, "endColumn": 2}), "A"),
                    change("u.txt", json!({"startLine": 2, "startColumn": 9, "endColumn": 10}), "3"),
                ]}])),
            ),
            (
                "SARIF, by offset",
                log(
                    json!([{"artifactChanges": [change("a.txt", json!({"charOffset": 2, "charLength": 2}), "")]}]),
                ),
            ),
            (
                "SARIF, several to choose from",
                log(json!([{"artifactChanges": []}, {"artifactChanges": []}])),
            ),
            (
                "rdjson counts bytes",
                json!({"source": {"name": "t"}, "diagnostics": [{"message": "m", "location": {"path": "u.txt"}, "suggestions": [
                    {"range": {"start": {"line": 1, "column": 18}, "end": {"line": 1, "column": 19}}, "text": "'"}
                ]}]}),
            ),
            (
                "rdjson, several",
                json!({"source": {"name": "t"}, "diagnostics": [{"message": "m", "location": {"path": "u.txt"}, "suggestions": [
                    {"text": "1"}, {"text": "2"}
                ]}]}),
            ),
            (
                "ESLint",
                json!([{"filePath": "a.txt", "messages": [
                    {"ruleId": "r", "severity": 2, "message": "m", "line": 1, "column": 1, "fix": {"range": [0, 1], "text": "A"}},
                    {"ruleId": "r", "severity": 2, "message": "m", "line": 2, "column": 1, "suggestions": [{"desc": "d", "fix": {"range": [2, 3], "text": "B"}}]},
                    {"ruleId": "r", "severity": 2, "message": "m", "line": 3, "column": 1, "suggestions": [{"fix": {"range": [4, 5], "text": "1"}}, {"fix": {"range": [4, 5], "text": "2"}}]},
                ]}]),
            ),
            (
                "findings",
                json!({"findings": [
                    {"path": "a.txt", "start_line": 9, "quote": "b", "title": "t", "body": "", "replacement": "B"},
                    {"path": "u.txt", "start_line": 2, "end_line": 2, "title": "t", "body": "", "replacement": "let y = 3;"},
                ]}),
            ),
        ],
        &expect![[r##"
            # SARIF, two files
            a.txt
              -a
              +A
            u.txt
              -let y = 2;
              +let y = 3;
            “”
            # SARIF, by offset
            a.txt
              -b
            “”
            # SARIF, several to choose from
            ! the fix of result 1 is left out: there are several to choose from
            “”
            # rdjson counts bytes
            u.txt
              -let x = "äö𝄞"; end
              +let x = "äö𝄞'; end
            “”
            # rdjson, several
            ! finding 1: it has several suggestions to choose from, which are left out
            “”
            # ESLint
            a.txt
              -a
              -b
              +A
              +B
            ! suggestions for line 3 of `a.txt` are left out: there are several to choose from
            “”
            # findings
            a.txt
              -b
              +B
            ! the replacement of finding 2 in `u.txt` is left out: it quotes nothing of the file
            “”
        "##]],
    );
}

#[test]
fn damaged_json() {
    check_all(
        &[
            (
                "no file, no text, nothing",
                &[FOUR],
                r#"{"edits": [{"old_text": "a", "new_text": "b"}, {"path": "a.txt", "old_text": "a", "new_text": "A"}, {"path": "a.txt", "old_text": "b"}, {"path": "a.txt", "new_text": "b"}, {"path": "a.txt", "old_text": "b", "new_text": "b"}, 7]}"#,
            ),
            (
                "not there, and several",
                &[("a.txt", "x\nx\n")],
                r#"[{"path": "a.txt", "old_text": "y", "new_text": "z"}, {"path": "a.txt", "old_text": "x", "new_text": "z"}]"#,
            ),
            (
                "something left out",
                &[FOUR],
                r#"{"files": [{"path": "n.rs", "content": "fn a() {}\n// ... rest of the code ...\n"}]}"#,
            ),
            (
                "among words",
                &[FOUR],
                "I would do {this}: {\"edits\": [{\"path\": \"a.txt\", \"old_text\": \"a\", \"new_text\": \"A\"}]} and no more",
            ),
            (
                "a file that is JSON",
                &[],
                "conf.json\n```json\n{\"edits\": [{\"path\": \"a.txt\", \"old_text\": \"a\", \"new_text\": \"A\"}]}\n```\n",
            ),
            (
                "JSON of another kind",
                &[FOUR],
                "```json\n{\"files\": [\"a.txt\"], \"edits\": 3}\n```\n",
            ),
        ],
        &expect![[r##"
            # no file, no text, nothing
            a.txt
              -a
              +A
            ! edit 1 names no file
            ! edit 3 of `a.txt` does not say what shall be there
            ! edit 4 of `a.txt` does not say what is there now
            ! edit 5 of `a.txt` changes nothing
            ! edit 6 is no object
            # not there, and several
            a.txt
              ! change 1 of `a.txt` is not taken: its text is not in the file
              ! change 2 of `a.txt` is not taken: its text stands in 2 places and nothing says which one is meant
            # something left out
            n.rs (whole)
              ! the new text of `n.rs` is not taken: it leaves something out (`// ... rest of the code ...`)
            # among words
            a.txt
              -a
              +A
            # a file that is JSON
            conf.json (whole)
              +{"edits": [{"path": "a.txt", "old_text": "a", "new_text": "A"}]}
            # JSON of another kind
        "##]],
    );
}

#[test]
fn words_beside_the_edits() {
    let said = |answer: &str| read(None, &[answer]).prose;
    assert_eq!(
        said(
            "I rename `a`.\n\n### First\n\n**src/a.rs**\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n\n\nThen:\n```diff\n--- x.rs\n+++ x.rs\n@@ -1 +1 @@\n-a\n+b\n```\n\nRun it with\n```sh\nmake\n```\nDone."
        ),
        "I rename `a`.\n\n### First\n\nThen:\n\nRun it with\n```sh\nmake\n```\nDone."
    );
    assert_eq!(said("Nothing to do.\n"), "Nothing to do.");
    assert_eq!(said("src/a.rs\n```rust\nfn a() {}\n```\n"), "");
    assert_eq!(
        said("x.rs:1\n```suggestion\nlet a = 1;\n```\nBetter."),
        "Better."
    );
    assert_eq!(
        said("*** Begin Patch\n*** Delete File: a\n*** End Patch\nGone."),
        "Gone."
    );
    let structured = json!({"text": "Look.\n\na.txt\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n", "session": "s"});
    assert_eq!(read(Some(&structured), &["x"]).prose, "Look.");
    let structured = json!({"summary": "It is right as it is."});
    assert_eq!(
        read(Some(&structured), &["{}"]).prose,
        "It is right as it is."
    );
}
