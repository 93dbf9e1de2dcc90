//! Questions of agents: what the user sees of them, and what is made of the answers.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]
use super::*;
use engine::{Approval, Ask, Field, Question, QuestionId};

/// A client that is ready, and whose screen is empty.
async fn ready() -> TestClient {
    TestClient::ready(json!({})).await
}

fn command(command: &str) -> Ask {
    Ask::Approval(Approval {
        command: Some(command.to_owned()),
        ..Approval::default()
    })
}

fn form() -> Ask {
    let field = |name: &str, titles: [&str; 2]| Field {
        name: name.to_owned(),
        title: format!("Which {name}?"),
        choices: titles.map(|it| (json!(it.len()), it.to_owned())).into(),
        default: None,
    };
    Ask::Form(vec![
        field("colour", ["red", "green"]),
        field("size", ["small", "large!"]),
    ])
}

fn page() -> Ask {
    Ask::Url("https://example.com/login?state=1".to_owned())
}

impl TestClient {
    fn tell(&self, event: engine::Event) {
        self.events.send(Event::Engine(event)).unwrap();
    }

    fn asks(&self, id: u64, root: &str, run: Option<engine::RunId>, ask: Ask) {
        let question = Question {
            id: QuestionId(id),
            root: self.dir.path().join(root).canonicalize().unwrap(),
            agent: "codex".to_owned(),
            run,
            message: "Please".to_owned(),
            ask,
            deadline: Duration::from_secs(120),
        };
        self.tell(engine::Event::Question(Box::new(question)));
    }

    fn asks_to_run(&self, id: u64, it: &str) {
        self.asks(id, "ws", None, command(it));
    }

    fn closes(&self, id: u64) {
        self.tell(engine::Event::QuestionClosed {
            id: QuestionId(id),
            unanswered: None,
        });
    }

    /// The id of the request for a prompt that says this.
    async fn prompt(&mut self, text: &str) -> i64 {
        let shown = self.receive().await;
        assert_eq!(shown["method"], "window/showMessageRequest", "{shown}");
        let message = shown["params"]["message"].as_str().unwrap();
        assert!(message.contains(text), "{message}");
        shown["id"].as_i64().unwrap()
    }

    async fn answer(&mut self, request: i64, result: Value) {
        self.send(&json!({"jsonrpc": "2.0", "id": request, "result": result}).to_string())
            .await;
    }

    async fn choose(&mut self, request: i64, title: &str) {
        self.answer(request, json!({"title": title})).await;
    }

    async fn withdrawn(&mut self, request: i64) {
        let told = self.receive().await;
        assert_eq!(
            (&told["method"], &told["params"]["id"]),
            (&json!("$/cancelRequest"), &json!(request))
        );
    }

    /// What was made of the questions so far. Nothing else may have been said meanwhile.
    async fn record(&mut self) -> Vec<String> {
        self.barrier().await;
        std::mem::take(&mut self.log)
    }

    /// The same when it is exactly this.
    async fn recorded(&mut self, expected: &[&str]) {
        assert_eq!(self.record().await, expected);
    }
}

#[tokio::test]
async fn the_user_answers() {
    let mut client = ready().await;
    for (id, answer, record) in [
        (1, json!({"title": "Allow"}), "allowed"),
        (2, json!({"title": "Deny"}), "denied, the user said no"),
        (3, Value::Null, "denied, the user dismissed the question"),
        (
            4,
            json!({"title": "Allow for this run"}),
            "denied, the user dismissed the question",
        ),
        (
            5,
            json!({"name": "Allow"}),
            "denied, the user dismissed the question",
        ),
    ] {
        client.asks_to_run(id, "cargo check");
        let request = client.prompt("codex wants to run:\n`cargo check`").await;
        client.answer(request, answer).await;
        client.closes(id);
        client
            .recorded(&[&format!("codex wants to run `cargo check`: {record}")])
            .await;
    }
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_run_that_asks_says_that_it_waits() {
    let mut client = TestClient::ready(json!({"window": {"workDoneProgress": true}})).await;
    let uri = client.open("a.rs", "").await;
    let review =
        json!({"command": "crosscheck.review", "arguments": [{"uri": uri, "scope": "file"}]});
    let create = {
        client.last_id += 1;
        let request = json!({"jsonrpc": "2.0", "id": client.last_id, "method": "workspace/executeCommand", "params": review});
        client.send(&request.to_string()).await;
        client.receive().await
    };
    assert_eq!(create["method"], "window/workDoneProgress/create");
    let run = client.receive().await["result"]["run"].as_u64().unwrap();
    client
        .answer(create["id"].as_i64().unwrap(), Value::Null)
        .await;
    let progress = |message: &Value| message["params"]["value"]["message"].clone();
    assert_eq!(progress(&client.receive().await), "reviewing a.rs");
    client.asks(1, "ws", Some(engine::RunId(run)), command("ls"));
    let waits = "waiting for your answer: codex wants to run `ls`";
    assert_eq!(progress(&client.receive().await), waits);
    let request = client.prompt("`ls`").await;
    client.choose(request, "Allow for this run").await;
    assert_eq!(progress(&client.receive().await), "reviewing a.rs");
    client
        .recorded(&["codex wants to run `ls`: allowed for this run"])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_client_that_cannot_ask_denies_and_says_what_to_set() {
    let mut client = ready().await;
    client.asks_to_run(1, "ls");
    let request = client.prompt("`ls`").await;
    let error = json!({"code": -32601, "message": "no such method"});
    client
        .send(&json!({"jsonrpc": "2.0", "id": request, "error": error}).to_string())
        .await;
    let shown = client.receive().await;
    assert_eq!(shown["method"], "window/showMessage");
    assert_eq!(
        shown["params"]["message"],
        "codex wants to run `ls`, and was denied: this editor could not ask you (no such method). \
         Say in the setting `approve` what codex may do without being asked."
    );
    client
        .recorded(&["codex wants to run `ls`: denied, the editor could not ask the user"])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn one_question_is_shown_at_a_time() {
    let mut client = ready().await;
    client.asks_to_run(1, "one");
    client.asks_to_run(2, "two");
    client.asks_to_run(3, "three");
    let first = client.prompt("`one`").await;
    client.barrier().await;
    client.closes(2);
    client.barrier().await;
    client.choose(first, "Allow").await;
    let third = client.prompt("`three`").await;
    client.choose(third, "Deny").await;
    client
        .recorded(&[
            "codex wants to run `one`: allowed",
            "codex wants to run `three`: denied, the user said no",
        ])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn too_many_questions_are_denied() {
    let mut client = ready().await;
    for id in 0..40 {
        client.asks_to_run(id, &format!("c{id}"));
    }
    client.prompt("`c0`").await;
    let denied = (33..40).map(|it| {
        format!("codex wants to run `c{it}`: denied, too many questions wait for the user")
    });
    assert_eq!(client.record().await, denied.collect::<Vec<_>>());
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_question_closed_on_the_screen_makes_room_when_the_client_took_it_away() {
    let mut client = ready().await;
    client.asks_to_run(1, "one");
    client.asks_to_run(2, "two");
    let first = client.prompt("`one`").await;
    client.closes(1);
    client.withdrawn(first).await;
    client.answer(first, Value::Null).await;
    let second = client.prompt("`two`").await;
    client.choose(second, "Allow").await;
    client
        .recorded(&["codex wants to run `two`: allowed"])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_late_answer_is_nobodys() {
    let mut client = ready().await;
    client.asks_to_run(1, "one");
    client.asks_to_run(2, "two");
    let first = client.prompt("`one`").await;
    client.closes(1);
    client.withdrawn(first).await;
    // The client says nothing to that, so the next is shown anyway.
    let second = client.prompt("`two`").await;
    client.choose(first, "Allow").await;
    client
        .recorded(&["an answer came too late: nobody waits for it any more"])
        .await;
    client.choose(second, "Deny").await;
    client.choose(second, "Allow").await;
    client
        .recorded(&["codex wants to run `two`: denied, the user said no"])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_form_is_asked_field_by_field() {
    let mut client = ready().await;
    client.asks(1, "ws", None, form());
    client.asks(2, "ws", None, form());
    for id in [1, 2] {
        let colour = client.prompt("Which colour? (1 of 2)").await;
        client.choose(colour, "green").await;
        let size = client.prompt("Which size? (2 of 2)").await;
        let title = if id == 1 { "large!" } else { "Cancel" };
        client.choose(size, title).await;
    }
    client
        .recorded(&[
            r#"codex asks: Please: accepted with {"colour":5,"size":6}"#,
            "codex asks: Please: denied, the user said no",
        ])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_page_is_opened_by_the_client() {
    let mut client =
        TestClient::ready(json!({"window": {"showDocument": {"support": true}}})).await;
    client.asks(1, "ws", None, page());
    let request = client
        .prompt("codex asks to open https://example.com/…")
        .await;
    client.choose(request, "Open in browser").await;
    let opened = client.receive().await;
    assert_eq!(opened["method"], "window/showDocument");
    assert_eq!(
        opened["params"],
        json!({"uri": "https://example.com/login?state=1", "external": true, "takeFocus": true})
    );
    client
        .answer(opened["id"].as_i64().unwrap(), json!({"success": true}))
        .await;
    client
        .recorded(&["codex asks to open https://example.com/…: accepted"])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_page_that_the_client_does_not_open_is_shown_for_copying() {
    for can_open in [false, true] {
        let capabilities = json!({"window": {"showDocument": {"support": can_open}}});
        let mut client = TestClient::ready(capabilities).await;
        client.asks(1, "ws", None, page());
        let request = client.prompt("https://example.com/…").await;
        client.choose(request, "Open in browser").await;
        if can_open {
            let opened = client.receive().await["id"].as_i64().unwrap();
            client.answer(opened, json!({"success": false})).await;
        }
        let shown = client.receive().await;
        let text = "Open this page in a browser, so that codex can go on: https://example.com/login?state=1";
        assert_eq!(shown["params"]["message"], text);
        client
            .recorded(&["codex asks to open https://example.com/…: accepted"])
            .await;
        assert_eq!(client.end().await, ended(1));
    }
}

#[tokio::test]
async fn what_cannot_be_put_to_anybody_is_denied() {
    let mut client = ready().await;
    client.asks(1, "ws", None, Ask::Form(Vec::new()));
    client.asks(2, "ws", None, Ask::Url("file:///etc/passwd".to_owned()));
    client
        .recorded(&[
            "codex asks: Please: denied, the form asks for nothing",
            "codex asks to open file:///…: denied, only pages of the web can be opened",
        ])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_folder_that_is_closed_takes_its_questions_with_it() {
    let mut client = ready().await;
    std::fs::create_dir(client.dir.path().join("other")).unwrap();
    let other = crate::uri::from_path(&client.dir.path().join("other").canonicalize().unwrap());
    let folder = json!({"uri": other, "name": "other"});
    let change = json!({"event": {"added": [folder], "removed": []}});
    client
        .notify("workspace/didChangeWorkspaceFolders", change)
        .await;
    client.barrier().await;
    client.asks(1, "other", None, command("there"));
    client.asks(2, "ws", None, command("here"));
    client.asks(3, "other", None, command("there, too"));
    let there = client.prompt("`there`").await;
    let change = json!({"event": {"added": [], "removed": [folder]}});
    client
        .notify("workspace/didChangeWorkspaceFolders", change)
        .await;
    client.withdrawn(there).await;
    client.answer(there, Value::Null).await;
    let here = client.prompt("`here`").await;
    client.asks(4, "other", None, command("too late"));
    client.choose(here, "Allow").await;
    client
        .recorded(&["codex wants to run `here`: allowed"])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn shutdown_does_not_wait_for_the_user() {
    let mut client = ready().await;
    client.asks_to_run(1, "one");
    client.asks_to_run(2, "two");
    let first = client.prompt("`one`").await;
    client.last_id += 1;
    client
        .send(&json!({"jsonrpc": "2.0", "id": client.last_id, "method": "shutdown"}).to_string())
        .await;
    client.withdrawn(first).await;
    assert_eq!(client.receive().await["result"], Value::Null);
    client.asks_to_run(3, "three");
    client.choose(first, "Allow").await;
    client.notify("exit", Value::Null).await;
    assert_eq!(client.end().await, ended(0));
}

/// What an editor declares that shows messages with buttons.
fn asking() -> Value {
    json!({"window": {"showMessage": {}}})
}

impl TestClient {
    /// A finding `codex-teh` in `src/a.rs`, on the screen.
    async fn with_finding(capabilities: Value) -> Self {
        let mut client = Self::ready(capabilities).await;
        client.open("src/a.rs", "teh cat\n").await;
        client.agent_says("src/a.rs", "teh cat\n", Some(1), &[("teh", "the")]);
        assert_eq!(client.shown().await, 1);
        client
    }

    /// The number of diagnostics that are shown now.
    async fn shown(&mut self) -> usize {
        let shown = self.receive().await;
        let diagnostics = shown["params"]["diagnostics"].as_array();
        diagnostics.expect("diagnostics").len()
    }

    /// Asks to be asked; returns the request for the first prompt.
    async fn dismisses(&mut self, text: &str) -> i64 {
        self.sends_dismissal().await;
        let request = self.prompt(text).await;
        assert_eq!(self.receive().await["result"], json!({"asking": true}));
        request
    }

    async fn sends_dismissal(&mut self) {
        self.last_id += 1;
        let argument = json!({"id": "codex-teh", "ask": true});
        let params = json!({"command": "crosscheck.dismiss", "arguments": [argument]});
        let request = json!({"jsonrpc": "2.0", "id": self.last_id, "method": "workspace/executeCommand", "params": params});
        self.send(&request.to_string()).await;
    }
}

#[tokio::test]
async fn the_user_says_how_a_finding_is_dismissed() {
    let mut client = TestClient::with_finding(asking()).await;
    let reach = client.dismisses("(src/a.rs): how far?").await;
    client.choose(reach, "This kind in src/").await;
    let why = client
        .prompt("dismissed for everything of this kind in this directory?")
        .await;
    client.choose(why, "It is meant to be so").await;
    assert_eq!(client.shown().await, 0);
    client
        .recorded(&["“`teh` should be `the`” is dismissed for everything of this kind in this directory (intended)"])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn a_prompt_that_is_closed_dismisses_nothing() {
    let stays = "“`teh` should be `the`” stays: the question was closed";
    let mut client = TestClient::with_finding(asking()).await;
    let reach = client.dismisses("how far?").await;
    client.answer(reach, Value::Null).await;
    client.recorded(&[stays]).await;
    // Also the second one.
    let reach = client.dismisses("how far?").await;
    client.choose(reach, "Here").await;
    let why = client.prompt("dismissed here?").await;
    client.choose(why, "Cancel").await;
    client.recorded(&[stays]).await;
    // Asking again takes back what was asked before; its answer is nobody's.
    let first = client.dismisses("how far?").await;
    client.sends_dismissal().await;
    client.withdrawn(first).await;
    assert_eq!(client.receive().await["result"], json!({"asking": true}));
    client.choose(first, "Here").await;
    let second = client.prompt("how far?").await;
    client.choose(second, "Cancel").await;
    client
        .recorded(&[
            "an answer came too late: nobody waits for it any more",
            stays,
        ])
        .await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_nobody_answers_is_taken_back() {
    let mut client = TestClient::with_finding(asking()).await;
    let reach = client.dismisses("how far?").await;
    tokio::time::sleep(Duration::from_secs(121)).await;
    let told = client.receive().await;
    assert_eq!(told["method"], "window/showMessage");
    expect_test::expect![
        "“`teh` should be `the`” stays: nobody said within 120 seconds how it is to be dismissed."
    ]
    .assert_eq(told["params"]["message"].as_str().unwrap());
    client.withdrawn(reach).await;
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn an_agents_question_is_answered_first() {
    let mut client = TestClient::with_finding(asking()).await;
    client.asks_to_run(1, "one");
    client.asks_to_run(2, "two");
    let one = client.prompt("`one`").await;
    client.sends_dismissal().await;
    assert_eq!(client.receive().await["method"], "window/showMessage");
    assert_eq!(client.receive().await["result"], json!({"asking": true}));
    client.choose(one, "Allow").await;
    // Before what else waits.
    let reach = client.prompt("how far?").await;
    client.choose(reach, "Cancel").await;
    let two = client.prompt("`two`").await;
    client.choose(two, "Deny").await;
    assert_eq!(client.record().await.len(), 3);
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test]
async fn an_editor_that_cannot_ask_is_not_offered_it_again() {
    let mut client = TestClient::with_finding(asking()).await;
    let request = client.dismisses("how far?").await;
    let error = json!({"code": -32601, "message": "no such method"});
    let answer = json!({"jsonrpc": "2.0", "id": request, "error": error});
    client.send(&answer.to_string()).await;
    assert_eq!(client.receive().await["method"], "window/showMessage");
    client.sends_dismissal().await;
    assert_eq!(client.receive().await["method"], "window/showMessage");
    let refused = client.receive().await;
    assert!(
        refused["result"]["error"]
            .as_str()
            .unwrap()
            .contains("cannot ask"),
        "{refused}"
    );
    assert_eq!(client.end().await, ended(1));
}
