//! Budgets, fallbacks and authors, as a person at a terminal or in an editor meets them.

use crate::{CODE, FINDS_ADD, FINDS_NOTHING, until, workspace};
use serde_json::{Value, json};
use std::process::Stdio;
use tests::{Ran, Sandbox, sandbox};

/// Says that its quota is used up, as services say it.
const OUT_OF_QUOTA: &str = "on call\nis-error You exceeded your current quota, please check your plan and billing details.\n";

/// A script that finds nothing and tells what that took.
fn costs(tokens: u64, usd: f64) -> String {
    let usage =
        json!({ "input_tokens": tokens, "output_tokens": 0, "cost_usd": usd, "model": "m" });
    format!(
        "on call\nanswer {}\n",
        json!({ "findings": [], "usage": usage })
    )
}

/// How often an agent was called.
fn calls_of(sandbox: &Sandbox, agent: &str) -> usize {
    sandbox.sent_to(agent).matches("\"tools/call\"").count()
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The report of an agent in a document.
fn of<'a>(document: &'a Value, agent: &str) -> &'a Value {
    let agents = document["agents"].as_array().unwrap();
    agents.iter().find(|it| it["name"] == agent).unwrap()
}

/// Twenty changed files, and three agents that find nothing.
fn three_agents_and_twenty_hunks() -> Sandbox {
    let mut sandbox = sandbox!();
    for number in 0..20 {
        sandbox.file(&format!("src/{number:02}.rs"), "fn old() {}\n");
    }
    sandbox.commit();
    for number in 0..20 {
        sandbox.file(&format!("src/{number:02}.rs"), "fn new() {}\n");
    }
    for agent in ["alpha", "beta", "gamma"] {
        sandbox.agent(agent, FINDS_NOTHING);
    }
    sandbox.config("[review]\nagents = [\"gamma\", \"alpha\", \"beta\"]");
    sandbox
}

#[test]
fn a_budget_of_one_call_is_one_call_and_the_rest_is_named() {
    let mut sandbox = three_agents_and_twenty_hunks();
    sandbox.config("[budget]\nrun = { calls = 1 }");
    let ran = sandbox.crosscheck(&["review"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let calls = ["gamma", "alpha", "beta"].map(|it| calls_of(&sandbox, it));
    assert_eq!(calls, [1, 0, 0], "the first one named goes first");
    for agent in ["alpha", "beta"] {
        let line = ran
            .stderr
            .lines()
            .find(|it| it.contains(&format!("{agent} reviewed nothing")));
        let line = line.unwrap_or_else(|| panic!("{ran:?}"));
        for part in [
            "budget: the only call in one run is taken",
            "`[budget] run`",
            "raise it there",
            "src/00.rs",
            "15 more",
        ] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    let ran = sandbox.crosscheck(&["review", "--fresh", "--format", "json"]);
    let document = document(&ran);
    assert_eq!(
        (ran.code, &document["complete"]),
        (2, &json!(false)),
        "{document:#}"
    );
    assert_eq!(of(&document, "gamma")["spent"]["calls"], 1);
    assert_eq!(
        of(&document, "beta")["not_reviewed"]
            .as_array()
            .unwrap()
            .len(),
        20
    );
    assert_eq!(of(&document, "beta")["spent"]["calls"], 0);
}

#[test]
fn a_day_is_one_budget_for_all_terminals_and_told_once_by_parts() {
    let mut sandbox = workspace(&costs(1000, 0.25));
    sandbox.config("[budget]\nday = { usd = 1.0, calls = 40 }");
    let told: Vec<usize> = (0..5)
        .map(|_| {
            let ran = sandbox.crosscheck(&["review", "src/main.rs", "--fresh"]);
            ran.stderr.matches("% of the day's budget is used").count()
        })
        .collect();
    // A quarter of a dollar each; the fifth would be more than there is.
    assert_eq!(told, [0, 1, 1, 1, 0]);
    assert_eq!(calls_of(&sandbox, "alpha"), 4);
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--fresh"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    for part in [
        "of $1.00 a day, $1.00 are spent",
        "`[budget] day`",
        "renewed at 00:00 UTC",
        "src/main.rs",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {ran:?}");
    }
}

#[test]
fn terminals_at_the_same_time_do_not_share_the_last_call() {
    let mut sandbox = workspace("on call\nsleep 50\nanswer {\"findings\":[]}\n");
    sandbox.config("[budget]\nday = { calls = 2 }");
    // One that starts late would otherwise be answered from memory.
    let review = ["review", "src/main.rs", "--fresh"];
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let runs = [(); 6].map(|()| scope.spawn(|| sandbox.crosscheck(&review).code));
        runs.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|it| **it == 0).count(), 2, "{codes:?}");
    assert_eq!(codes.iter().filter(|it| **it == 2).count(), 4, "{codes:?}");
    assert_eq!(calls_of(&sandbox, "alpha"), 2);
}

#[test]
fn what_nobody_told_is_estimated_and_marked() {
    let mut sandbox = workspace(FINDS_NOTHING);
    sandbox.config("[budget]\nday = { usd = 5.0 }");
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr.contains(
            "it is not known what calls of agent `alpha` cost, so no budget in dollars holds"
        ),
        "{ran:?}"
    );
    let document =
        document(&sandbox.crosscheck(&["review", "src/main.rs", "--fresh", "--format", "json"]));
    let spent = &of(&document, "alpha")["spent"];
    assert_eq!(spent["tokens_estimated"], true);
    assert_eq!(
        (&spent["usd"], &spent["calls_of_unknown_cost"]),
        (&Value::Null, &json!(1))
    );
    assert!(spent["input_tokens"].as_u64().unwrap() > 20, "{spent}");
}

#[test]
fn a_project_lowers_a_budget_and_never_raises_it() {
    let mut sandbox = workspace(FINDS_NOTHING);
    sandbox.config("[budget]\nrun = { calls = 3 }");
    sandbox.file("crosscheck.toml", "[budget]\nrun = { calls = 0 }\n");
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!((ran.code, calls_of(&sandbox, "alpha")), (2, 0), "{ran:?}");
    assert!(
        ran.stderr.contains("in this project's crosscheck.toml"),
        "{ran:?}"
    );
    sandbox.file("crosscheck.toml", "[budget]\nrun = { calls = 100 }\n");
    sandbox.config("[agents.alpha.budget]\nday = { calls = 1 }");
    let codes = [(); 2].map(|()| {
        sandbox
            .crosscheck(&["review", "src/main.rs", "--fresh"])
            .code
    });
    assert_eq!((codes, calls_of(&sandbox, "alpha")), ([0, 2], 1));
}

#[test]
fn the_embedded_agent_costs_nothing() {
    let mut sandbox = workspace(FINDS_NOTHING);
    sandbox.config("[agents.builtin]\n[review]\nagents = [\"builtin\", \"alpha\"]\n[budget]\nrun = { calls = 1 }");
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!((ran.code, calls_of(&sandbox, "alpha")), (0, 1), "{ran:?}");
}

#[test]
fn a_run_that_is_large_is_announced() {
    let mut sandbox = workspace(&costs(300, 0.01));
    sandbox.config("[budget]\nrun = { calls = 1 }\nday = { calls = 3 }");
    let runs = [(); 3].map(|()| sandbox.crosscheck(&["review", "src/main.rs", "--fresh"]));
    let told = runs
        .each_ref()
        .map(|it| it.stderr.contains("this takes about 1 call, ~"));
    assert_eq!(told, [false, false, true], "{runs:?}");
    let last = "~$0.01, 100 % of what is left of `[budget] day`";
    assert!(
        runs[2].stderr.contains(last),
        "the calls before told what they cost: {runs:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_terminal_that_is_killed_holds_no_budget() {
    for (script, is_sent) in [
        // It never gets the call.
        ("on handshake\ntouch [sandbox]/there\nhang\n", false),
        ("on call\ntouch [sandbox]/there\nhang\n", true),
    ] {
        let mut sandbox = workspace(script);
        sandbox.agent("beta", FINDS_NOTHING);
        sandbox.config("[budget]\nday = { calls = 1 }");
        let mut command = sandbox.command(sandbox.program());
        let review = ["review", "src/main.rs", "--agent"];
        let mut child = command
            .args(review)
            .arg("alpha")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("the agent is there", || {
            sandbox.path().join("there").exists()
        });
        if is_sent {
            // The call is noted as sent before the agent acts; the note is written soon after.
            until("the call is noted", || {
                let usage = sandbox.crosscheck(&["usage", "--format", "json"]);
                document(&usage)["agents"][0]["spent"]["calls"] == 1
            });
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let ran = sandbox.crosscheck(&["review", "src/main.rs", "--agent", "beta"]);
        assert_eq!(
            ran.code,
            if is_sent { 2 } else { 0 },
            "sent: {is_sent}: {ran:?}"
        );
    }
}

#[test]
fn the_fallback_takes_over_when_there_is_no_quota() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.agent_with("alpha", OUT_OF_QUOTA, "fallback = \"beta\"");
    sandbox.agent("beta", FINDS_ADD);
    sandbox.config("[review]\nagents = [\"alpha\"]");
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr
            .contains("alpha was out of quota; beta took over 1 call"),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("by: beta"), "{ran:?}");
    let document = document(&sandbox.crosscheck(&["review", "src/main.rs", "--format", "json"]));
    assert_eq!(document["complete"], true, "{document:#}");
    let alpha = of(&document, "alpha");
    assert_eq!(
        (&alpha["outcome"], &alpha["taken_over"]["by"]),
        (&json!("taken over"), &json!("beta"))
    );
}

#[test]
fn a_fallback_that_reviews_the_same_already_does_not_take_over() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.agent_with("alpha", OUT_OF_QUOTA, "fallback = \"beta\"");
    sandbox.agent("beta", FINDS_NOTHING);
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!((ran.code, calls_of(&sandbox, "beta")), (2, 1), "{ran:?}");
    assert!(
        ran.stderr.contains("exceeded your current quota")
            && ran
                .stderr
                .contains("its fallback `beta` is asked the same in this run already"),
        "{ran:?}"
    );
}

#[test]
fn a_fallback_of_a_fix_makes_the_proposal() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.commit();
    let fixes = "tools edit\non call\nreplace src/main.rs add(1, 2) => 1 + 2\nanswer {\"summary\":\"Added.\"}\n";
    sandbox.agent_with(
        "alpha",
        &format!("tools edit\n{OUT_OF_QUOTA}"),
        "fallback = \"beta\"",
    );
    sandbox.agent("beta", fixes);
    sandbox.config("[fix]\nagents = [\"alpha\"]");
    let ran = sandbox.crosscheck(&["ask", "Add them.", "src/main.rs"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("+    let total = 1 + 2;"), "{ran:?}");
    assert!(
        ran.stderr
            .contains("alpha was out of quota; beta took over 1 call"),
        "{ran:?}"
    );
}

#[test]
fn a_fix_without_budget_is_not_made() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", CODE);
    sandbox.commit();
    sandbox.agent(
        "alpha",
        "tools edit\non call\nanswer {\"summary\":\"Nothing.\"}\n",
    );
    sandbox.config("[fix]\nagents = [\"alpha\"]\n[budget]\nday = { calls = 0 }");
    let ran = sandbox.crosscheck(&["ask", "Add them.", "src/main.rs"]);
    assert_eq!((ran.code, calls_of(&sandbox, "alpha")), (2, 0), "{ran:?}");
    assert!(
        ran.stderr.contains("budget: no call is allowed a day"),
        "{ran:?}"
    );
}

#[test]
fn nobody_reviews_what_is_of_the_same_provider() {
    let mut sandbox = workspace(FINDS_NOTHING);
    sandbox.agent("beta", FINDS_NOTHING);
    for author in ["alpha", "Alpha"] {
        let ran = sandbox.crosscheck(&["review", "src/main.rs", "--fresh", "--author", author]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.stderr.contains(&format!(
                "not asked: `alpha`, since the author is `{author}`"
            )),
            "{ran:?}"
        );
    }
    assert_eq!(
        (calls_of(&sandbox, "alpha"), calls_of(&sandbox, "beta")),
        (0, 2)
    );
    let ran = sandbox.crosscheck(&[
        "review",
        "src/main.rs",
        "--author",
        "alpha",
        "--agent",
        "alpha",
    ]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.stderr.contains("nobody is left to review this"),
        "{ran:?}"
    );
    let ran = sandbox.crosscheck(&["review", "src/main.rs", "--author", "a person"]);
    assert_eq!((ran.code, calls_of(&sandbox, "alpha")), (0, 1), "{ran:?}");
}

#[test]
fn nobody_waits_for_the_author_to_agree() {
    let mut sandbox = workspace(FINDS_NOTHING);
    sandbox.agent("beta", FINDS_ADD);
    // Beside others that could agree, one voice alone is information.
    let severity = |args: &[&str]| {
        let all = [&["review", "src/main.rs", "--format", "json"], args].concat();
        let ran = sandbox.crosscheck(&all);
        document(&ran)["findings"][0]["severity"].clone()
    };
    assert_eq!(severity(&[]), "info");
    assert_eq!(severity(&["--author", "alpha"]), "warning");
}

#[test]
fn what_was_spent_is_listed() {
    let mut sandbox = workspace(&costs(1000, 0.25));
    sandbox.agent("beta", FINDS_NOTHING);
    sandbox.config("[budget]\nday = { calls = 8 }");
    assert_eq!(
        sandbox.crosscheck(&["usage"]).stdout,
        "no calls\n0 % of `[budget] day`\n"
    );
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = sandbox.crosscheck(&["usage"]);
    for part in [
        "alpha 1 call, 1,000 tokens, $0.25, ",
        "beta  1 call, ~",
        "dollars unknown",
        "25 % of `[budget] day`",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    let document = document(&sandbox.crosscheck(&["usage", "--here", "--format", "json"]));
    assert_eq!(document["agents"][0]["spent"]["usd"], 0.25, "{document:#}");
    assert_eq!(document["agents"][1]["spent"]["usd"], Value::Null);
    assert_eq!(document["day_budgets"][0]["share"], 0.25);
}
