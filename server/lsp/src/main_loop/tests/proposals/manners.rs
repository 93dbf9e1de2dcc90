//! Editors' manners: what they say of an edit, and what they do.

#![allow(clippy::unwrap_used)]
use super::*;

#[tokio::test(start_paused = true)]
async fn an_editor_that_lies_is_found_out() {
    let (mut client, _) = TestClient::with_proposal(rich()).await;
    let request = client.apply().await;
    client.answer_edit(&request, json!({"applied": true})).await;
    client.told(expect![[r#""#]]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    client.told(expect![[r#"
        message 2 The editor said that it applied it, but codex's change “Shout” is not in the files. The proposal stays.
    "#]]).await;
    // It can be applied after all.
    let again = client.command("apply", json!({"id": "abcdefgh"})).await;
    assert_eq!(again["applying"], json!([1, 2]));
    client.edit_request().await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn an_editor_may_do_it_after_it_said_so() {
    let (mut client, uri) = TestClient::with_proposal(rich()).await;
    let request = client.apply().await;
    client.answer_edit(&request, json!({"applied": true})).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    // The user types inside of what was just applied.
    client.change(&uri, 2, [1, 0, 1, 3], "TWO").await;
    client.change(&uri, 3, [6, 0, 6, 5], "SEVEN").await;
    client.change(&uri, 4, [1, 3, 1, 3], "!").await;
    client
        .told(expect![[r#"
        ROOT/a.rs version 4
    "#]])
        .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    client.told(expect![[r#""#]]).await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn what_was_applied_in_part_is_told() {
    let (mut client, uri) = TestClient::with_proposal(rich()).await;
    let request = client.apply().await;
    client.change(&uri, 2, [1, 0, 1, 3], "TWO").await;
    client.answer_edit(&request, json!({"applied": true})).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    client.told(expect![[r#"
        ROOT/a.rs version 2
          6:0-6:5 4 codex proposes a change here: Shout (2 of 2)
        message 2 codex's change “Shout” was applied in part only. Not there: change 2 (a.rs). The proposal stays.
    "#]]).await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_and_the_proposal_stays() {
    let (mut client, _) = TestClient::with_proposal(rich()).await;
    let mut told = String::new();
    for refusal in [
        json!({"result": {"applied": false, "failureReason": "document has changed", "failedChange": 0}}),
        json!({"result": {"applied": false}}),
        json!({"error": {"code": -32603, "message": "internal error"}}),
    ] {
        let request = client.apply().await;
        let mut answer = refusal;
        answer["jsonrpc"] = json!("2.0");
        answer["id"] = request["id"].clone();
        client.send(&answer.to_string()).await;
        let shown = client.messages().await.remove(0);
        told.push_str(&client.describe(&shown));
    }
    expect![[r#"
        message 2 codex's change “Shout” was not applied: document has changed. The proposal stays.
        message 2 codex's change “Shout” was not applied: the editor gave no reason. The proposal stays.
        message 2 codex's change “Shout” was not applied: internal error. The proposal stays.
    "#]].assert_eq(&told);
    client.told(expect![[r#""#]]).await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn an_editor_that_never_answers_is_given_up() {
    let (mut client, _) = TestClient::with_file(rich(), OLD).await;
    client.recalls(proposal("abcdefgh", vec![edit("a.rs", OLD, NEW)]), &[]);
    client.command("apply", json!({"id": "abcdefgh"})).await;
    client.messages().await;
    tokio::time::sleep(Duration::from_secs(700)).await;
    client.told(expect![[r#"
        message 2 The editor has not answered whether it applied it. codex's change “Shout” was given up. The proposal stays.
    "#]]).await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn the_user_is_asked_by_the_editor_where_that_is_configured() {
    let (mut client, _) = TestClient::with_file(rich(), OLD).await;
    let mut config = engine::config::Config::default();
    config.fix.confirm = true;
    let loaded = engine::config::Loaded {
        root: client.root(),
        config,
        problems: Vec::new(),
        untrusted: None,
        files: Vec::new(),
    };
    client.engine_tells(engine::Event::Config(Box::new(loaded)));
    client.recalls(proposal("abcdefgh", vec![edit("a.rs", OLD, NEW)]), &[]);
    client
        .told(expect![[r#"
        ROOT/a.rs version 1
          1:0-1:3 4 codex proposes a change here: Shout (1 of 2)
          6:0-6:5 4 codex proposes a change here: Shout (2 of 2)
    "#]])
        .await;
    let request = client.apply().await;
    expect![[r#"
        apply "codex: Shout"
          {"edits":[{"annotationId":"crosscheck","newText":"TWO\n","range":{"end":{"character":0,"line":2},"start":{"character":0,"line":1}}},{"annotationId":"crosscheck","newText":"SEVEN\n","range":{"end":{"character":0,"line":7},"start":{"character":0,"line":6}}}],"textDocument":{"uri":"ROOT/a.rs","version":1}}
          null {"crosscheck":{"label":"codex: Shout","needsConfirmation":true}}
    "#]].assert_eq(&client.describe(&request));
    // Who says no in Neovim makes it answer yes.
    client.answer_edit(&request, json!({"applied": true})).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    client
        .told(expect![[r#"
        message 2 codex's change “Shout” was not applied. The proposal stays.
    "#]])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn what_the_user_typed_in_last_comes_first() {
    let (mut client, first) = TestClient::with_file(rich(), OLD).await;
    client.write("b.rs", OLD);
    client.write("c.rs", OLD);
    let second = client.open("b.rs", OLD).await;
    let files = ["a.rs", "b.rs", "c.rs"].map(|it| edit(it, OLD, NEW));
    client.recalls(proposal("abcdefgh", files.into()), &[]);
    client.messages().await;
    let order = async |client: &mut TestClient, uri: &str, version: i32| {
        client.change(uri, version, [0, 0, 0, 0], "zero\n").await;
        client.command("apply", json!({"id": "abcdefgh"})).await;
        let told = client.messages().await;
        let request = told.iter().find(|it| it["method"] == "workspace/applyEdit");
        let request = request.unwrap();
        client.answer_edit(request, json!({"applied": false})).await;
        client.messages().await;
        let changes = request["params"]["edit"]["documentChanges"].as_array();
        let names = changes.unwrap().iter().map(|it| {
            let uri = it["textDocument"]["uri"].as_str().unwrap();
            uri.rsplit('/').next().unwrap().to_owned()
        });
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        order(&mut client, &first, 2).await,
        ["a.rs", "b.rs", "c.rs"]
    );
    assert_eq!(
        order(&mut client, &second, 2).await,
        ["b.rs", "a.rs", "c.rs"]
    );
    tokio::time::sleep(Duration::from_millis(60)).await;
    client.messages().await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn what_an_editor_does_very_late_is_noticed_all_the_same() {
    let (mut client, uri) = TestClient::with_proposal(rich()).await;
    let request = client.apply().await;
    client.answer_edit(&request, json!({"applied": true})).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    client.told(expect![[r#"
        message 2 The editor said that it applied it, but codex's change “Shout” is not in the files. The proposal stays.
    "#]]).await;
    // Emacs tells of a change when the user pauses.
    client.change(&uri, 2, [1, 0, 1, 3], "TWO").await;
    client.change(&uri, 3, [6, 0, 6, 5], "SEVEN").await;
    client.log.clear();
    client
        .told(expect![[r#"
        ROOT/a.rs version 3
    "#]])
        .await;
    assert_eq!(client.log, ["2 changes of codex applied in 1 file"]);
    assert_eq!(client.end().await, ended(1));
}
