//! The gate of a run, on a real ledger.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::budget::Limits;
use agents::{Endpoint, Limits as Deadlines};
use domain::answer::Usage;
use std::future::Future;
use std::task::{Context, Waker};
use std::time::SystemTime;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

struct Bench {
    _directory: tempfile::TempDir,
    gate: Arc<Gate>,
    notices: Arc<Mutex<Vec<String>>>,
}

fn bench(rules: &[(Period, Limits)]) -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ledger.sqlite");
    let mut bench = bench_at(&file, rules);
    bench._directory = directory;
    bench
}

fn bench_at(file: &Path, rules: &[(Period, Limits)]) -> Bench {
    let notices = Arc::<Mutex<Vec<String>>>::default();
    let (told, by_ledger) = (notices.clone(), notices.clone());
    let sink: Sink = Arc::new(move |event| {
        if let Event::Notice(text) = event {
            told.lock().unwrap().push(text);
        }
    });
    let clock: Clock = Arc::new(SystemTime::now);
    let notify = Arc::new(move |text| by_ledger.lock().unwrap().push(text));
    let ledger = Ledger::new(file.to_owned(), clock.clone(), notify);
    let rules = rules.iter().map(|(period, limits)| Rule {
        agent: None,
        period: *period,
        by_project: false,
        limits: *limits,
    });
    let config = BudgetConfig {
        rules: rules.collect(),
        ..BudgetConfig::default()
    };
    let budgets = Arc::new(Budgets::new(ledger, sink, clock));
    Bench {
        _directory: tempfile::tempdir().unwrap(),
        gate: Gate::new(budgets, RunId(1), Path::new("/work"), config),
        notices,
    }
}

fn spec(name: &str) -> AgentSpec {
    AgentSpec {
        name: name.to_owned(),
        rules: false,
        provider: name.to_owned(),
        source: String::new(),
        endpoint: Endpoint::Stdio {
            command: vec!["x".to_owned()],
            env: BTreeMap::new(),
            cwd: None,
        },
        operations: BTreeMap::new(),
        approval: None,
        limits: Deadlines::default(),
    }
}

fn calls(calls: u64) -> Limits {
    Limits {
        calls: Some(calls),
        ..Limits::default()
    }
}

impl Bench {
    async fn admit(
        &self,
        agent: &str,
        bytes: usize,
        place: Option<&Place>,
    ) -> Result<Ticket, String> {
        let spec = spec(agent);
        let wanted = Wanted {
            spec: &spec,
            operation: Operation::Review,
            bytes,
            place,
        };
        timeout(PATIENCE, self.gate.admit(wanted)).await.unwrap()
    }
}

/// True when a future has to wait, now that everybody else had their turn.
async fn waits<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    for _ in 0..100 {
        tokio::task::yield_now().await;
        let mut context = Context::from_waker(Waker::noop());
        if future.as_mut().poll(&mut context).is_ready() {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn planned_calls_go_in_the_order_of_the_agents() {
    let bench = bench(&[(Period::Run, calls(2))]);
    bench.gate.await_plans(2);
    let second = bench.gate.plan(1, &spec("b"), Operation::Review, &[4, 4]);
    let mut early = Box::pin(bench.admit("b", 4, Some(&second[0])));
    assert!(waits(early.as_mut()).await, "not all have planned");
    let mut first = bench.gate.plan(0, &spec("a"), Operation::Review, &[4, 4]);
    let estimate = bench.gate.planned().await;
    assert_eq!((estimate.total.calls, estimate.agents.len()), (4, 2));
    assert_eq!(estimate.share, Some((2.0, "[budget] run".to_owned())));
    bench.gate.open();
    assert!(waits(early.as_mut()).await, "the first agent goes first");
    let a = bench.admit("a", 4, Some(&first[0])).await.unwrap();
    drop(first.remove(0));
    // A place that is given up lets the others go, too.
    drop(first);
    let b = early.await.unwrap();
    drop(second);
    let refused = bench.admit("c", 4, None).await.err().unwrap();
    assert!(
        refused.contains("all 2 calls in one run are taken"),
        "{refused}"
    );
    a.settle(None);
    drop(b);
    let again = bench.admit("c", 4, None).await;
    assert!(again.is_ok(), "one never reached its agent");
}

#[tokio::test]
async fn a_call_waits_for_what_others_really_take() {
    let tokens = Limits {
        tokens: Some(2500),
        ..Limits::default()
    };
    let bench = bench(&[(Period::Run, tokens), (Period::Day, tokens)]);
    // 4 bytes are a token, and an answer is expected to have 1,000.
    let mut a = bench.admit("a", 400, None).await.unwrap();
    let mut b = bench.admit("b", 400, None).await.unwrap();
    let mut c = Box::pin(bench.admit("c", 400, None));
    assert!(waits(c.as_mut()).await, "2,200 are under way");
    a.sent();
    b.sent();
    let usage = |tokens| Usage {
        input_tokens: Some(tokens),
        output_tokens: Some(0),
        ..Usage::default()
    };
    a.settle(Some(&usage(200)));
    let c = c.await.unwrap();
    b.settle(Some(&usage(2000)));
    c.settle(Some(&usage(100)));
    let refused = bench.admit("d", 400, None).await.err().unwrap();
    assert!(
        refused
            .contains("of 2,500 tokens in one run, 2,300 are spent and this call may take ~1,100"),
        "{refused}"
    );
    assert_eq!(bench.gate.spent("b").tokens(), 2000);
    assert!(!bench.gate.spent("b").tokens_estimated);
}

#[tokio::test]
async fn nobody_goes_through_a_closed_gate() {
    let bench = bench(&[]);
    bench.gate.await_plans(1);
    let places = bench.gate.plan(0, &spec("a"), Operation::Review, &[4]);
    bench.gate.close("budget: no".to_owned());
    let refused = bench.admit("a", 4, Some(&places[0])).await;
    assert_eq!(refused.err().as_deref(), Some("budget: no"));
}

#[tokio::test]
async fn without_a_ledger_the_day_is_counted_here_and_that_is_said_once() {
    let directory = tempfile::tempdir().unwrap();
    // A directory cannot be opened as a database.
    let bench = bench_at(directory.path(), &[(Period::Day, calls(2))]);
    let (first, second) = (
        bench.admit("a", 4, None).await,
        bench.admit("a", 4, None).await,
    );
    assert!(first.is_ok() && second.is_ok());
    let refused = bench.admit("a", 4, None).await.err().unwrap();
    assert!(refused.contains("all 2 calls a day are taken"), "{refused}");
    let notices = bench.notices.lock().unwrap().clone();
    let told = notices
        .iter()
        .filter(|it| it.contains("counts only what this window or terminal spends"));
    assert_eq!(told.count(), 1, "{notices:?}");
}
