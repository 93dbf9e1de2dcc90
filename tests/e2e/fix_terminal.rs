//! `crosscheck fix`, `ask`, `apply` and their kin: what is proposed is shown, and only what the user applies is written.

use crate::{CODE, FINDS_ADD, until};
use expect_test::expect;
use serde_json::{Value, json};
use std::process::{Child, Stdio};
use tests::{Ran, Sandbox, sandbox};

/// [`CODE`] as the agents here want it.
const FIXED: &str = "fn main() {\n    let total = 1 + 2;\n    println!(\"{total}\");\n}\n";

/// The change as a diff.
const DIFF: &str = r#"--- a/src/main.rs
+++ b/src/main.rs
@@ -1,4 +1,4 @@
 fn main() {
-    let total = add(1, 2);
+    let total = 1 + 2;
     println!("{total}");
 }
"#;

/// Seven lines, the first and the last of which are to be changed.
const LINES: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

/// The change of [`LINES`] as a diff.
const LINES_DIFF: &str = "--- a/lines\n+++ b/lines\n@@ -1,3 +1,3 @@\n-one\n+ONE\n two\n three\n@@ -5,3 +5,3 @@\n five\n six\n-seven\n+SEVEN\n";

/// A step that answers in text.
fn text(text: &str) -> String {
    format!("text {}\n", text.replace('\n', "\\n"))
}

/// A step that answers with a diff.
fn diff(diff: &str) -> String {
    text(&format!("This is what I would do.\n\n```diff\n{diff}```\n"))
}

/// A workspace under git with [`CODE`] and [`LINES`], and an agent `fixer` that can answer in text only.
fn stage(steps: &str) -> Sandbox {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.file("lines", LINES);
    sandbox.commit();
    fixer(&mut sandbox, "fixer", steps);
    sandbox.config("[fix]\nagents = [\"fixer\"]");
    sandbox
}

/// The same with agents that edit files themselves; the first one is asked when none is named.
fn editing(agents: &[(&str, &str)]) -> Sandbox {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.file("lines", LINES);
    sandbox.commit();
    for (name, steps) in agents {
        sandbox.agent(name, &format!("tools edit\non call\n{steps}"));
    }
    sandbox.config(&format!("[fix]\nagents = [{:?}]", agents[0].0));
    sandbox
}

/// Steps that change [`LINES`] and tell of it.
const SHOUTS: &str = "replace lines one => ONE\nreplace lines seven => SEVEN\nanswer {\"summary\":\"It is louder now.\"}\n";

fn fixer(sandbox: &mut Sandbox, name: &str, steps: &str) {
    sandbox.agent(name, &format!("tools ask\non call\n{steps}"));
}

/// The same after a review by `finder`, whose finding has a ready fix if that is wanted.
fn reviewed(steps: &str, is_ready: bool) -> Sandbox {
    let mut sandbox = stage(steps);
    let ready = ",\"replacement\":\"1 + 2\"";
    let script = FINDS_ADD.replace(ready, if is_ready { ready } else { "" });
    sandbox.agent("finder", &script);
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--agent", "finder"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    sandbox
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The names of the open proposals, newest first.
fn proposals(sandbox: &Sandbox) -> Vec<String> {
    let open = document(&sandbox.crosscheck(&["proposals", "--format", "json"]));
    let names = open["proposals"].as_array().unwrap().iter();
    names
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The name of the only open proposal.
fn the_proposal(sandbox: &Sandbox) -> String {
    let mut names = proposals(sandbox);
    assert_eq!(names.len(), 1, "{names:?}");
    names.remove(0)
}

/// Has [`LINES_DIFF`] proposed; its name.
fn proposed(sandbox: &Sandbox) -> String {
    let ran = sandbox.crosscheck(&["ask", "Shout.", "lines"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    the_proposal(sandbox)
}

/// Nothing of the user's has changed.
fn assert_untouched(sandbox: &Sandbox) {
    assert_eq!(sandbox.git(&["status", "--porcelain", "--ignored"]), "");
}

/// Starts `crosscheck` without waiting for its end.
fn start(sandbox: &Sandbox, args: &[&str]) -> Child {
    let mut command = sandbox.command(sandbox.program());
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn a_finding_is_fixed_by_an_agent_and_applied_when_the_user_says_so() {
    let sandbox = reviewed(&diff(DIFF), false);
    let found = sandbox.crosscheck(&["review", "src/main.rs", "--agent", "finder"]);
    let name = found.stdout.lines().next().unwrap().rsplit(' ').next();
    let name = name.unwrap();
    let ran = sandbox.crosscheck(&["fix", name]);
    assert_eq!(ran.code, 0, "{ran:?}");
    expect![[r#"
        diff --git a/src/main.rs b/src/main.rs
        --- a/src/main.rs
        +++ b/src/main.rs
        @@ -1,4 +1,4 @@ part 1
         fn main() {
        -    let total = add(1, 2);
        +    let total = 1 + 2;
             println!("{total}");
         }
    "#]]
    .assert_eq(&ran.stdout);
    let id = the_proposal(&sandbox);
    for said in [
        "fixer · Fix: `add` does not exist · 1 file, 1 part, +1 −1",
        "This is what I would do.",
        &format!("`crosscheck apply {id}` writes it"),
        &format!("`crosscheck discard {id}` drops it"),
    ] {
        assert!(ran.stderr.contains(said), "{said}: {ran:?}");
    }
    let sent = sandbox.sent_to("fixer");
    assert!(sent.contains("Nothing named `add` is in scope."), "{sent}");
    assert_untouched(&sandbox);

    let applied = sandbox.crosscheck(&["apply", &id[..4]]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert_eq!(sandbox.read("src/main.rs"), FIXED);
    expect![[r#"
        applied proposal [id]: 1 file (`src/main.rs`)
        `crosscheck revert [id]` takes it back
    "#]]
    .assert_eq(&applied.stderr.replace(&id, "[id]"));
    let again = sandbox.crosscheck(&["fix", name]);
    assert_eq!(again.code, 2, "the finding is settled: {again:?}");

    let reverted = sandbox.crosscheck(&["revert"]);
    assert_eq!(reverted.code, 0, "{reverted:?}");
    assert_untouched(&sandbox);
    let again = sandbox.crosscheck(&["fix", name]);
    assert_eq!(again.code, 0, "the finding is back: {again:?}");
}

#[test]
fn a_ready_fix_needs_no_agent() {
    let sandbox = reviewed(&diff(DIFF), true);
    let ran = sandbox.crosscheck(&["fix", "--all"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("+    let total = 1 + 2;"), "{ran:?}");
    assert!(ran.stderr.starts_with("finder · Fix: "), "{ran:?}");
    assert_untouched(&sandbox);
    let id = the_proposal(&sandbox);
    assert_eq!(sandbox.crosscheck(&["discard", &id]).code, 0);
    assert_eq!(proposals(&sandbox), Vec::<String>::new());

    let written = sandbox.crosscheck(&["fix", "--all", "--write", "--quiet"]);
    assert_eq!(
        (written.code, written.stderr.as_str()),
        (0, ""),
        "{written:?}"
    );
    assert_eq!(sandbox.read("src/main.rs"), FIXED);
    assert_eq!(sandbox.sent_to("fixer"), "", "no agent was asked");
    let nothing = sandbox.crosscheck(&["fix", "--all"]);
    assert_eq!(nothing.code, 1, "{nothing:?}");
    assert!(nothing.stderr.contains("no open findings"), "{nothing:?}");
}

#[test]
fn a_file_that_changed_meanwhile_is_not_written_but_can_be_applied() {
    let wait = "touch [sandbox]/started\nwait-for [sandbox]/go\n";
    let sandbox = editing(&[("writer", &format!("{wait}{SHOUTS}"))]);
    let child = start(&sandbox, &["ask", "Shout.", "lines", "--write"]);
    until("the agent works", || {
        sandbox.path().join("started").exists()
    });
    assert_untouched(&sandbox);
    let mine = LINES.replace("four", "4");
    sandbox.file("lines", &mine);
    std::fs::write(sandbox.path().join("go"), "").unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    let id = the_proposal(&sandbox);
    for said in [
        format!("proposal {id} is not written: nothing was changed: `lines` was changed meanwhile"),
        format!("`crosscheck apply {id}`"),
    ] {
        assert!(stderr.contains(&said), "{said}: {stderr}");
    }
    assert_eq!(sandbox.read("lines"), mine);

    let applied = sandbox.crosscheck(&["apply", &id]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert_eq!(
        sandbox.read("lines"),
        "ONE\ntwo\nthree\n4\nfive\nsix\nSEVEN\n"
    );
    assert_eq!(sandbox.crosscheck(&["revert", &id]).code, 0);
    assert_eq!(sandbox.read("lines"), mine);
}

#[cfg(unix)]
#[test]
fn whatever_an_agent_does_to_files_is_applied_and_taken_back() {
    let steps = "write new/deep/file text\\n\ndelete lines\nrename src/main.rs src/bin/run.rs\nchmod 755 tool\n\
                 replace src/bin/run.rs add(1, 2) => 1 + 2\nanswer {\"summary\":\"\"}\n";
    let sandbox = editing(&[("writer", steps)]);
    sandbox.file("tool", "#!/bin/sh\n");
    sandbox.commit();
    let ran = sandbox.crosscheck(&["ask", "Do it."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_untouched(&sandbox);
    let id = the_proposal(&sandbox);
    let applied = sandbox.crosscheck(&["apply", &id]);
    assert_eq!(applied.code, 0, "{applied:?}");
    sandbox.git(&["add", "-A"]);
    expect![[r#"
        D  lines
        A  new/deep/file
        R  src/main.rs -> src/bin/run.rs
        M  tool
    "#]]
    .assert_eq(&sandbox.git(&["status", "--porcelain"]));
    assert_eq!(sandbox.read("src/bin/run.rs"), FIXED);
    let mode = sandbox.git(&["ls-files", "--stage", "tool"]);
    assert!(mode.starts_with("100755"), "{mode}");
    let reverted = sandbox.crosscheck(&["revert"]);
    assert_eq!(reverted.code, 0, "{reverted:?}");
    sandbox.git(&["add", "-A"]);
    assert_untouched(&sandbox);
    assert!(!sandbox.root().join("new").exists());
}

#[test]
fn several_agents_edit_at_the_same_time() {
    let meet = |mine: &str, other: &str| {
        format!("touch [sandbox]/{mine}\nwait-for [sandbox]/{other}\n{SHOUTS}")
    };
    let sandbox = editing(&[("one", &meet("a", "b")), ("other", &meet("b", "a"))]);
    let ran = sandbox.crosscheck(&[
        "ask", "Shout.", "lines", "--agent", "one", "--agent", "other",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(proposals(&sandbox).len(), 2);
    assert_eq!(
        ran.stderr.matches("It is louder now.").count(),
        2,
        "{ran:?}"
    );
    assert_untouched(&sandbox);
}

#[cfg(unix)]
#[test]
fn a_change_that_does_not_pass_the_check_is_not_written_unless_that_is_wanted() {
    // It sees the output once, and knows no better.
    let steps = format!("{SHOUTS}on call\nanswer {{\"summary\":\"It has to be.\"}}\n");
    let mut sandbox = editing(&[("writer", &steps)]);
    sandbox.config("check = [\"sh\", \"-c\", \"echo six is quiet; ! grep six lines\"]");
    let ran = sandbox.crosscheck(&["ask", "Shout.", "lines", "--write"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    for said in [
        "check failed",
        "six is quiet",
        "exit code 1",
        "is not written",
        "--force",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    assert_untouched(&sandbox);
    let listed = sandbox.crosscheck(&["proposals"]);
    assert!(
        listed.stdout.contains("check failed (exit code 1)"),
        "{listed:?}"
    );
    let forced = sandbox.crosscheck(&["ask", "Shout.", "lines", "--write", "--force"]);
    assert_eq!(forced.code, 0, "{forced:?}");
    assert_eq!(
        sandbox.read("lines"),
        LINES.replace("one", "ONE").replace("seven", "SEVEN")
    );
}

#[test]
fn parts_are_applied_one_by_one_and_a_conflict_writes_nothing() {
    let sandbox = stage(&diff(LINES_DIFF));
    let id = proposed(&sandbox);
    let rehearsed = sandbox.crosscheck(&["apply", &id, "--part", "2", "--dry-run"]);
    assert_eq!(rehearsed.code, 0, "{rehearsed:?}");
    assert!(
        rehearsed.stdout.contains("+SEVEN") && !rehearsed.stdout.contains("+ONE"),
        "{rehearsed:?}"
    );
    assert_untouched(&sandbox);
    assert_eq!(sandbox.crosscheck(&["apply", &id, "--part", "2"]).code, 0);
    assert_eq!(sandbox.read("lines"), LINES.replace("seven", "SEVEN"));
    let listed = sandbox.crosscheck(&["proposals"]);
    assert!(listed.stdout.contains("1 of 2 applied"), "{listed:?}");

    let mine = "uno\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n";
    sandbox.file("lines", mine);
    let refused = sandbox.crosscheck(&["apply", &id]);
    assert_eq!(refused.code, 2, "{refused:?}");
    expect![[r#"
        error: nothing was changed: `lines` was changed meanwhile in the same place (part 1)
    "#]]
    .assert_eq(&refused.stderr);
    assert_eq!(sandbox.read("lines"), mine);
    let shown = sandbox.crosscheck(&["proposals", &id]);
    for said in ["part 1 (conflict)", "part 2 (applied)"] {
        assert!(shown.stdout.contains(said), "{shown:?}");
    }
    let document = document(&sandbox.crosscheck(&["proposals", &id, "--format", "json"]));
    let parts = document["proposals"][0]["parts"].as_array().unwrap();
    let standings: Vec<&Value> = parts.iter().map(|it| &it["standing"]).collect();
    assert_eq!(standings, ["conflict", "applied"]);
    let none = sandbox.crosscheck(&["apply", &id, "--part", "3"]);
    assert!(none.stderr.contains("there is no part 3"), "{none:?}");

    // What was taken can be taken back, though the rest is discarded.
    assert_eq!(sandbox.crosscheck(&["discard", "--all"]).code, 0);
    assert_eq!(sandbox.crosscheck(&["revert"]).code, 0);
    assert_eq!(sandbox.read("lines"), LINES.replace("one", "uno"));
    let nothing = sandbox.crosscheck(&["revert"]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.stderr.contains("nothing is applied"), "{nothing:?}");
}

#[test]
fn all_parts_but_one_can_still_be_applied() {
    let sandbox = stage(&diff(LINES_DIFF));
    let id = proposed(&sandbox);
    sandbox.file("lines", LINES.replace("one", "uno"));
    let refused = sandbox.crosscheck(&["apply", &id]);
    assert_eq!(refused.code, 2);
    let next = format!("the other parts fit: `crosscheck apply {id} --part 2`");
    assert!(refused.stderr.contains(&next), "{refused:?}");
    assert_eq!(sandbox.crosscheck(&["apply", &id, "--part", "2"]).code, 0);
    assert_eq!(
        sandbox.read("lines"),
        "uno\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n"
    );
}

#[test]
fn two_agents_are_shown_side_by_side() {
    let mut sandbox = stage(&diff(DIFF));
    let other = DIFF.replace("1 + 2", "sum(1, 2)");
    let new = "--- /dev/null\n+++ b/src/sum.rs\n@@ -0,0 +1 @@\n+pub fn sum() {}\n";
    fixer(&mut sandbox, "other", &diff(&format!("{other}{new}")));
    let ran = sandbox.crosscheck(&["ask", "Fix it.", "--agents", "fixer,other"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let names = proposals(&sandbox);
    assert_eq!(names.len(), 2, "{ran:?}");
    let table: Vec<Vec<&str>> = ran
        .stderr
        .lines()
        .map(|it| it.split("   ").filter(|it| !it.is_empty()).collect())
        .collect();
    for row in [
        vec!["fixer", "other"],
        vec!["src/main.rs", "1 part +1 −1", "1 part +1 −1"],
        vec!["src/sum.rs", "—", "new +1 −0"],
    ] {
        let row: Vec<&str> = row;
        let is_row = |it: &Vec<&str>| it.iter().map(|it| it.trim()).eq(row.iter().copied());
        assert!(table.iter().any(is_row), "{row:?}: {}", ran.stderr);
    }
    assert_untouched(&sandbox);
    let written = sandbox.crosscheck(&["ask", "x", "--agents", "fixer,other", "--write"]);
    assert_eq!(written.code, 2, "{written:?}");
    assert!(
        written.stderr.contains("change of one agent"),
        "{written:?}"
    );
    assert_untouched(&sandbox);
}

/// Of two that want one line differently, the same of a second and each something of its own, what does not clash is taken of both.
#[test]
fn parts_of_two_agents_that_do_not_clash_are_taken_together() {
    let line = |number: usize| format!("line {number}\n");
    let text: String = (1..=30).map(line).collect();
    // A diff that changes some lines to others.
    let change = |changes: &[(usize, &str)]| {
        let hunk = |(number, new): &(usize, &str)| {
            format!("@@ -{number} +{number} @@\n-line {number}\n+{new}\n")
        };
        let hunks: String = changes.iter().map(hunk).collect();
        diff(&format!("--- a/long\n+++ b/long\n{hunks}"))
    };
    let mut sandbox = stage(&change(&[(2, "TWO"), (12, "TWELVE")]));
    sandbox.file("long", &text);
    fixer(
        &mut sandbox,
        "other",
        &change(&[(2, "dos"), (12, "TWELVE"), (22, "veintidós")]),
    );
    let ran = sandbox.crosscheck(&["ask", "Shout.", "--agents", "fixer,other"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for said in [
        "part 1 of fixer clashes with part 1 of other",
        "part 2 of fixer is the same as part 2 of other",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let listed = document(&sandbox.crosscheck(&["proposals", "--format", "json"]));
    let of = |agent: &str| {
        let all = listed["proposals"].as_array().unwrap();
        all.iter().find(|it| it["agent"] == agent).unwrap().clone()
    };
    let (fixer, other) = (of("fixer"), of("other"));
    assert_eq!(
        other["relations"],
        json!([
            { "part": 1, "relation": "clash", "proposal": fixer["id"], "parts": [1] },
            { "part": 2, "relation": "same", "proposal": fixer["id"], "parts": [2] },
        ])
    );
    let apply = |proposal: &Value, parts: &[&str]| {
        let mut args = vec!["apply", proposal["id"].as_str().unwrap()];
        args.extend(parts.iter().flat_map(|it| ["--part", it]));
        sandbox.crosscheck(&args)
    };
    let taken = apply(&fixer, &[]);
    assert_eq!(taken.code, 0, "{taken:?}");
    let clashes = apply(&other, &[]);
    assert_eq!(clashes.code, 2, "{clashes:?}");
    let taken = apply(&other, &["3"]);
    assert_eq!(taken.code, 0, "{taken:?}");
    let expected = text
        .replace("line 2\n", "TWO\n")
        .replace("line 12\n", "TWELVE\n")
        .replace("line 22\n", "veintidós\n");
    assert_eq!(sandbox.read("long"), expected);
}

#[test]
fn a_question_is_answered_in_words() {
    let sandbox = stage(&text("It adds two numbers.\n\n- and prints them"));
    let ran = sandbox.crosscheck(&["ask", "What does it do?", "src/main.rs:2-3"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.stdout, "It adds two numbers.\n\n- and prints them\n");
    let sent = sandbox.sent_to("fixer");
    assert!(sent.contains("What does it do?"), "{sent}");
    assert!(sent.contains("src/main.rs"), "{sent}");
    assert_eq!(proposals(&sandbox), Vec::<String>::new());
    for (file, said) in [
        ("src/main.rs:9", "has only 5 lines"),
        ("src/other.rs", "no such file"),
        ("/etc/passwd", "is not in"),
    ] {
        let ran = sandbox.crosscheck(&["ask", "What?", "src/main.rs", file]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(said), "{said}: {ran:?}");
    }
}

#[test]
fn a_fix_that_is_words_only_is_no_fix() {
    let sandbox = reviewed(&text("`add` is defined elsewhere."), false);
    let ran = sandbox.crosscheck(&["fix", "--all"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
    for said in ["`add` is defined elsewhere.", "no change is proposed"] {
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
}

#[test]
fn an_agent_that_fails_is_told_and_the_command_fails() {
    let sandbox = stage("is-error the licence has expired\n");
    for format in ["text", "json"] {
        let ran = sandbox.crosscheck(&["ask", "What?", "--format", format]);
        assert_eq!(ran.code, 2, "{ran:?}");
        let said = "fixer gave no answer: ";
        assert!(ran.stderr.contains(said), "{ran:?}");
        assert!(ran.stderr.contains("the licence has expired"), "{ran:?}");
    }
}

#[test]
fn an_answer_is_a_document_for_programs() {
    let sandbox = stage(&diff(LINES_DIFF));
    let ran = sandbox.crosscheck(&["ask", "Shout.", "lines", "--write", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let document = document(&ran);
    let proposal = &document["proposals"][0];
    assert_eq!(document["complete"], true);
    assert_eq!(document["agents"][0]["outcome"], "answered");
    assert_eq!(
        document["written"],
        json!([{ "proposal": proposal["id"], "parts": [1, 2] }])
    );
    assert_eq!(
        proposal["files"],
        json!([{
            "path": "lines", "action": "edit", "rename": null, "executable": null,
            "parts": 2, "added": 2, "removed": 2,
        }])
    );
    assert_eq!(
        proposal["parts"][1],
        json!({
            "number": 2, "path": "lines", "kind": "hunk", "lines": { "first": 7, "last": 7 },
            "standing": "open", "reason": null,
        })
    );
    let diff = proposal["diff"].as_str().unwrap();
    // What is written is what git makes of the diff.
    sandbox.git(&["checkout", "-q", "lines"]);
    let patch = sandbox.path().join("patch");
    std::fs::write(&patch, diff).unwrap();
    sandbox.git(&["apply", patch.to_str().unwrap()]);
    assert_eq!(
        sandbox.read("lines"),
        "ONE\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n"
    );
}

#[test]
fn the_printed_diff_can_be_given_to_git() {
    let new = "--- /dev/null\n+++ b/new file\n@@ -0,0 +1 @@\n+text\n";
    let sandbox = stage(&diff(&format!("{LINES_DIFF}{DIFF}{new}")));
    let ran = sandbox.crosscheck(&["ask", "Do it.", "--quiet"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let patch = sandbox.path().join("patch");
    std::fs::write(&patch, &ran.stdout).unwrap();
    sandbox.git(&["apply", patch.to_str().unwrap()]);
    assert_eq!(sandbox.read("src/main.rs"), FIXED);
    assert_eq!(sandbox.read("new file"), "text\n");
}

#[test]
fn answers_in_any_format_become_the_same_change() {
    let search = "src/main.rs\n<<<<<<< SEARCH\n    let total = add(1, 2);\n=======\n    let total = 1 + 2;\n>>>>>>> REPLACE\n";
    let v4a = "*** Begin Patch\n*** Update File: src/main.rs\n@@ fn main() {\n-    let total = add(1, 2);\n+    let total = 1 + 2;\n*** End Patch\n";
    let git =
        format!("diff --git a/src/main.rs b/src/main.rs\nindex 1234567..89abcde 100644\n{DIFF}");
    let numberless = DIFF.replace("@@ -1,4 +1,4 @@", "@@ ... @@");
    for (format, answer) in [
        ("unified diff", format!("```diff\n{DIFF}```\n")),
        ("git diff", git),
        (
            "diff without numbers",
            format!("```diff\n{numberless}```\n"),
        ),
        ("search and replace", format!("```rust\n{search}```\n")),
        ("apply_patch", v4a.to_owned()),
        ("whole file", format!("src/main.rs\n```rust\n{FIXED}```\n")),
    ] {
        let sandbox = stage(&text(&answer));
        let ran = sandbox.crosscheck(&["ask", "Fix it.", "src/main.rs", "--write"]);
        assert_eq!(ran.code, 0, "{format}: {ran:?}");
        assert_eq!(sandbox.read("src/main.rs"), FIXED, "{format}: {ran:?}");
    }
}

#[test]
fn paths_that_lead_elsewhere_are_refused_and_named() {
    let cases = [
        ("../outside", "outside the workspace"),
        ("/etc/crosscheck-test", "outside the workspace"),
        (".git/hooks/post-checkout", "belongs to version control"),
        (".GIT/config", "belongs to version control"),
        ("SRC/main.rs", "differs only by case"),
        ("aux.rs", "device"),
        ("src", "is a directory"),
        ("kept/secret", ".aiignore"),
        ("build/x", "ignore"),
        #[cfg(unix)]
        ("out/x", "symbolic link"),
    ];
    for (path, why) in cases {
        let new = format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+text\n");
        let new = new.replace("b//", "/");
        let sandbox = stage(&diff(&format!("{LINES_DIFF}{new}")));
        sandbox.file(".aiignore", "kept\n");
        sandbox.file(".gitignore", "build\n");
        #[cfg(unix)]
        std::os::unix::fs::symlink(sandbox.path(), sandbox.root().join("out")).unwrap();
        sandbox.commit();
        let ran = sandbox.crosscheck(&["ask", "Do it.", "--write"]);
        assert_eq!(ran.code, 2, "{path}: {ran:?}");
        let refused = ran
            .stderr
            .lines()
            .find(|it| it.starts_with("warning: ") && it.contains(path));
        let refused = refused.unwrap_or_else(|| panic!("{path}: {}", ran.stderr));
        assert!(refused.contains(why), "{refused}");
        assert!(ran.stderr.contains("is not written"), "{ran:?}");
        assert_untouched(&sandbox);
        assert!(!sandbox.path().join("outside").exists());
        // The rest of it is there, and the user may want it.
        let applied = sandbox.crosscheck(&["apply", &the_proposal(&sandbox)]);
        assert_eq!(applied.code, 0, "{applied:?}");
        let status = sandbox.git(&["status", "--porcelain"]);
        assert_eq!(status.trim(), "M lines", "{path}");
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_refused_and_named() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = stage(&diff(&format!("{DIFF}{LINES_DIFF}")));
    let ran = sandbox.crosscheck(&["ask", "Do it."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let read_only = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(sandbox.root().join("lines"), read_only).unwrap();
    let refused = sandbox.crosscheck(&["apply", &the_proposal(&sandbox)]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.stderr.contains("`lines` is read-only"),
        "{refused:?}"
    );
    assert_eq!(sandbox.read("src/main.rs"), CODE, "nothing is half written");
}

#[cfg(unix)]
#[test]
fn an_interrupt_cancels_and_says_so() {
    let sandbox = stage("touch [sandbox]/started\nhang\n");
    let child = start(&sandbox, &["ask", "What?"]);
    until("the agent works", || {
        sandbox.path().join("started").exists()
    });
    let id = child.id().to_string();
    let mut kill = sandbox.command("kill");
    assert!(kill.args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("it was cancelled"), "{stderr}");
}

#[test]
fn where_nobody_can_answer_an_agent_is_denied_and_goes_on() {
    let question = json!({
        "message": "May I?",
        "requestedSchema": { "type": "object", "properties": {
            "decision": { "type": "string", "enum": ["allow", "deny"] },
        }, "required": ["decision"] },
        "_meta": { "crosscheck/approval": { "command": "cargo test" } },
    });
    let sandbox = stage(&format!("ask {question}\n{}", text("I looked only.")));
    let ran = sandbox.crosscheck(&["ask", "What?"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "I looked only.\n"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("cargo test"), "{ran:?}");
    assert!(ran.stderr.contains("no terminal to ask at"), "{ran:?}");
}

#[test]
fn names_that_are_unknown_are_told() {
    let sandbox = stage(&diff(LINES_DIFF));
    proposed(&sandbox);
    for (args, said) in [
        (&["apply", "nope"][..], "there is no proposal `nope`"),
        (&["discard", "nope"], "there is no proposal `nope`"),
        (&["proposals", "nope"], "there is no proposal `nope`"),
        (
            &["revert", "nope"],
            "nothing of a proposal `nope` is applied",
        ),
        (&["fix", "nope"], "there is no open finding `nope`"),
        (&["ask", "x", "--agent", "nope"], "nope"),
        (&["ask", " "], "nothing is asked"),
    ] {
        let ran = sandbox.crosscheck(args);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(said), "{said}: {ran:?}");
    }
    assert_untouched(&sandbox);
}
