//! `crosscheck/status`: who gets it, and how often.

#![allow(clippy::unwrap_used)]
use super::*;
use engine::{AgentSpent, Spent};
use std::time::SystemTime;

impl TestClient {
    /// The ledger says what was spent today.
    fn spent(&self, usd: f64) {
        let spent = Spent {
            calls: 1,
            usd,
            ..Spent::default()
        };
        let agent = AgentSpent {
            agent: "codex".to_owned(),
            provider: "openai".to_owned(),
            spent,
        };
        let event = engine::Event::Spent {
            root: None,
            since: SystemTime::UNIX_EPOCH,
            agents: vec![agent],
            unread: None,
        };
        self.events.send(Event::Engine(event)).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_status_is_told_at_most_four_times_a_second_and_the_last_is_the_newest() {
    let wanted = json!({"experimental": {"crosscheckStatus": true}});
    let mut client = TestClient::ready(wanted).await;
    for cents in 1..=100 {
        client.spent(f64::from(cents) / 100.0);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut told = Vec::new();
    while told.last().is_none_or(|it| it != "crosscheck: $1.00 today") {
        let message = client.receive().await;
        assert_eq!(message["method"], "crosscheck/status", "{message}");
        assert_eq!(message["params"]["findings"]["shown"], 0, "{message}");
        told.push(message["params"]["text"].as_str().unwrap().to_owned());
    }
    assert!((3..=6).contains(&told.len()), "{told:?}");
    assert_eq!(client.end().await, ended(1));
}

#[tokio::test(start_paused = true)]
async fn nobody_else_is_told_but_whoever_asks() {
    let mut client = TestClient::ready(json!({})).await;
    client.spent(0.25);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let params = json!({"command": "crosscheck.status", "arguments": []});
    let status = client.request("workspace/executeCommand", params).await;
    assert_eq!(status["result"]["text"], "crosscheck: $0.25 today");
    let spent = json!({"calls": 1, "tokens": 0, "usd": 0.25, "unpriced": 0, "estimated": false});
    assert_eq!(status["result"]["spent_today"], spent);
    assert_eq!(client.end().await, ended(1));
}
