//! Budgets, prices and fallbacks over the layers.

use super::*;
use crate::budget::{Limits, Period, Price, Rule};

fn rule(agent: Option<&str>, period: Period, by_project: bool, limits: Limits) -> Rule {
    Rule {
        agent: agent.map(str::to_owned),
        period,
        by_project,
        limits,
    }
}

fn calls(calls: u64) -> Limits {
    Limits {
        calls: Some(calls),
        ..Limits::default()
    }
}

#[test]
fn the_users_layers_are_laid_over_each_other_and_the_projects_hold_beside_them() {
    let fixture = Fixture::new()
        .user(
            "[agents.codex.budget]\nday = { calls = 5 }\n\
             [budget]\nrun = { calls = 8, usd = 1.0 }\nday = { usd = 10 }\nconfirm = { usd = 0.5, calls = 9 }",
        )
        .project(
            "[agents.codex.budget]\nday = { calls = 500 }\n\
             [budget]\nrun = { calls = 800, minutes = 5 }\nconfirm = { usd = 2.0, calls = 3 }",
        )
        .settings(json!({ "budget": { "run": { "usd": 2.5 } } }));
    let loaded = fixture.load();
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.untrusted, None, "a lower budget needs no trust");
    let budget = loaded.config.budget;
    let own = Limits {
        usd: Some(2.5),
        ..calls(8)
    };
    let day = Limits {
        usd: Some(10.0),
        ..Limits::default()
    };
    let project = Limits {
        minutes: Some(5),
        ..calls(800)
    };
    assert_eq!(
        budget.rules,
        [
            rule(None, Period::Run, false, own),
            rule(None, Period::Day, false, day),
            rule(Some("codex"), Period::Day, false, calls(5)),
            rule(None, Period::Run, true, project),
            rule(Some("codex"), Period::Day, true, calls(500)),
        ]
    );
    let confirm = Limits {
        usd: Some(0.5),
        ..calls(3)
    };
    assert_eq!(budget.confirm, confirm);
}

#[test]
fn a_project_sets_prices_and_fallbacks_only_when_it_is_trusted() {
    let fixture = Fixture::new()
        .user("[agents.codex]\n[agents.eslint]\n[prices]\ngpt = { input = 1, output = 2 }")
        .project(
            "[agents.codex]\nfallback = \"eslint\"\n[prices]\ngpt = { input = 0, output = 0 }",
        );
    let loaded = fixture.load();
    let dear = Price {
        input: 1.0,
        output: 2.0,
    };
    assert_eq!(loaded.config.budget.prices.own["gpt"], dear);
    assert!(loaded.config.fallbacks.is_empty());
    let untrusted = loaded.untrusted.unwrap();
    let brings = untrusted.brings.join("\n");
    for said in [
        "would count as costing $0 and $0",
        "agent \"eslint\" would be asked",
    ] {
        assert!(brings.contains(said), "{brings}");
    }
}

#[test]
fn amounts_that_are_none_are_left_out() {
    let fixture = Fixture::new().user(
        "[budget]\nrun = { usd = -1, calls = 3 }\nday = { usd = nan, calls = \"many\" }\n[prices]\nx = { input = 1 }",
    );
    let loaded = fixture.load();
    let wrong: Vec<_> = loaded.problems.iter().map(|it| it.key.clone()).collect();
    let key = |it: &str| Some(it.to_owned());
    for expected in [
        "budget.run.usd",
        "budget.day.usd",
        "budget.day.calls",
        "prices.x",
    ] {
        assert!(wrong.contains(&key(expected)), "{expected}: {wrong:?}");
    }
    assert_eq!(
        loaded.config.budget.rules,
        [rule(None, Period::Run, false, calls(3))]
    );
}

#[test]
fn fallbacks_are_agents_and_lead_nowhere_back() {
    let three = |a: &str, b: &str, c: &str| {
        let table = |name: &str, fallback: &str| {
            format!("[agents.{name}]\ncommand = [\"/bin/{name}\"]\nfallback = \"{fallback}\"\n")
        };
        let text = table("a", a) + &table("b", b) + &table("c", c);
        let loaded = Fixture::new().user(&text).load();
        let fallbacks: Vec<String> = loaded
            .config
            .fallbacks
            .iter()
            .map(|(name, to)| format!("{name}→{to}"))
            .collect();
        let problems: Vec<String> = loaded.problems.into_iter().map(|it| it.message).collect();
        (fallbacks.join(" "), problems.join("\n"))
    };
    for (to, fallbacks, problem) in [
        (["b", "c", "builtin"], "a→b b→c c→builtin", ""),
        (
            ["a", "c", "builtin"],
            "b→c c→builtin",
            "it leads back to where it began: a → a",
        ),
        (
            ["b", "c", "a"],
            "a→b b→c",
            "it leads back to where it began: c → a → b → c",
        ),
        (
            ["bultin", "c", "builtin"],
            "b→c c→builtin",
            "did you mean \"builtin\"?",
        ),
    ] {
        let (made, problems) = three(to[0], to[1], to[2]);
        assert_eq!(made, fallbacks, "{problems}");
        assert!(problems.contains(problem), "{problems}");
        assert_eq!(problems.is_empty(), problem.is_empty(), "{problems}");
    }
}
