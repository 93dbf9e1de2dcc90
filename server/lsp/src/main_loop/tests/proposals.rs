//! Proposals: what the user sees of them, and what becomes of them in editors of all kinds.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]
use super::*;
use domain::proposal::{Check, CheckOutcome, FileAction, FileChange, Proposal, ProposalId};
use engine::{Application, Kept, ProposalState, RunEvent, RunId};
use expect_test::{Expect, expect};
use std::fmt::Write;
use std::sync::Arc;
use std::time::SystemTime;

mod files;
mod manners;
mod undoing;

const OLD: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
const NEW: &str = "one\nTWO\nthree\nfour\nfive\nsix\nSEVEN\n";

/// What a capable editor declares.
fn rich() -> Value {
    json!({
        "general": {"positionEncodings": ["utf-8"]},
        "workspace": {
            "applyEdit": true,
            "workspaceEdit": {
                "documentChanges": true, "resourceOperations": ["create", "rename", "delete"],
                "changeAnnotationSupport": {},
            },
        },
        "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}},
        "window": {"showDocument": {"support": true}},
    })
}

fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

fn edit(file: &str, old: &str, new: &str) -> FileChange {
    FileChange::edit(path(file), Text::new(old), &Text::new(new)).unwrap()
}

fn create(file: &str, text: &str) -> FileChange {
    let action = FileAction::Create {
        text: Text::new(text),
        executable: false,
    };
    FileChange {
        path: path(file),
        action,
    }
}

fn delete(file: &str, text: &str) -> FileChange {
    let action = FileAction::Delete {
        base: Text::new(text),
    };
    FileChange {
        path: path(file),
        action,
    }
}

fn rename(file: &str, text: &str, to: &str) -> FileChange {
    let action = FileAction::Edit {
        base: Text::new(text),
        hunks: Vec::new(),
        rename: Some(path(to)),
        executable: None,
    };
    FileChange {
        path: path(file),
        action,
    }
}

fn proposal(id: &str, files: Vec<FileChange>) -> Proposal {
    Proposal {
        id: ProposalId(id.to_owned()),
        agent: "codex".to_owned(),
        provider: "openai".to_owned(),
        title: "Shout".to_owned(),
        summary: "Both *words* shout now.".to_owned(),
        findings: Vec::new(),
        files,
        check: None,
        problems: Vec::new(),
        usage: None,
    }
}

impl TestClient {
    /// A client with a file that is open, and its URI.
    async fn with_file(capabilities: Value, text: &str) -> (Self, String) {
        let mut client = Self::ready(capabilities).await;
        client.write("a.rs", text);
        let uri = client.open("a.rs", text).await;
        (client, uri)
    }

    /// The same, and a proposal `abcdefgh` with two hunks in it.
    async fn with_proposal(capabilities: Value) -> (Self, String) {
        let (mut client, uri) = Self::with_file(capabilities, OLD).await;
        client.recalls(proposal("abcdefgh", vec![edit("a.rs", OLD, NEW)]), &[]);
        client
            .told(expect![[r#"
                ROOT/a.rs version 1
                  1:0-1:3 4 codex proposes a change here: Shout (1 of 2)
                  6:0-6:5 4 codex proposes a change here: Shout (2 of 2)
            "#]])
            .await;
        (client, uri)
    }

    /// Has a proposal applied; returns the request to the editor.
    async fn apply(&mut self) -> Value {
        self.command("apply", json!({"id": "abcdefgh"})).await;
        self.edit_request().await
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.dir.path().join("ws").join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("ws").canonicalize().unwrap()
    }

    fn engine_tells(&self, event: engine::Event) {
        self.events.send(Event::Engine(event)).unwrap();
    }

    /// Asks an agent; returns the run.
    async fn ask(&mut self, uri: &str) -> RunId {
        let argument = json!({"uri": uri, "prompt": "Shout."});
        let answer = self.command("ask", argument).await;
        RunId(answer["run"].as_u64().unwrap())
    }

    /// The agent of a run proposes something, told against this revision of `a.rs`.
    fn propose(&self, run: RunId, proposal: Proposal, revision: Option<i32>) {
        let versions = revision.map(|it| (path("a.rs"), it));
        let event = RunEvent::Proposed {
            proposal: Arc::new(proposal),
            versions: versions.into_iter().collect(),
        };
        self.engine_tells(engine::Event::Run { run, event });
    }

    /// The ledger has a proposal.
    fn recalls(&self, proposal: Proposal, applied: &[usize]) {
        let kept = Kept {
            proposal: Arc::new(proposal),
            applied: applied.to_vec(),
            state: ProposalState::Open,
            created: SystemTime::UNIX_EPOCH,
        };
        self.engine_tells(engine::Event::Proposals {
            root: self.root(),
            proposals: vec![kept],
            left_out: 0,
            unread: None,
        });
    }

    /// Runs a command; nothing else is said before its answer but what is returned by [`TestClient::told`] next.
    async fn command(&mut self, name: &str, argument: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let params = json!({"command": format!("crosscheck.{name}"), "arguments": [argument]});
        let request = json!({"jsonrpc": "2.0", "id": id, "method": "workspace/executeCommand", "params": params});
        self.send(&request.to_string()).await;
        loop {
            let message = self.receive().await;
            if message["id"] == id && message.get("method").is_none() {
                return message["result"].clone();
            }
            self.unread.push(message);
        }
    }

    /// Whatever was said since, in the order it was said.
    async fn messages(&mut self) -> Vec<Value> {
        let mut told = std::mem::take(&mut self.unread);
        self.last_id += 1;
        let id = self.last_id;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": "crosscheck/noSuchMethod"});
        self.send(&request.to_string()).await;
        loop {
            let message = self.receive().await;
            if message["id"] == id && message.get("method").is_none() {
                return told;
            }
            told.push(message);
        }
    }

    /// The same once nothing is due any more, in words.
    async fn told(&mut self, expected: Expect) {
        tokio::time::sleep(Duration::from_millis(60)).await;
        let messages = self.messages().await;
        let out: String = messages.iter().map(|it| self.describe(it)).collect();
        expected.assert_eq(&out);
    }

    fn describe(&self, message: &Value) -> String {
        let params = &message["params"];
        let place = |it: &Value| {
            let at = |it: &Value| format!("{}:{}", it["line"], it["character"]);
            format!("{}-{}", at(&it["start"]), at(&it["end"]))
        };
        let text = match message["method"].as_str().unwrap() {
            "textDocument/publishDiagnostics" => {
                let mut out = format!(
                    "{} version {}\n",
                    params["uri"].as_str().unwrap(),
                    params["version"]
                );
                for it in params["diagnostics"].as_array().unwrap() {
                    let message = it["message"].as_str().unwrap().replace('\n', " / ");
                    let _ = writeln!(
                        out,
                        "  {} {} {message}",
                        place(&it["range"]),
                        it["severity"]
                    );
                }
                out
            }
            "window/showMessage" => format!(
                "message {} {}\n",
                params["type"],
                params["message"].as_str().unwrap()
            ),
            "workspace/applyEdit" => {
                let mut out = format!("apply {}\n", params["label"]);
                for it in params["edit"]["documentChanges"]
                    .as_array()
                    .into_iter()
                    .flatten()
                {
                    let _ = writeln!(out, "  {it}");
                }
                let _ = writeln!(
                    out,
                    "  {} {}",
                    params["edit"]["changes"], params["edit"]["changeAnnotations"]
                );
                out
            }
            method => format!("{method} {params}\n"),
        };
        text.replace(&self.uri(""), "ROOT")
    }

    /// The request of the server to apply an edit.
    async fn edit_request(&mut self) -> Value {
        let mut told = self.messages().await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["method"], "workspace/applyEdit", "{told:?}");
        told.remove(0)
    }

    async fn answer_edit(&mut self, request: &Value, result: Value) {
        let answer = json!({"jsonrpc": "2.0", "id": request["id"], "result": result});
        self.send(&answer.to_string()).await;
    }

    /// The titles of the actions at a place, with what they do.
    async fn actions(&mut self, uri: &str, line: u32, context: Value) -> String {
        let at = json!({"line": line, "character": 0});
        let params = json!({
            "textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": context,
        });
        let answer = self.request("textDocument/codeAction", params).await;
        let mut out = String::new();
        for it in answer["result"].as_array().unwrap() {
            let command = &it["command"];
            let _ = writeln!(
                out,
                "{} | {} | {} {}",
                it["kind"].as_str().unwrap(),
                it["title"].as_str().unwrap(),
                command["command"].as_str().unwrap(),
                command["arguments"][0],
            );
        }
        out.replace(&self.uri(""), "ROOT")
    }
}

fn quick() -> Value {
    json!({"diagnostics": [], "only": ["quickfix"]})
}

#[tokio::test(start_paused = true)]
async fn a_proposal_is_told_shown_applied_and_undone() {
    let (mut client, uri) = TestClient::with_file(rich(), OLD).await;
    let run = client.ask(&uri).await;
    // The user types while the agent works.
    client.change(&uri, 2, [0, 0, 0, 0], "zero\n").await;
    client.messages().await;
    client.propose(
        run,
        proposal("abcdefgh", vec![edit("a.rs", OLD, NEW)]),
        Some(1),
    );
    client.told(expect![[r#"
        message 3 codex proposes 2 changes in a.rs: Shout. Code actions there apply, preview or discard it.
        ROOT/a.rs version 2
          2:0-2:3 4 codex proposes a change here: Shout (1 of 2)
          7:0-7:5 4 codex proposes a change here: Shout (2 of 2)
    "#]]).await;
    expect![[r#"
        quickfix | Apply codex's 2 changes | crosscheck.apply {"id":"abcdefgh"}
        quickfix | Apply this change (1 of 2) | crosscheck.apply {"id":"abcdefgh","parts":[1]}
        quickfix | Preview codex's changes | crosscheck.preview {"id":"abcdefgh"}
        quickfix | Discard codex's changes | crosscheck.discard {"id":"abcdefgh"}
    "#]]
    .assert_eq(&client.actions(&uri, 2, quick()).await);
    expect![[r#"
        quickfix | Apply codex's 2 changes | crosscheck.apply {"id":"abcdefgh"}
        quickfix | Preview codex's changes | crosscheck.preview {"id":"abcdefgh"}
        quickfix | Discard codex's changes | crosscheck.discard {"id":"abcdefgh"}
    "#]]
    .assert_eq(&client.actions(&uri, 4, quick()).await);
    let automatic = json!({"diagnostics": [], "triggerKind": 2});
    assert_eq!(client.actions(&uri, 4, automatic).await, "");

    let answer = client.command("apply", json!({"id": "abcdefgh"})).await;
    assert_eq!(answer["applying"], json!([1, 2]));
    let busy = client.command("apply", json!({"id": "abcdefgh"})).await;
    let request = client.messages().await.remove(0);
    expect![[r#"
        apply "codex: Shout"
          {"edits":[{"newText":"TWO\n","range":{"end":{"character":0,"line":3},"start":{"character":0,"line":2}}},{"newText":"SEVEN\n","range":{"end":{"character":0,"line":8},"start":{"character":0,"line":7}}}],"textDocument":{"uri":"ROOT/a.rs","version":2}}
          null null
    "#]].assert_eq(&client.describe(&request));
    expect!["The editor is still busy with codex's change; try again when it is through."]
        .assert_eq(busy["error"].as_str().unwrap());
    // As Neovim does it: first the change, then the answer.
    client.change(&uri, 3, [2, 0, 2, 3], "TWO").await;
    client.change(&uri, 4, [7, 0, 7, 5], "SEVEN").await;
    client.answer_edit(&request, json!({"applied": true})).await;
    client
        .told(expect![[r#"
        ROOT/a.rs version 4
    "#]])
        .await;
    assert_eq!(client.actions(&uri, 2, quick()).await, "");
    // One undo brings everything back, the proposal, too.
    client
        .change(&uri, 5, [2, 0, 7, 5], "two\nthree\nfour\nfive\nsix\nseven")
        .await;
    client
        .told(expect![[r#"
            ROOT/a.rs version 5
              2:0-2:3 4 codex proposes a change here: Shout (1 of 2)
              7:0-7:5 4 codex proposes a change here: Shout (2 of 2)
        "#]])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn what_meets_the_users_edits_is_left() {
    let (mut client, uri) = TestClient::with_file(rich(), OLD).await;
    let run = client.ask(&uri).await;
    client.change(&uri, 2, [1, 0, 1, 3], "2").await;
    client.messages().await;
    client.propose(
        run,
        proposal("abcdefgh", vec![edit("a.rs", OLD, NEW)]),
        Some(1),
    );
    client.told(expect![[r#"
        message 2 codex proposes 2 changes in a.rs: Shout. 1 change meets what you edited meanwhile and will not be applied. Code actions there apply, preview or discard it.
        ROOT/a.rs version 2
          1:0-1:1 3 codex proposes a change here: Shout (1 of 2) / You edited these lines since; this change will not be applied.
          6:0-6:5 4 codex proposes a change here: Shout (2 of 2)
    "#]]).await;
    let none = client
        .command("apply", json!({"id": "abcdefgh", "parts": [1]}))
        .await;
    expect!["This meets what you edited since codex began; nothing was changed. Discard it, or ask codex again."].assert_eq(none["error"].as_str().unwrap());
    let unknown = client
        .command("apply", json!({"id": "abcdefgh", "parts": [7]}))
        .await;
    expect!["There is no change 7; the proposal has 2 changes."]
        .assert_eq(unknown["error"].as_str().unwrap());
    client.messages().await;
    let answer = client.command("apply", json!({"id": "abcdefgh"})).await;
    assert_eq!(
        (&answer["applying"], &answer["conflicts"]),
        (&json!([2]), &json!([1]))
    );
    let request = client.edit_request().await;
    client.change(&uri, 3, [6, 0, 6, 5], "SEVEN").await;
    client.answer_edit(&request, json!({"applied": true})).await;
    client.told(expect![[r#"
        message 2 1 change of codex applied in 1 file. Left, as you edited the same lines: change 1 (a.rs).
        ROOT/a.rs version 3
          1:0-1:1 3 codex proposes a change here: Shout (1 of 2) / You edited these lines since; this change will not be applied.
    "#]]).await;
    let gone = client.command("discard", json!({"id": "abcdefgh"})).await;
    assert_eq!(gone["discarded"], json!(["abcdefgh"]));
    client
        .told(expect![[r#"
        ROOT/a.rs version 3
    "#]])
        .await;
    let gone = client.command("apply", json!({"id": "abcdefgh"})).await;
    assert_eq!(gone["error"], "This proposal is gone already.");
    client.messages().await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn what_was_applied_in_an_earlier_session_is_taken_back() {
    let (mut client, uri) = TestClient::with_file(rich(), &format!("zero\n{NEW}")).await;
    let application = Application {
        id: 7,
        proposal: ProposalId("abcdefgh".to_owned()),
        title: "Shout".to_owned(),
        agent: "codex".to_owned(),
        parts: vec![1, 2],
        inverse: Some(vec![edit("a.rs", NEW, OLD)]),
        applied: SystemTime::UNIX_EPOCH,
        reverted: false,
    };
    let older = Application {
        id: 6,
        ..application.clone()
    };
    client.engine_tells(engine::Event::Applications {
        root: client.root(),
        applications: vec![application, older],
        unread: None,
    });
    let source = json!({"diagnostics": [], "only": ["source.crosscheck"]});
    expect![[r#"
        source.crosscheck.review | Review this file | crosscheck.review {"scope":"file","uri":"ROOT/a.rs"}
        source.crosscheck.review | Review changes | crosscheck.review {"scope":"changes","uri":"ROOT/a.rs"}
        source.crosscheck | Take back codex's last change | crosscheck.revert {"id":7}
    "#]].assert_eq(&client.actions(&uri, 0, source).await);
    client.command("revert", json!({})).await;
    let request = client.edit_request().await;
    expect![[r#"
        apply "Take back codex's change: Shout"
          {"edits":[{"newText":"two\n","range":{"end":{"character":0,"line":3},"start":{"character":0,"line":2}}},{"newText":"seven\n","range":{"end":{"character":0,"line":8},"start":{"character":0,"line":7}}}],"textDocument":{"uri":"ROOT/a.rs","version":1}}
          null null
    "#]].assert_eq(&client.describe(&request));
    client.change(&uri, 2, [2, 0, 2, 3], "two").await;
    client.change(&uri, 3, [7, 0, 7, 5], "seven").await;
    client.answer_edit(&request, json!({"applied": true})).await;
    client.told(expect![[r#""#]]).await;
    // Where it is so already nothing has to be done.
    let answer = client.command("revert", json!({"id": 6})).await;
    assert_eq!(answer["reverted"], true, "{answer}");
    client
        .told(expect![[r#"
        message 3 codex's change “Shout” is taken back already.
    "#]])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn hovers_and_previews_show_the_change() {
    let (mut client, uri) = TestClient::with_file(rich(), OLD).await;
    let mut it = proposal("abcdefgh", vec![edit("a.rs", OLD, NEW)]);
    it.check = Some(Check {
        command: "cargo check".to_owned(),
        outcome: CheckOutcome::Failed("exit code 101".to_owned()),
        output: "error: no".to_owned(),
        elapsed: Duration::ZERO,
        repaired: false,
    });
    it.problems = vec!["one hunk did not fit".to_owned()];
    client.recalls(it, &[]);
    client
        .told(expect![[r#"
        ROOT/a.rs version 1
          1:0-1:3 4 codex proposes a change here: Shout (1 of 2)
          6:0-6:5 4 codex proposes a change here: Shout (2 of 2)
    "#]])
        .await;
    let at = json!({"textDocument": {"uri": uri}, "position": {"line": 1, "character": 1}});
    let hover = client.request("textDocument/hover", at).await;
    expect![[r#"
        **Shout** (1 of 2)

        Both *words* shout now.

        ```diff
        -two
        +TWO
        ```

        — codex · proposal · `cargo check` failed: exit code 101"#]]
    .assert_eq(hover["result"]["contents"]["value"].as_str().unwrap());
    let answer = client.command("preview", json!({"id": "abcdefgh"})).await;
    // This server may write no files.
    assert_eq!(answer["shown"], "message");
    client.told(expect![[r#"
        message 3 This editor cannot show the proposal as a document. Hover over a change to see it, or run `crosscheck proposals abcdefgh` in a terminal.
    "#]]).await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn a_finding_goes_with_the_proposal_that_settles_it_and_comes_back_with_undo() {
    let text = "we recieve it\n";
    let (mut client, uri) = TestClient::with_file(rich(), text).await;
    client.agent_says("a.rs", text, Some(1), &[("recieve", "receive")]);
    client.messages().await;
    let mut it = proposal("abcdefgh", vec![edit("a.rs", text, "we get it\n")]);
    it.findings = vec![domain::finding::FindingId("codex-recieve".to_owned())];
    client.recalls(it, &[]);
    client
        .told(expect![[r#"
        ROOT/a.rs version 1
          0:3-0:10 2 `recieve` should be `receive`
        ROOT/a.rs version 1
          0:3-0:10 2 `recieve` should be `receive`
          0:0-0:13 4 codex proposes a change here: Shout
    "#]])
        .await;
    let request = client.apply().await;
    client.change(&uri, 2, [0, 3, 0, 10], "get").await;
    client.answer_edit(&request, json!({"applied": true})).await;
    client
        .told(expect![[r#"
        ROOT/a.rs version 2
    "#]])
        .await;
    client.change(&uri, 3, [0, 3, 0, 6], "recieve").await;
    client
        .told(expect![[r#"
        ROOT/a.rs version 3
          0:3-0:10 2 `recieve` should be `receive`
          0:0-0:13 4 codex proposes a change here: Shout
    "#]])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_seen_is_said() {
    let (mut client, uri) = TestClient::with_file(rich(), OLD).await;
    let run = client.ask(&uri).await;
    let evil = OLD.replace("two", "two\u{202e} // owt");
    let it = proposal("abcdefgh", vec![edit("a.rs", OLD, &evil)]);
    client.propose(run, it, Some(1));
    client.told(expect![[r#"
        message 2 codex proposes 1 change in a.rs: Shout. Change 1: invisible or misleading characters are put into the text. Code actions there apply, preview or discard it.
        ROOT/a.rs version 1
          1:0-1:3 4 codex proposes a change here: Shout
    "#]]).await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn the_oldest_proposal_makes_room_and_applied_ones_go_first() {
    let (mut client, _) = TestClient::with_proposal(rich()).await;
    client.write("new.rs", "new\n");
    client.recalls(proposal("applied1", vec![create("new.rs", "new\n")]), &[]);
    for number in 0..48 {
        let id = format!("number{number:02}");
        client.recalls(proposal(&id, vec![create(&id, "new\n")]), &[]);
    }
    client.told(expect![[r#""#]]).await;
    client.recalls(proposal("number48", vec![create("48", "new\n")]), &[]);
    client.told(expect![[r#""#]]).await;
    client.recalls(proposal("number49", vec![create("49", "new\n")]), &[]);
    client.told(expect![[r#"
        message 2 There are too many open proposals; codex's older one is not shown any more: Shout. `crosscheck apply abcdefgh` in a terminal still applies it.
        ROOT/a.rs version 1
    "#]]).await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn what_was_undone_and_edited_is_a_conflict_and_not_applied() {
    let (mut client, uri) = TestClient::with_file(rich(), NEW).await;
    client.recalls(proposal("abcdefgh", vec![edit("a.rs", OLD, NEW)]), &[1, 2]);
    client.told(expect![[r#""#]]).await;
    // Who goes on from what was applied meets no conflict.
    client.change(&uri, 2, [1, 0, 1, 3], "TWO!").await;
    client.told(expect![[r#""#]]).await;
    // Who goes back and edits that does.
    client.change(&uri, 3, [1, 0, 1, 4], "two").await;
    client
        .told(expect![[r#"
        ROOT/a.rs version 3
          1:0-1:3 4 codex proposes a change here: Shout (1 of 2)
    "#]])
        .await;
    client.change(&uri, 4, [1, 0, 1, 3], "2").await;
    client.told(expect![[r#"
        ROOT/a.rs version 4
          1:0-1:1 3 codex proposes a change here: Shout (1 of 2) / You edited these lines since; this change will not be applied.
    "#]]).await;
    assert_eq!(client.end().await, ended(1));
}
