//! Questions of a call, as both eras of MCP ask them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{Client, modern};
use crate::contract::approval::Approval;
use crate::server::{
    CallError, Caller, Description, Toolbox, Verdict, contract_tool, serve, structured,
};
use expect_test::{Expect, expect};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde_json::{Value, json};
use std::time::Duration;

/// Asks for approval of one command and answers what came of it.
struct Careful;

impl Toolbox for Careful {
    fn describe(&self) -> Description {
        Description {
            name: "careful",
            title: "Careful".to_owned(),
            instructions: String::new(),
        }
    }
    fn tools(&self) -> Vec<Tool> {
        vec![contract_tool::<crate::contract::AskRequest>("ask", "Asks.")]
    }
    async fn call(
        &self,
        _: &str,
        _: JsonObject,
        mut caller: Caller,
    ) -> Result<CallToolResult, CallError> {
        let approval = Approval {
            command: Some("rm -rf x".to_owned()),
            ..Approval::default()
        };
        let can_ask = caller.approvals.can_ask();
        let verdict = caller.approvals.ask("May I?", approval).await;
        caller.progress.tell(1, None, "was answered").await;
        let verdict = match verdict {
            Verdict::Allow => "allow".to_owned(),
            Verdict::AllowForRun => "allow for run".to_owned(),
            Verdict::Deny(reason) => format!("deny: {reason}"),
        };
        structured(&json!({ "can_ask": can_ask, "verdict": verdict }))
    }
}

fn careful() -> Client {
    Client::of(|read, write| serve(Careful, read, write, Duration::ZERO))
}

fn answers() -> [(Value, Expect); 6] {
    let decided =
        |decision: &str| json!({ "action": "accept", "content": { "decision": decision } });
    [
        (decided("allow"), expect!["allow"]),
        (decided("allow_for_run"), expect!["allow for run"]),
        (decided("deny"), expect!["deny: the user declined"]),
        (
            decided("perhaps"),
            expect!["deny: the answer was not clear"],
        ),
        (
            json!({ "action": "decline" }),
            expect!["deny: the user declined"],
        ),
        (
            json!({ "action": "cancel" }),
            expect!["deny: the question was dismissed"],
        ),
    ]
}

fn question() -> Expect {
    expect![[
        r#"{"_meta":{"crosscheck/approval":{"command":"rm -rf x","progressToken":"progress-1"}},"message":"May I?","mode":"form","requestedSchema":{"properties":{"decision":{"enum":["allow","allow_for_run","deny"],"enumNames":["Allow","Allow for this run","Deny"],"title":"Decision","type":"string"}},"required":["decision"],"type":"object"}}"#
    ]]
}

#[tokio::test]
async fn the_earlier_era_asks_while_the_request_is_open() {
    for (answer, expected) in answers() {
        let mut client = careful();
        client.initialize_with(json!({ "elicitation": {} })).await;
        client.call(1, "ask", json!({})).await;
        let mut asked = client.receive().await;
        assert_eq!(asked["method"], "elicitation/create");
        // The library asks to be told of the progress of a question, which nobody does.
        asked["params"]["_meta"]
            .as_object_mut()
            .unwrap()
            .remove("progressToken");
        question().assert_eq(&asked["params"].to_string());
        client
            .send(json!({ "jsonrpc": "2.0", "id": asked["id"], "result": answer }))
            .await;
        assert_eq!(client.receive().await["params"]["message"], "was answered");
        let result = client.receive().await;
        expected.assert_eq(
            result["result"]["structuredContent"]["verdict"]
                .as_str()
                .unwrap(),
        );
        client.end().await;
    }
}

/// Asks two things, takes both back, and asks a third.
struct Fickle;

impl Toolbox for Fickle {
    fn describe(&self) -> Description {
        Careful.describe()
    }
    fn tools(&self) -> Vec<Tool> {
        Careful.tools()
    }
    async fn call(
        &self,
        _: &str,
        _: JsonObject,
        caller: Caller,
    ) -> Result<CallToolResult, CallError> {
        let ask = |message: &'static str| {
            let approvals = caller.approvals.clone();
            async move { approvals.ask(message, Approval::default()).await }
        };
        let soon = Duration::from_millis(50);
        let both = async { tokio::join!(ask("First?"), ask("Second?")) };
        assert!(tokio::time::timeout(soon, both).await.is_err());
        structured(&json!({ "allowed": ask("Third?").await == Verdict::Allow }))
    }
}

#[tokio::test]
async fn a_question_that_is_taken_back_does_not_stand_in_the_way() {
    let mut client = Client::of(|read, write| serve(Fickle, read, write, Duration::ZERO));
    client.initialize_with(json!({ "elicitation": {} })).await;
    client.call(1, "ask", json!({})).await;
    let first = client.receive().await;
    assert_eq!(first["params"]["message"], "First?");
    let cancelled = client.receive().await;
    assert_eq!(cancelled["method"], "notifications/cancelled");
    assert_eq!(cancelled["params"]["requestId"], first["id"]);
    let third = client.receive().await;
    assert_eq!(third["params"]["message"], "Third?");
    let answer = json!({ "action": "accept", "content": { "decision": "allow" } });
    client
        .send(json!({ "jsonrpc": "2.0", "id": third["id"], "result": answer }))
        .await;
    let result = client.receive().await;
    assert_eq!(
        result["result"]["structuredContent"]["allowed"], true,
        "{result}"
    );
    client.end().await;
}

#[tokio::test]
async fn an_error_instead_of_an_answer_is_a_no() {
    let mut client = careful();
    client.initialize_with(json!({ "elicitation": {} })).await;
    client.call(1, "ask", json!({})).await;
    let asked = client.receive().await;
    let error = json!({ "code": -32601, "message": "what?" });
    client
        .send(json!({ "jsonrpc": "2.0", "id": asked["id"], "error": error }))
        .await;
    client.receive().await;
    let result = client.receive().await;
    assert_eq!(
        result["result"]["structuredContent"]["verdict"],
        "deny: the user declined"
    );
    client.end().await;
}

#[tokio::test]
async fn a_client_that_cannot_be_asked_is_not() {
    let mut client = careful();
    client.initialize().await;
    client.call(1, "ask", json!({})).await;
    client.receive().await;
    let result = client.receive().await;
    let said = &result["result"]["structuredContent"];
    assert_eq!(said["can_ask"], false);
    assert_eq!(
        said["verdict"],
        "deny: the client cannot be asked for approval"
    );
    client.end().await;
}

#[tokio::test]
async fn the_later_era_asks_by_the_result_and_goes_on_with_the_next_request() {
    for (answer, expected) in answers() {
        let mut client = careful();
        client.send(call(1, &json!({}))).await;
        let asked = client.receive().await;
        let asked = &asked["result"];
        assert_eq!(asked["resultType"], "input_required");
        let request = &asked["inputRequests"]["approval"];
        assert_eq!(request["method"], "elicitation/create");
        question().assert_eq(&request["params"].to_string());
        let again = json!({ "requestState": asked["requestState"], "inputResponses": { "approval": answer } });
        client.send(call(2, &again)).await;
        let progress = client.receive().await;
        assert_eq!(progress["params"]["progressToken"], "progress-2");
        let result = client.receive().await;
        assert_eq!(result["id"], 2);
        expected.assert_eq(
            result["result"]["structuredContent"]["verdict"]
                .as_str()
                .unwrap(),
        );
        client.send(call(3, &again)).await;
        let late = client.receive().await;
        assert_eq!(
            late["result"]["content"][0]["text"],
            "the answer came too late: the call that asked for approval is gone; make it again"
        );
        client.end().await;
    }
}

fn call(id: u32, more: &Value) -> Value {
    let mut call = modern(id, "tools/call", json!({ "name": "ask", "arguments": {} }));
    for (key, value) in more.as_object().unwrap() {
        call["params"][key] = value.clone();
    }
    let meta = &mut call["params"]["_meta"];
    meta["progressToken"] = json!(format!("progress-{id}"));
    meta["io.modelcontextprotocol/clientCapabilities"] = json!({ "elicitation": {} });
    call
}
