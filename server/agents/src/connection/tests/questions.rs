//! Questions of a server that the test plays, answered by an asker that the test plays, too.

use super::*;
use crate::question::{ApprovalSpec, Ask, Asker, Asking, Question, Reply};
use futures::FutureExt;
use tokio::sync::oneshot;

/// The person, played by the test.
struct Person {
    questions: UnboundedReceiver<Asked>,
}

/// A question on the table.
struct Asked {
    question: Question,
    reply: oneshot::Sender<Reply>,
}

impl Person {
    async fn next(&mut self) -> Asked {
        let next = timeout(LIMIT, self.questions.recv()).await;
        next.expect("nothing is asked").unwrap()
    }

    /// Nothing has been asked up to now.
    fn is_idle(&mut self) -> bool {
        self.questions.try_recv().is_err()
    }
}

impl Asked {
    fn answer(self, reply: Reply) {
        self.reply.send(reply).expect("the question was withdrawn");
    }

    async fn withdrawn(mut self) {
        timeout(LIMIT, self.reply.closed())
            .await
            .expect("the question stands");
    }
}

fn person() -> (Asker, Person) {
    let (sender, questions) = unbounded_channel();
    let asker: Asker = Arc::new(move |question| {
        let (reply, answer) = oneshot::channel();
        let _ = sender.send(Asked { question, reply });
        async move {
            answer
                .await
                .unwrap_or(Reply::Deny("the test is over".into()))
        }
        .boxed()
    });
    (asker, Person { questions })
}

fn asking(asker: Option<Asker>, approval: Option<ApprovalSpec>) -> Asking {
    Asking {
        agent: "fake".into(),
        root: "/home".into(),
        approval,
        asker,
    }
}

fn streams_with(asking: Asking) -> Streams {
    streams_of(MESSAGE, |calls| calls.with_asking(asking))
}

async fn asked_stage() -> (Stage, Person) {
    let (asker, person) = person();
    (
        greeted(streams_with(asking(Some(asker), None))).await,
        person,
    )
}

/// A call of this run from this root.
fn call_of(
    connection: &Arc<Connection>,
    run: u64,
    root: &str,
) -> JoinHandle<Result<Reading, Failure>> {
    let connection = Arc::clone(connection);
    let call = crate::Call {
        agent: "fake".into(),
        operation: crate::Operation::Review,
        root: root.into(),
        run,
        variables: Value::Null,
        cancel: tokio_util::sync::CancellationToken::new(),
        progress: unbounded_channel().0,
    };
    tokio::spawn(async move {
        let listener = Arc::new(Listener::of(&call));
        connection
            .call_tool("review", Map::new(), &call.root, &listener)
            .await
    })
}

impl Server {
    async fn question(&mut self, id: &str, params: Value) {
        self.send(
            json!({ "jsonrpc": "2.0", "id": id, "method": "elicitation/create", "params": params }),
        )
        .await;
    }

    /// The next message, which must be the result of this question.
    async fn result(&mut self, id: &str) -> Value {
        let message = self.next().await;
        assert_eq!(message["id"], id, "{message}");
        message["result"].clone()
    }
}

/// An approval of the contract.
fn approval(command: &str, token: &Value) -> Value {
    json!({ "message": "May I?", "mode": "form",
        "requestedSchema": { "type": "object", "required": ["decision"], "properties": { "decision": { "type": "string", "enum": ["allow", "allow_for_run", "deny"] } } },
        "_meta": { "crosscheck/approval": { "command": command, "progressToken": token } } })
}

fn command(question: &Question) -> &str {
    match &question.ask {
        Ask::Approval(approval) => approval.command.as_deref().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn decline() -> Value {
    json!({ "action": "decline" })
}

fn allowed() -> Value {
    json!({ "action": "accept", "content": { "decision": "allow" } })
}

#[tokio::test]
async fn two_questions_are_answered_in_any_order_and_belong_to_their_calls() {
    let (
        Stage {
            connection,
            mut server,
            notices,
        },
        mut person,
    ) = asked_stage().await;
    let one = call_of(&connection, 11, "/one");
    let first = server.next().await;
    let two = call_of(&connection, 22, "/two");
    let second = server.next().await;
    let token = |request: &Value| request["params"]["_meta"]["progressToken"].clone();
    server.question("a", approval("ls", &token(&first))).await;
    server
        .question("b", approval("rm x", &token(&second)))
        .await;
    server.question("c", json!({ "message": "Whose?" })).await;
    let mut asked = [
        person.next().await,
        person.next().await,
        person.next().await,
    ];
    asked.sort_by_key(|asked| asked.question.run);
    let [whose, ls, rm] = asked;
    assert_eq!(
        (
            ls.question.run,
            ls.question.root.as_path(),
            command(&ls.question)
        ),
        (Some(11), Path::new("/one"), "ls")
    );
    assert_eq!(
        (
            rm.question.run,
            rm.question.root.as_path(),
            command(&rm.question)
        ),
        (Some(22), Path::new("/two"), "rm x")
    );
    assert_eq!(
        (whose.question.run, whose.question.root.as_path()),
        (None, Path::new("/two"))
    );
    assert_eq!(whose.question.agent, "fake");
    rm.answer(Reply::AllowForRun);
    assert_eq!(
        server.result("b").await,
        json!({ "action": "accept", "content": { "decision": "allow_for_run" } })
    );
    ls.answer(Reply::Allow);
    assert_eq!(server.result("a").await, allowed());
    whose.answer(Reply::Deny("no".into()));
    assert_eq!(server.result("c").await, decline());
    server.answer(&second["id"], "2").await;
    server.answer(&first["id"], "1").await;
    assert_eq!((text(one).await, text(two).await), ("1".into(), "2".into()));
    assert!(
        notices.lock().unwrap().is_empty(),
        "who was asked needs no notice"
    );
}

#[tokio::test]
async fn the_only_call_is_the_one_that_asks_unless_another_was_given_up() {
    let (
        Stage {
            connection,
            mut server,
            ..
        },
        mut person,
    ) = asked_stage().await;
    server
        .question("before", json!({ "message": "Any?" }))
        .await;
    let asked = person.next().await;
    assert_eq!(
        (asked.question.run, asked.question.root.as_path()),
        (None, Path::new("/home"))
    );
    asked.answer(Reply::Allow);
    server.result("before").await;

    let given_up = call_of(&connection, 1, "/one");
    server.expect("tools/call").await;
    server.question("sure", json!({ "message": "Only?" })).await;
    let asked = person.next().await;
    assert_eq!(asked.question.run, Some(1));
    given_up.abort();
    asked.withdrawn().await;
    let mut seen = [server.next().await, server.next().await];
    seen.sort_by_key(|message| message.get("method").is_some());
    assert_eq!(seen[0]["result"], decline());
    assert_eq!(seen[1]["method"], "notifications/cancelled");

    let running = call_of(&connection, 2, "/two");
    let id = server.expect("tools/call").await;
    server
        .question("unsure", json!({ "message": "Which?" }))
        .await;
    let asked = person.next().await;
    assert_eq!(
        (asked.question.run, asked.question.root.as_path()),
        (None, Path::new("/two"))
    );
    asked.answer(Reply::Allow);
    assert_eq!(
        server.result("unsure").await,
        json!({ "action": "accept", "content": {} })
    );
    server.answer(&id, "done").await;
    assert_eq!(text(running).await, "done");
    server
        .question("after", json!({ "message": "More?" }))
        .await;
    assert_eq!(person.next().await.question.root, Path::new("/two"));
}

#[tokio::test]
async fn a_question_ends_with_its_call() {
    let (
        Stage {
            connection,
            mut server,
            ..
        },
        mut person,
    ) = asked_stage().await;
    let running = call_of(&connection, 1, "/w");
    let request = server.next().await;
    let token = &request["params"]["_meta"]["progressToken"];
    server.question("q", approval("ls", token)).await;
    let asked = person.next().await;
    server.answer(&request["id"], "never mind").await;
    assert_eq!(text(running).await, "never mind");
    asked.withdrawn().await;
    assert_eq!(server.result("q").await, decline());
    // Nobody is asked about a call that is over.
    server.question("late", approval("ls", token)).await;
    assert_eq!(server.result("late").await, decline());
    assert!(person.is_idle());
}

#[tokio::test]
async fn a_question_that_is_taken_back_is_withdrawn() {
    let (
        Stage {
            connection,
            mut server,
            ..
        },
        mut person,
    ) = asked_stage().await;
    let running = call_of(&connection, 1, "/w");
    let id = server.expect("tools/call").await;
    let back = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": "q" } });
    server.question("q", json!({ "message": "Sure?" })).await;
    let asked = person.next().await;
    server.send(back.clone()).await;
    asked.withdrawn().await;
    assert_eq!(server.result("q").await, decline());
    // In one breath.
    server.question("q", json!({ "message": "Sure?" })).await;
    server.send(back).await;
    assert_eq!(server.result("q").await, decline());
    server.answer(&id, "done").await;
    assert_eq!(text(running).await, "done");
}

#[tokio::test]
async fn the_end_of_the_connection_answers_what_is_open() {
    let (
        Stage {
            connection,
            mut server,
            ..
        },
        mut person,
    ) = asked_stage().await;
    let running = call_of(&connection, 1, "/w");
    server.expect("tools/call").await;
    server.question("q", json!({ "message": "Sure?" })).await;
    let asked = person.next().await;
    connection.end("it was restarted", STEPS);
    asked.withdrawn().await;
    assert_eq!(server.result("q").await, decline());
    assert_eq!(
        end(running).await,
        Err(Failure::Gone("it was restarted".into()))
    );
    assert_eq!(
        timeout(LIMIT, server.lines.next_line())
            .await
            .unwrap()
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn the_end_of_the_stream_withdraws_what_is_open() {
    let (
        Stage {
            connection,
            mut server,
            ..
        },
        mut person,
    ) = asked_stage().await;
    let running = call_of(&connection, 1, "/w");
    server.expect("tools/call").await;
    server.question("q", json!({ "message": "Sure?" })).await;
    let asked = person.next().await;
    drop(server);
    asked.withdrawn().await;
    assert!(matches!(end(running).await, Err(Failure::Gone(_))));
}

#[tokio::test]
async fn an_asker_that_fails_is_no_answer_left_out() {
    let askers: [Asker; 2] = [
        Arc::new(|_| panic!("at once")),
        Arc::new(|_| async { panic!("in the end") }.boxed()),
    ];
    for asker in askers {
        let mut stage = greeted(streams_with(asking(Some(asker), None))).await;
        let question = stage
            .server
            .ask("elicitation/create", json!({ "message": "Sure?" }))
            .await;
        assert_eq!(question["result"], decline());
        assert_eq!(
            *stage.notices.lock().unwrap(),
            [
                "asked “Sure?” and could not be answered because of a bug in Crosscheck, so it was told no"
            ]
        );
    }
}

#[tokio::test]
async fn no_more_than_so_many_questions_at_once() {
    let (
        Stage {
            connection,
            mut server,
            notices,
        },
        mut person,
    ) = asked_stage().await;
    let running = call_of(&connection, 1, "/w");
    let id = server.expect("tools/call").await;
    for number in 0..16 {
        server
            .question(&format!("q{number}"), json!({ "message": "Sure?" }))
            .await;
    }
    let mut asked = Vec::new();
    for _ in 0..16 {
        asked.push(person.next().await);
    }
    server.question("more", json!({ "message": "Sure?" })).await;
    assert_eq!(server.result("more").await, decline());
    assert_eq!(
        *notices.lock().unwrap(),
        ["asks more than 16 questions at once; the rest was told no"]
    );
    asked
        .into_iter()
        .for_each(|asked| asked.answer(Reply::Allow));
    for _ in 0..16 {
        assert_eq!(server.next().await["result"]["action"], "accept");
    }
    server.answer(&id, "done").await;
    assert_eq!(text(running).await, "done");
}

#[tokio::test]
async fn no_more_than_so_many_questions_in_one_call() {
    let yes: Asker = Arc::new(|_| async { Reply::Allow }.boxed());
    let Stage {
        connection,
        mut server,
        notices,
    } = greeted(streams_with(asking(Some(yes), None))).await;
    let running = call_of(&connection, 1, "/w");
    let id = server.expect("tools/call").await;
    for number in 0..=100 {
        let answer = server
            .ask("elicitation/create", json!({ "message": "Sure?" }))
            .await;
        let expected = if number < 100 { "accept" } else { "decline" };
        assert_eq!(answer["result"]["action"], expected, "question {number}");
    }
    assert_eq!(
        *notices.lock().unwrap(),
        ["asks more than 100 questions; the rest was told no"]
    );
    server.answer(&id, "done").await;
    assert_eq!(text(running).await, "done");
}

#[tokio::test]
async fn what_cannot_be_asked_is_declined_and_told() {
    let (mut stage, mut person) = asked_stage().await;
    let params = json!({ "message": "Who?", "requestedSchema": { "properties": { "name": { "type": "string" } }, "required": ["name"] } });
    assert_eq!(
        stage.server.ask("elicitation/create", params).await["result"],
        decline()
    );
    assert!(person.is_idle());
    assert_eq!(
        *stage.notices.lock().unwrap(),
        [
            "asked something and was told no: it wants a text for `name`, which only a choice could give here"
        ]
    );
}

#[tokio::test]
async fn an_agent_with_its_own_replies_gets_them_in_every_case() {
    let spec: ApprovalSpec = serde_json::from_value(json!({
        "command": "/codex_command", "call": "/codex_mcp_tool_call_id",
        "replies": { "allow": { "action": "accept", "content": {}, "decision": "approved" },
            "deny": { "action": "decline", "decision": { "denied": { "rejection": "{{ reason }}" } } } },
    })).unwrap();
    let (asker, mut person) = person();
    let Stage {
        connection,
        mut server,
        ..
    } = greeted(streams_with(asking(Some(asker), Some(spec)))).await;
    let running = call_of(&connection, 5, "/w");
    let first = server.next().await;
    let other = call_of(&connection, 6, "/w");
    let second = server.next().await;
    let question = |id: &Value| {
        json!({ "message": "Allow Codex?", "requestedSchema": { "type": "object", "properties": {} },
        "codex_command": ["/bin/bash", "-lc", "ls | wc"], "codex_mcp_tool_call_id": id.to_string() })
    };
    for (request, run) in [(&second, 6), (&first, 5)] {
        server.question("q", question(&request["id"])).await;
        let asked = person.next().await;
        assert_eq!(asked.question.run, Some(run));
        assert_eq!(command(&asked.question), "ls | wc");
        asked.answer(Reply::Allow);
        assert_eq!(server.result("q").await["decision"], "approved");
    }
    server.question("q", question(&first["id"])).await;
    person
        .next()
        .await
        .answer(Reply::Deny("too dangerous".into()));
    assert_eq!(
        server.result("q").await,
        json!({ "action": "decline", "decision": { "denied": { "rejection": "too dangerous" } } })
    );
    // A cancelled call must not hang on its question.
    server.question("q", question(&first["id"])).await;
    let asked = person.next().await;
    running.abort();
    other.abort();
    asked.withdrawn().await;
    let mut results = Vec::new();
    for _ in 0..3 {
        results.extend(server.next().await.get("result").cloned());
    }
    assert_eq!(
        results,
        [
            json!({ "action": "decline", "decision": { "denied": { "rejection": "the call has ended" } } })
        ]
    );
}

#[tokio::test]
async fn inputs_of_the_later_era_take_the_same_path() {
    let (asker, mut person) = person();
    let Stage {
        connection,
        mut server,
        notices,
    } = found(Era::Discover, streams_with(asking(Some(asker), None))).await;
    let running = call_of(&connection, 33, "/w");
    let mut id = server.expect("tools/call").await;
    // More rounds than there may be without a person.
    for round in 0..12 {
        let requests = json!({
            "one": { "method": "elicitation/create", "params": approval(&format!("ls {round}"), &json!("unknown")) },
            "two": { "method": "elicitation/create", "params": { "message": "Which?", "requestedSchema": { "properties": { "it": { "enum": ["a", "b"] } } } } },
            "roots": { "method": "roots/list" },
        });
        server.send(json!({ "id": id, "result": { "resultType": "input_required", "inputRequests": requests, "requestState": "s" } })).await;
        let mut asked = [person.next().await, person.next().await];
        asked.sort_by_key(|asked| matches!(asked.question.ask, Ask::Form(_)));
        let [one, two] = asked;
        assert_eq!(
            (one.question.run, command(&one.question)),
            (Some(33), format!("ls {round}").as_str())
        );
        assert_eq!(two.question.run, Some(33));
        two.answer(Reply::Accept(Map::from_iter([(
            "it".to_owned(),
            json!("b"),
        )])));
        one.answer(Reply::Allow);
        let again = server.next().await;
        let responses = &again["params"]["inputResponses"];
        assert_eq!(responses["one"], allowed());
        assert_eq!(
            responses["two"],
            json!({ "action": "accept", "content": { "it": "b" } })
        );
        assert_eq!(responses["roots"]["roots"][0]["uri"], "file:///w");
        id = again["id"].clone();
    }
    let sampling = json!({ "s": { "method": "sampling/createMessage", "params": {} } });
    server.send(json!({ "id": id, "result": { "resultType": "input_required", "inputRequests": sampling } })).await;
    assert_eq!(
        end(running).await,
        Err(Failure::Unusable(
            "it asks for input that it cannot get: sampling is not supported: Crosscheck has no model of its own".into()
        ))
    );
    assert!(notices.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_call_of_the_later_era_that_is_given_up_withdraws_its_question() {
    let (asker, mut person) = person();
    let Stage {
        connection,
        mut server,
        ..
    } = found(Era::Discover, streams_with(asking(Some(asker), None))).await;
    let running = call_of(&connection, 1, "/w");
    let id = server.expect("tools/call").await;
    let requests =
        json!({ "one": { "method": "elicitation/create", "params": { "message": "Sure?" } } });
    server.send(json!({ "id": id, "result": { "resultType": "input_required", "inputRequests": requests } })).await;
    let asked = person.next().await;
    running.abort();
    asked.withdrawn().await;
    assert!(person.is_idle());
}

#[tokio::test]
async fn hostile_inputs_of_the_later_era_end_the_call() {
    let (asker, mut person) = person();
    let Stage {
        connection,
        mut server,
        ..
    } = found(Era::Discover, streams_with(asking(Some(asker), None))).await;
    let running = call_of(&connection, 1, "/w");
    let id = server.expect("tools/call").await;
    let requests: Map<String, Value> = (0..65)
        .map(|number| (number.to_string(), json!({ "method": "roots/list" })))
        .collect();
    server.send(json!({ "id": id, "result": { "resultType": "input_required", "inputRequests": requests } })).await;
    assert_eq!(
        end(running).await,
        Err(Failure::Unusable(
            "it asks for 65 inputs at once, more than 64".into()
        ))
    );
    assert!(person.is_idle());
}

#[tokio::test]
async fn a_question_before_the_handshake_is_declined() {
    let (mut transport, mut server, ..) = streams(MESSAGE);
    let shaking =
        tokio::spawn(async move { shake_hands(&mut transport, Era::Initialize).await.map(drop) });
    let request = server.next().await;
    assert_eq!(
        request["params"]["capabilities"]["elicitation"],
        json!({ "form": {}, "url": {} })
    );
    assert_eq!(
        server
            .ask("elicitation/create", json!({ "message": "Sure?" }))
            .await["result"],
        decline()
    );
    server
        .send(json!({ "id": request["id"], "result": { "protocolVersion": "2025-11-25" } }))
        .await;
    server.expect("notifications/initialized").await;
    shaking.await.unwrap().unwrap();
}
