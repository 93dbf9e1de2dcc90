//! `crosscheck stats`: what became of each agent's findings, from real reviews, verdicts and fixes in a real ledger.

use crate::{CODE, FINDS_ADD, workspace};
use serde_json::{Value, json};
use tests::{Sandbox, sandbox};

fn stats(sandbox: &Sandbox, args: &[&str]) -> Value {
    let ran = sandbox.crosscheck(&[&["stats", "--format", "json"], args].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

fn done(sandbox: &Sandbox, args: &[&str]) {
    let ran = sandbox.crosscheck(args);
    assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
}

/// Reviews anew; the names of the findings by title, hidden ones not among them.
fn review(sandbox: &Sandbox) -> Vec<(String, String)> {
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--fresh", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let found = document["findings"].as_array().unwrap().iter();
    let word = |it: &Value| it.as_str().unwrap().to_owned();
    found
        .map(|it| (word(&it["title"]), word(&it["id"])))
        .collect()
}

#[test]
fn stats_tell_what_became_of_findings_and_what_an_accepted_one_costs() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    let found = |quote: &str, title: &str| {
        json!({"path": "src/main.rs", "quote": quote, "severity": "warning", "category": "correctness",
               "title": title, "body": ""})
    };
    let says = json!({
        "findings": [found("add(1, 2)", "Add does not exist"), found("println!(\"{total}\");", "Prints to standard output")],
        "usage": {"input_tokens": 1000, "output_tokens": 100, "cost_usd": 0.5},
    });
    sandbox.agent("finder", &format!("on call\nanswer {says}\n"));
    let judges = json!({
        "verdict": "confirmed", "why": "It is so.", "failing_input": null,
        "evidence": [{"path": "src/main.rs", "quote": "let total = add(1, 2);"}],
    });
    sandbox.agent("judge", &format!("tools ask\non call\nanswer {judges}\n"));
    sandbox.config("[review]\nagents = [\"finder\"]\n[verify]\nagents = [\"judge\"]");
    let named = review(&sandbox);
    let [(_, add), (_, prints)] = named.as_slice() else {
        panic!("{named:?}")
    };
    let ran = sandbox.crosscheck(&["verify", add]);
    assert_eq!(ran.code, 1, "{ran:?}");
    done(&sandbox, &["accept", add]);
    done(&sandbox, &["dismiss", prints, "--reason", "intended"]);
    // It says both again.
    assert_eq!(review(&sandbox).len(), 1);

    let all = stats(&sandbox, &[]);
    let of = &all["agents"][0];
    assert_eq!(all["agents"].as_array().unwrap().len(), 1, "{all:#}");
    for (key, value) in [
        ("name", json!("finder")),
        ("found", json!(2)),
        ("confirmed", json!(1)),
        ("refuted", json!(0)),
        ("accepted", json!(1)),
        ("dismissed", json!(1)),
        ("dismissed_by_reason", json!({"intended": 1})),
        ("repeated", json!(1)),
        ("usd_per_accepted", json!(1.0)),
    ] {
        assert_eq!(of[key], value, "{key}: {all:#}");
    }
    assert_eq!(of["spent"]["calls"], 2);
    assert_eq!(of["spent"]["usd"], 1.0);
    assert_eq!(stats(&sandbox, &["--everywhere"])["agents"], all["agents"]);

    let ran = sandbox.crosscheck(&["stats"]);
    for words in [
        "finder found 2 findings",
        "verified: 1 confirmed",
        "1 accepted, 1 dismissed (1 intended)",
        "1 said again after dismissal",
        "2 calls, 2,200 tokens, $1.00: $1.00 for each accepted finding",
    ] {
        assert!(ran.stdout.contains(words), "no `{words}`: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains('█'), "no plot in a pipe: {ran:?}");

    // Who changes their mind is counted with what they think now.
    done(&sandbox, &["dismiss", add, "--reason", "my own words"]);
    let of = &stats(&sandbox, &[])["agents"][0];
    assert_eq!(of["accepted"], 0, "{of:#}");
    assert_eq!(
        of["dismissed_by_reason"],
        json!({"intended": 1, "other": 1})
    );
    assert_eq!(of["usd_per_accepted"], Value::Null);
}

#[test]
fn a_fix_that_is_applied_accepts_its_finding_and_unknown_cost_is_said_to_be_so() {
    let sandbox = workspace(FINDS_ADD);
    let ran = sandbox.crosscheck(&["stats"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    let named = review(&sandbox);
    done(&sandbox, &["fix", &named[0].1, "--write"]);
    let of = &stats(&sandbox, &[])["agents"][0];
    assert_eq!(of["accepted"], 1, "{of:#}");
    assert_eq!(of["usd_per_accepted"], Value::Null);
    let ran = sandbox.crosscheck(&["stats"]);
    let words = "cost of an accepted finding unknown";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    done(&sandbox, &["revert"]);
    assert_eq!(stats(&sandbox, &[])["agents"][0]["accepted"], 0);
}
