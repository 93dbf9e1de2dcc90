//! Changes of files as a whole, and of files that are not open.

#![allow(clippy::unwrap_used)]
use super::*;

/// What an editor without any operations on files declares.
fn text_only() -> Value {
    let mut capabilities = rich();
    capabilities["workspace"]["workspaceEdit"] = json!({"documentChanges": true});
    capabilities
}

/// Changes of every kind.
fn everything() -> Vec<FileChange> {
    vec![
        edit("a.rs", OLD, NEW),
        delete("gone.rs", "gone\n"),
        create("new/b.rs", "new\n"),
        rename("old.rs", "old\n", "renamed.rs"),
        edit("z.rs", "z\n", "Z\n"),
    ]
}

#[tokio::test(start_paused = true)]
async fn files_come_go_and_get_other_names() {
    let (mut client, uri) = TestClient::with_file(rich(), OLD).await;
    client.write("gone.rs", "gone\n");
    client.write("old.rs", "old\n");
    client.write("z.rs", "z\n");
    client.recalls(proposal("abcdefgh", everything()), &[]);
    client
        .told(expect![[r#"
        ROOT/a.rs version 1
          1:0-1:3 4 codex proposes a change here: Shout (1 of 6)
          6:0-6:5 4 codex proposes a change here: Shout (2 of 6)
        ROOT/gone.rs version null
          0:0-0:4 4 codex proposes to delete this file: Shout (3 of 6)
        ROOT/old.rs version null
          0:0-0:3 4 codex proposes to rename this file to renamed.rs: Shout (5 of 6)
        ROOT/z.rs version null
          0:0-0:1 4 codex proposes a change here: Shout (6 of 6)
    "#]])
        .await;
    let answer = client.command("apply", json!({"id": "abcdefgh"})).await;
    assert_eq!(answer["applying"], json!([1, 2, 3, 4, 5, 6]));
    let request = client.edit_request().await;
    expect![[r#"
        apply "codex: Shout"
          {"edits":[{"newText":"TWO\n","range":{"end":{"character":0,"line":2},"start":{"character":0,"line":1}}},{"newText":"SEVEN\n","range":{"end":{"character":0,"line":7},"start":{"character":0,"line":6}}}],"textDocument":{"uri":"ROOT/a.rs","version":1}}
          {"kind":"delete","options":{"ignoreIfNotExists":false,"recursive":false},"uri":"ROOT/gone.rs"}
          {"kind":"create","options":{"ignoreIfExists":false,"overwrite":false},"uri":"ROOT/new/b.rs"}
          {"edits":[{"newText":"new\n","range":{"end":{"character":0,"line":0},"start":{"character":0,"line":0}}}],"textDocument":{"uri":"ROOT/new/b.rs","version":null}}
          {"kind":"rename","newUri":"ROOT/renamed.rs","oldUri":"ROOT/old.rs","options":{"ignoreIfExists":false,"overwrite":false}}
          {"edits":[{"newText":"Z\n","range":{"end":{"character":0,"line":1},"start":{"character":0,"line":0}}}],"textDocument":{"uri":"ROOT/z.rs","version":null}}
          null null
    "#]].assert_eq(&client.describe(&request));
    client.answer_edit(&request, json!({"applied": true})).await;
    // As VS Code does it: open files by and by, the others on disk.
    client.change(&uri, 2, [1, 0, 1, 3], "TWO").await;
    client.change(&uri, 3, [6, 0, 6, 5], "SEVEN").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ws = client.root();
    std::fs::remove_file(ws.join("gone.rs")).unwrap();
    client.write("new/b.rs", "new\n");
    std::fs::rename(ws.join("old.rs"), ws.join("renamed.rs")).unwrap();
    client.write("z.rs", "Z\n");
    tokio::time::sleep(Duration::from_millis(300)).await;
    client
        .told(expect![[r#"
        ROOT/a.rs version 3
        message 3 6 changes of codex applied in 5 files.
        ROOT/gone.rs version null
        ROOT/old.rs version null
        ROOT/z.rs version null
    "#]])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn an_editor_that_cannot_do_all_of_it_does_nothing() {
    let (mut client, _) = TestClient::with_file(text_only(), OLD).await;
    client.write("gone.rs", "gone\n");
    client.write("old.rs", "old\n");
    client.write("z.rs", "z\n");
    client.recalls(proposal("abcdefgh", everything()), &[]);
    let answer = client.command("apply", json!({"id": "abcdefgh"})).await;
    expect!["This editor cannot delete files, as is needed for gone.rs; nothing was changed. `crosscheck apply abcdefgh` in a terminal applies it."].assert_eq(answer["error"].as_str().unwrap());
    // What it can do is still offered by itself.
    let answer = client
        .command("apply", json!({"id": "abcdefgh", "parts": [1, 6]}))
        .await;
    assert_eq!(answer["applying"], json!([1, 6]));
    client.messages().await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn a_mode_is_left_to_the_terminal() {
    let (mut client, uri) = TestClient::with_file(rich(), OLD).await;
    let mut file = edit("a.rs", OLD, NEW);
    if let FileAction::Edit { executable, .. } = &mut file.action {
        *executable = Some(true);
    }
    client.recalls(proposal("abcdefgh", vec![file]), &[]);
    client
        .told(expect![[r#"
        ROOT/a.rs version 1
          1:0-1:3 4 codex proposes a change here: Shout (1 of 3)
          6:0-6:5 4 codex proposes a change here: Shout (2 of 3)
          0:0-0:3 4 codex proposes to make this file executable: Shout (3 of 3)
    "#]])
        .await;
    let only = client
        .command("apply", json!({"id": "abcdefgh", "parts": [3]}))
        .await;
    expect![
        "No editor can make a.rs executable; `crosscheck apply abcdefgh` in a terminal does it."
    ]
    .assert_eq(only["error"].as_str().unwrap());
    client.messages().await;
    let answer = client.command("apply", json!({"id": "abcdefgh"})).await;
    assert_eq!(
        (&answer["applying"], &answer["left"]),
        (&json!([1, 2]), &json!([3]))
    );
    let request = client.edit_request().await;
    client.change(&uri, 2, [0, 0, 7, 0], NEW).await;
    client.answer_edit(&request, json!({"applied": true})).await;
    client.told(expect![[r#"
        message 2 2 changes of codex applied in 1 file. Left, as no editor can make a.rs executable: `crosscheck apply abcdefgh` in a terminal does it.
        ROOT/a.rs version 2
          0:0-0:3 4 codex proposes to make this file executable: Shout (3 of 3)
    "#]]).await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn a_proposal_follows_a_file_that_is_closed_and_opened() {
    let (mut client, uri) = TestClient::with_proposal(rich()).await;
    client.write("a.rs", &format!("zero\n{OLD}"));
    let document = json!({"textDocument": {"uri": uri}});
    client.notify("textDocument/didClose", document).await;
    client
        .told(expect![[r#"
        ROOT/a.rs version null
          2:0-2:3 4 codex proposes a change here: Shout (1 of 2)
          7:0-7:5 4 codex proposes a change here: Shout (2 of 2)
    "#]])
        .await;
    client.open("a.rs", &format!("minus\nzero\n{OLD}")).await;
    client
        .told(expect![[r#"
        ROOT/a.rs version 1
          3:0-3:3 4 codex proposes a change here: Shout (1 of 2)
          8:0-8:5 4 codex proposes a change here: Shout (2 of 2)
    "#]])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_undo_left_empty_is_filled_again() {
    let (mut client, _) = TestClient::with_file(rich(), OLD).await;
    client.recalls(
        proposal("abcdefgh", vec![create("new/b.rs", "new\n")]),
        &[1],
    );
    // The editor made the file, and undid only the text; Neovim tells of an empty buffer so.
    client.write("new/b.rs", "");
    let uri = client.open("new/b.rs", "\n").await;
    client.messages().await;
    let answer = client.command("apply", json!({"id": "abcdefgh"})).await;
    assert_eq!(answer["applying"], json!([1]));
    let request = client.edit_request().await;
    expect![[r#"
        apply "codex: Shout"
          {"edits":[{"newText":"new\n","range":{"end":{"character":0,"line":1},"start":{"character":0,"line":0}}}],"textDocument":{"uri":"ROOT/new/b.rs","version":1}}
          null null
    "#]].assert_eq(&client.describe(&request));
    client.answer_edit(&request, json!({"applied": true})).await;
    client.change(&uri, 2, [0, 0, 1, 0], "new\n").await;
    client.messages().await;
    let listed = client.command("proposals", Value::Null).await;
    assert_eq!(listed["proposals"], json!([]));
    assert_eq!(client.end().await, ended(1));
}
