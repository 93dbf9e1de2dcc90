//! Calls and budgets: several ledgers on one file, as several editors and terminals have.

use super::*;
use crate::budget::{Cost, Expected, Limits, Period, Rule, Spent};
use domain::answer::Usage;
use std::sync::Barrier;

const DAY: u64 = 24 * 60 * 60;
/// Noon of a day.
const NOON: u64 = 20_000 * DAY + DAY / 2;

fn rule(limits: Limits) -> Rule {
    Rule {
        agent: None,
        period: Period::Day,
        by_project: false,
        limits,
    }
}

fn calls(calls: u64) -> Limits {
    Limits {
        calls: Some(calls),
        ..Limits::default()
    }
}

fn opening(ticket: &str, rules: &[Rule]) -> Opening {
    Opening {
        ticket: ticket.to_owned(),
        run: RUN,
        root: "/work/project".to_owned(),
        agent: "house".to_owned(),
        provider: "us".to_owned(),
        operation: "review",
        counted: true,
        expected: Expected {
            input: 100,
            output: 20,
            usd: Some(0.5),
        },
        rules: rules.to_vec(),
    }
}

fn cost(tokens: u64, usd: Option<f64>) -> Cost {
    Cost {
        input: tokens,
        usd,
        usd_told: usd.is_some(),
        tokens_told: true,
        ..Cost::default()
    }
}

impl Open {
    /// Whether the call may be made.
    fn admits(&self, opening: &Opening) -> bool {
        let (send, receive) = channel();
        self.ledger
            .open_call(opening.clone(), move |it| send.send(it).unwrap());
        match receive.recv_timeout(PATIENCE).unwrap() {
            Admission::Admitted { lasting } => {
                assert!(lasting);
                true
            }
            Admission::Refused(refusal) => {
                assert!(refusal.reason.starts_with("budget: "), "{refusal:?}");
                false
            }
        }
    }
    fn spent(&self) -> Vec<AgentSpent> {
        let (send, receive) = channel();
        self.ledger
            .spent(None, UNIX_EPOCH, move |all| send.send(all.items).unwrap());
        receive.recv_timeout(PATIENCE).unwrap()
    }
    fn settle(&self, opening: &Opening, cost: Cost) {
        let took = Duration::from_secs(90);
        self.ledger.settle_call(opening.clone(), cost, took, true);
    }
}

#[test]
fn of_two_processes_one_gets_the_last_call() {
    const ROUNDS: usize = 200;
    let directory = TempDir::new().unwrap();
    let ledgers = [(); 2].map(|()| open_at(&file(&directory), NOON));
    let barrier = Barrier::new(2);
    // Before round n, n calls were made.
    let wins = std::thread::scope(|scope| {
        let racers = ledgers.iter().enumerate().map(|(racer, open)| {
            let barrier = &barrier;
            scope.spawn(move || {
                let round = |round: usize| {
                    let last = rule(calls(round as u64 + 1));
                    let ticket = format!("{racer}-{round}");
                    barrier.wait();
                    let is_admitted = open.admits(&opening(&ticket, &[last]));
                    open.ledger.call_sent(&ticket);
                    is_admitted
                };
                (0..ROUNDS).map(round).collect::<Vec<bool>>()
            })
        });
        let racers: Vec<_> = racers.collect();
        let wins = racers.into_iter().map(|it| it.join().unwrap());
        wins.collect::<Vec<_>>()
    });
    for (round, (a, b)) in wins[0].iter().zip(&wins[1]).enumerate() {
        assert!(a != b, "round {round}: {a} {b}");
    }
    assert!(ledgers.iter().all(|it| it.ledger.flush(PATIENCE)));
    assert_eq!(ledgers[0].spent()[0].spent.calls, ROUNDS as u64);
}

#[test]
fn what_a_call_really_took_replaces_what_was_expected() {
    let directory = TempDir::new().unwrap();
    let ledger = open_at(&file(&directory), NOON);
    let dollar = rule(Limits {
        usd: Some(1.0),
        ..Limits::default()
    });
    let rules = [dollar];
    let first = opening("1", &rules);
    assert!(ledger.admits(&first));
    assert!(ledger.admits(&opening("2", &rules)));
    assert!(
        !ledger.admits(&opening("3", &rules)),
        "a dollar is under way"
    );
    ledger.settle(&first, cost(70, Some(0.25)));
    assert!(
        !ledger.admits(&opening("3", &rules)),
        "75 cents are gone, and 50 are expected"
    );
    ledger.ledger.release_call("2");
    assert!(ledger.admits(&opening("3", &rules)));
    ledger.ledger.call_sent("3");
    let spent = &ledger.spent()[0];
    assert_eq!(
        (spent.agent.as_str(), spent.provider.as_str()),
        ("house", "us")
    );
    let Spent {
        calls,
        usd,
        time,
        tokens_estimated,
        ..
    } = spent.spent.clone();
    assert_eq!(
        (calls, time, tokens_estimated),
        (2, Duration::from_secs(90), true)
    );
    assert!((usd - 0.75).abs() < 1e-9, "{usd}");
}

#[test]
fn a_day_ends_at_midnight_utc() {
    let directory = TempDir::new().unwrap();
    let rules = [rule(calls(1))];
    let today = open_at(&file(&directory), NOON);
    let first = opening("1", &rules);
    assert!(today.admits(&first));
    today.settle(&first, cost(1, None));
    let late = open_at(&file(&directory), NOON + DAY / 2 - 1);
    assert!(!late.admits(&opening("2", &rules)));
    let tomorrow = open_at(&file(&directory), NOON + DAY / 2);
    assert!(tomorrow.admits(&opening("3", &rules)));
}

#[test]
fn budgets_of_an_agent_and_of_a_project_count_only_their_calls() {
    let directory = TempDir::new().unwrap();
    let ledger = open_at(&file(&directory), NOON);
    let of_other = Rule {
        agent: Some("other".to_owned()),
        ..rule(calls(1))
    };
    let of_project = Rule {
        by_project: true,
        ..rule(calls(2))
    };
    let elsewhere = |ticket: &str| Opening {
        root: "/work/elsewhere".to_owned(),
        ..opening(ticket, std::slice::from_ref(&of_project))
    };
    let free = Opening {
        counted: false,
        ..opening("free", &[])
    };
    assert!(ledger.admits(&free));
    let rules = [of_other, of_project.clone()];
    for (opening, admitted) in [
        (opening("1", &rules), true),
        (opening("2", &rules), true),
        (opening("3", &rules), false),
        (elsewhere("4"), true),
        (elsewhere("5"), true),
        (elsewhere("6"), false),
    ] {
        assert_eq!(ledger.admits(&opening), admitted, "{opening:?}");
    }
}

#[test]
fn parts_of_a_day_are_told_once_over_all_processes() {
    let directory = TempDir::new().unwrap();
    let ledgers = [(); 2].map(|()| open_at(&file(&directory), NOON));
    let rules = [rule(calls(4))];
    let mut told = Vec::new();
    for number in 0..4_usize {
        let ledger = &ledgers[number % 2];
        let call = opening(&number.to_string(), &rules);
        assert!(ledger.admits(&call));
        ledger.settle(&call, cost(1000, None));
        // Settling twice, as after a restart, tells nothing anew.
        ledger.settle(&call, cost(1000, None));
        told.push(ledger.notices().len());
    }
    assert_eq!(
        told,
        [0, 1, 1, 2],
        "{:?}",
        ledgers.each_ref().map(Open::notices)
    );
    assert_eq!(
        ledgers[1].notices(),
        [
            "50 % of the day's budget is used: 2 calls, 2,000 tokens, dollars unknown (`[budget] day`; it is renewed at 00:00 UTC, in 12 h)",
            "100 % of the day's budget is used: 4 calls, 4,000 tokens, dollars unknown (`[budget] day`; it is renewed at 00:00 UTC, in 12 h)",
        ]
    );
}

#[test]
fn what_a_process_left_is_freed_when_it_is_gone() {
    let directory = TempDir::new().unwrap();
    let rules = [rule(calls(2))];
    let gone = open_at(&file(&directory), NOON);
    let alive = open_at(&file(&directory), NOON);
    assert!(gone.admits(&opening("reserved", &rules)));
    assert!(gone.admits(&opening("sent", &rules)));
    gone.ledger.call_sent("sent");
    assert!(gone.ledger.flush(PATIENCE));
    assert!(!alive.admits(&opening("1", &rules)), "both live");
    drop(gone);
    // Its thread ends soon after; nothing else tells when.
    let end = std::time::Instant::now() + PATIENCE;
    while !alive.admits(&opening("2", &rules)) {
        assert!(
            std::time::Instant::now() < end,
            "what was reserved is never freed"
        );
        std::thread::yield_now();
    }
    assert!(
        !alive.admits(&opening("3", &rules)),
        "what was sent was paid for"
    );
}

#[test]
fn what_an_agent_told_before_is_what_is_expected() {
    let directory = TempDir::new().unwrap();
    let ledger = open_at(&file(&directory), NOON);
    let prices = Default::default();
    for (ticket, usage) in [
        ("1", Some((1000, 100, Some(0.3)))),
        ("2", Some((3000, 300, Some(0.5)))),
        ("3", None),
    ] {
        let usage = usage.map(|(input, output, cost_usd)| Usage {
            input_tokens: Some(input),
            output_tokens: Some(output),
            cost_usd,
            model: Some("gpt-5".to_owned()),
        });
        let call = opening(ticket, &[]);
        assert!(ledger.admits(&call));
        ledger.settle(&call, Cost::of(usage.as_ref(), 4, 4, &prices, None));
    }
    let (send, receive) = channel();
    let names = ["house", "nobody"].map(str::to_owned).to_vec();
    ledger
        .ledger
        .call_history(names, "review", move |all| send.send(all).unwrap());
    let history = receive.recv_timeout(PATIENCE).unwrap();
    assert_eq!(
        (history[0].input, history[0].output),
        (Some(2000), Some(200))
    );
    assert_eq!(history[0].model.as_deref(), Some("gpt-5"));
    assert_eq!(history[0].usd, Some(0.4));
    assert_eq!(history[1], Default::default());
}
