//! Agents that ask in the middle of a call.

use super::*;
use crate::question::{Approval, ApprovalSpec, Ask, Asker, Question, Reply};
use futures::FutureExt;

/// Asks, keeps the answer in a file, and goes on.
const ASK: &str = r#"say '{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"May I?","vendor_command":["sh","-c","make all"],"vendor_call":CALLER}}'; read -r answer; printf '%s\n' "$answer" > answer"#;

/// The command that asks, for the call with `$id`.
fn ask() -> String {
    ASK.replace("CALLER", "'$id'")
}

fn asking(on_call: &str, limits: Limits, asker: Option<Asker>) -> Stage {
    let mut spec = spec(&SERVER.replace("CALL", on_call), limits);
    let approval = json!({ "command": "/vendor_command", "call": "/vendor_call", "replies": {
        "allow": { "decision": "approved" }, "deny": { "decision": { "denied": "{{ reason }}" } } } });
    let approval: ApprovalSpec = serde_json::from_value(approval).unwrap();
    spec.approval = Some(approval);
    let mut stage = stage_of(spec);
    if let Some(asker) = asker {
        stage.pool = stage.pool.clone().with_asker(asker);
    }
    stage
}

impl Stage {
    /// The lines that the agent got after it asked.
    fn heard(&self) -> Vec<Value> {
        let heard = std::fs::read_to_string(self.root.path().join("answer")).unwrap_or_default();
        heard
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[tokio::test]
async fn the_person_learns_who_asks_what_and_the_agent_gets_the_answer_it_understands() {
    let seen: Arc<Mutex<Vec<Question>>> = Arc::default();
    let asked = Arc::clone(&seen);
    let asker: Asker = Arc::new(move |question| {
        asked.lock().unwrap().push(question);
        async { Reply::AllowForRun }.boxed()
    });
    let stage = asking(&format!("{}; reply done", ask()), limits(), Some(asker));
    assert_eq!(stage.text().await, "done");
    let expected = Question {
        agent: "fake".into(),
        root: stage.root.path().into(),
        run: Some(1),
        message: "May I?".into(),
        ask: Ask::Approval(Approval {
            command: Some("make all".into()),
            ..Approval::default()
        }),
    };
    assert_eq!(*seen.lock().unwrap(), [expected]);
    assert_eq!(
        stage.heard()[0]["result"],
        json!({ "decision": "approved" })
    );
    assert!(stage.notices().is_empty());
}

#[tokio::test]
async fn without_a_person_the_answer_is_no_and_a_notice_tells() {
    let stage = asking(&format!("{}; reply done", ask()), limits(), None);
    assert_eq!(stage.text().await, "done");
    assert_eq!(
        stage.heard()[0]["result"],
        json!({ "decision": { "denied": "nobody can be asked" } })
    );
    assert_eq!(
        stage.notices(),
        ["Agent `fake` asked “May I?” and was told no."]
    );
}

#[tokio::test]
async fn a_person_may_take_longer_than_the_agent() {
    let short = Limits {
        idle: Duration::from_secs(1),
        call: Duration::from_millis(1500),
        ..limits()
    };
    let asker: Asker = Arc::new(|_| {
        let thinking = tokio::time::sleep(Duration::from_millis(2500));
        async {
            thinking.await;
            Reply::Allow
        }
        .boxed()
    });
    let stage = asking(&format!("{}; reply done", ask()), short, Some(asker));
    assert_eq!(stage.text().await, "done");
}

#[tokio::test]
async fn a_cancelled_call_leaves_no_question_and_its_process_goes_when_the_others_are_done() {
    let asker: Asker = Arc::new(|_| std::future::pending().boxed());
    let on_call = format!(
        r#"if [ -e once ]; then while ! [ -e go ]; do sleep 0.01; done; reply $$; else touch once; {}; read -r next; printf '%s\n' "$next" >> answer; fi"#,
        ask()
    );
    let stage = asking(&on_call, limits(), Some(asker));
    let mut first = stage.start();
    first.until(CallProgress::Running).await;
    until(|| stage.root.path().join("once").exists()).await;
    first.cancel.cancel();
    assert!(first.end().await.is_err());
    until(|| stage.heard().len() == 2).await;
    let heard = stage.heard();
    let answer = heard.iter().find(|message| message["id"] == "q").unwrap();
    assert_eq!(
        answer["result"],
        json!({ "decision": { "denied": "the call has ended" } })
    );

    let pid = stage.status().pid.unwrap().to_string();
    let mut second = stage.start();
    second.until(CallProgress::Running).await;
    tokio::time::sleep(2 * crate::supervise::GRACE).await;
    assert!(is_alive(&pid), "a call runs on it");
    std::fs::write(stage.root.path().join("go"), "").unwrap();
    assert_eq!(second.end().await.unwrap().texts, [pid.as_str()]);
    until(|| !is_alive(&pid)).await;
    assert!(stage.call().await.is_ok());
    assert_eq!(stage.status().starts, 2);
}
