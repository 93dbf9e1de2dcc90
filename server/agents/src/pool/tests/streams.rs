//! Agents that answer by a stream of events: what they ask in it, and streams that break.

use super::http::{classic, hear, http, stage_at};
use super::*;
use crate::question::{Ask, Asker, Question, Reply};
use futures::FutureExt;
use std::collections::VecDeque;
use std::io;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Ends the response without an end of its body.
const CUT: &str = "cut";
/// Goes on when the question has been answered.
const ANSWERED: &str = "answered";
/// Goes on when the question has been put to a person.
const ASKED: &str = "asked";

/// Plays one script, over all connections, in answer to a call and to whoever takes up its stream again.
struct Server {
    script: tokio::sync::Mutex<VecDeque<Value>>,
    /// What was asked of it but messages: the first line and the headers, in lower case.
    others: Mutex<Vec<String>>,
    call: Mutex<Value>,
    answers: watch::Sender<Vec<Value>>,
    asked: watch::Sender<usize>,
}

impl Server {
    /// Steps that are objects are sent, with the call's id in place of `"ID"`.
    async fn start(script: Vec<Value>) -> (String, Arc<Self>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let server = Arc::new(Self {
            script: tokio::sync::Mutex::new(script.into()),
            others: Mutex::default(),
            call: Mutex::default(),
            answers: watch::Sender::default(),
            asked: watch::Sender::default(),
        });
        let shared = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = Arc::clone(&shared);
                // A client that goes away is no concern of the test.
                tokio::spawn(async move { server.talk(stream).await });
            }
        });
        (url, server)
    }

    async fn talk(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        let request = hear(&mut stream).await?;
        let (head, message) = &request;
        if message["method"] == "tools/call" {
            self.call.lock().unwrap().clone_from(&message["id"]);
            return self.play(&mut stream).await;
        }
        if message["method"].is_null() && message["id"].is_string() {
            self.answers.send_modify(|all| all.push(message.clone()));
        }
        if !head.starts_with("post") {
            let resumes = head.contains("\r\nlast-event-id: ");
            self.others.lock().unwrap().push(head.clone());
            if resumes {
                return self.play(&mut stream).await;
            }
        }
        let response = match head.starts_with("post") {
            true => classic(&request, |_| Vec::new()),
            false => http("405 Method Not Allowed", "text/plain", ""),
        };
        stream.write_all(&response).await?;
        stream.shutdown().await
    }

    async fn play(&self, stream: &mut BufReader<TcpStream>) -> io::Result<()> {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await?;
        let mut script = self.script.lock().await;
        while let Some(step) = script.pop_front() {
            match step.as_str() {
                Some(ANSWERED) => {
                    let _ = self
                        .answers
                        .subscribe()
                        .wait_for(|all| !all.is_empty())
                        .await;
                }
                Some(ASKED) => {
                    let _ = self.asked.subscribe().wait_for(|count| *count > 0).await;
                }
                Some(_) => return stream.shutdown().await,
                None => {
                    let id = self.call.lock().unwrap().to_string();
                    let event = format!(
                        "id: {}\nretry: 10\ndata: {}\n\n",
                        script.len(),
                        step.to_string().replace("\"ID\"", &id)
                    );
                    let chunk = format!("{:x}\r\n{event}\r\n", event.len());
                    stream.write_all(chunk.as_bytes()).await?;
                    stream.flush().await?;
                }
            }
        }
        stream.write_all(b"0\r\n\r\n").await?;
        stream.shutdown().await
    }

    fn answers(&self) -> Vec<Value> {
        self.answers.borrow().clone()
    }
}

/// Asks for the colour.
fn question() -> Value {
    let schema = json!({ "type": "object", "properties": { "colour": { "type": "string", "enum": ["red", "blue"] } } });
    let params = json!({ "message": "Which?", "requestedSchema": schema });
    json!({ "jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": params })
}

/// Takes the question back.
fn withdrawal() -> Value {
    let params = json!({ "requestId": "q", "reason": "never mind" });
    json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params })
}

/// Answers the call.
fn answer(text: &str) -> Value {
    let content = json!([{ "type": "text", "text": text }]);
    json!({ "jsonrpc": "2.0", "id": "ID", "result": { "content": content } })
}

pub(super) fn with_asker(mut stage: Stage, asker: Asker) -> Stage {
    stage.pool = stage.pool.clone().with_asker(asker);
    stage
}

#[tokio::test]
async fn a_question_in_the_stream_is_answered_by_a_message_of_its_own() {
    let (url, server) = Server::start(vec![question(), json!(ANSWERED), answer("done")]).await;
    let seen: Arc<Mutex<Vec<Question>>> = Arc::default();
    let asked = Arc::clone(&seen);
    let asker: Asker = Arc::new(move |question| {
        asked.lock().unwrap().push(question);
        let chosen = json!({ "colour": "blue" }).as_object().unwrap().clone();
        async { Reply::Accept(chosen) }.boxed()
    });
    let stage = with_asker(stage_at(&url, limits()), asker);
    assert_eq!(stage.text().await, "done");
    let [question] = &seen.lock().unwrap()[..] else {
        panic!("one question");
    };
    assert_eq!(
        (&*question.message, &*question.agent, question.run),
        ("Which?", "fake", Some(1))
    );
    assert!(matches!(&question.ask, Ask::Form(fields) if fields.len() == 1));
    let expected = json!({ "action": "accept", "content": { "colour": "blue" } });
    assert_eq!(server.answers()[0]["result"], expected);
}

#[tokio::test]
async fn a_question_that_is_taken_back_is_no_more_and_the_call_goes_on() {
    // At once, and after it was put to a person.
    let quick = vec![question(), withdrawal(), json!(ANSWERED), answer("done")];
    let mut slow = quick.clone();
    slow.insert(1, json!(ASKED));
    for (script, may_be_unseen) in [(quick, true), (slow, false)] {
        let (url, server) = Server::start(script).await;
        let (shown, shared) = (Arc::new(()), Arc::clone(&server));
        let kept = Arc::downgrade(&shown);
        let asker: Asker = Arc::new(move |_| {
            shared.asked.send_modify(|count| *count += 1);
            let shown = Arc::clone(&shown);
            async move {
                let _shown = shown;
                std::future::pending().await
            }
            .boxed()
        });
        let stage = with_asker(stage_at(&url, limits()), asker);
        assert_eq!(stage.text().await, "done");
        assert!(may_be_unseen || *server.asked.borrow() == 1);
        assert_eq!(kept.strong_count(), 1, "the question is still shown");
        assert_ne!(server.answers()[0]["result"]["action"], "accept");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_taken_up_where_it_ended() {
    let progress = |step: u32| {
        let params = json!({ "progressToken": "ID", "progress": step });
        json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params })
    };
    let script = vec![
        progress(1),
        json!(CUT),
        progress(2),
        json!(CUT),
        answer("whole"),
    ];
    let (url, server) = Server::start(script).await;
    assert_eq!(stage_at(&url, limits()).text().await, "whole");
    let others = server.others.lock().unwrap();
    let resumed: Vec<&str> = others
        .iter()
        .flat_map(|head| head.lines())
        .filter_map(|line| line.strip_prefix("last-event-id: "))
        .collect();
    assert_eq!(resumed, ["4", "2"], "{others:?}");
    assert!(
        others
            .iter()
            .all(|head| head.contains("authorization: bearer hush"))
    );
}

#[tokio::test]
async fn a_server_without_a_stream_of_its_own_is_asked_for_it_at_most_once() {
    let (url, server) = Server::start(vec![answer("done")]).await;
    assert_eq!(stage_at(&url, limits()).text().await, "done");
    assert!(server.others.lock().unwrap().len() <= 1);
}
