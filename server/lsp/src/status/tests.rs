//! What a status line shows.

use super::*;
use engine::RunId;

fn run(kind: &'static str, fraction: f64) -> Short {
    Short {
        run: RunId(1),
        kind,
        what: String::new(),
        fraction,
        waits: false,
    }
}

#[test]
fn a_few_words_for_a_status_line() {
    let spent = Spent {
        calls: 2,
        usd: 0.32,
        ..Spent::default()
    };
    let found = |shown| Findings { shown, more: 9 };
    let asks = Short {
        waits: true,
        ..run("review", 0.5)
    };
    for (running, shown, spent, expected) in [
        (vec![], 0, None, "crosscheck"),
        (vec![], 1, None, "crosscheck: 1 finding"),
        (
            vec![],
            5,
            Some(&spent),
            "crosscheck: 5 findings · $0.32 today",
        ),
        (vec![], 5, Some(&Spent::default()), "crosscheck: 5 findings"),
        (
            vec![run("review", 0.4)],
            5,
            Some(&spent),
            "crosscheck: reviewing 40 % · $0.32 today",
        ),
        (
            vec![run("verify", 0.0), run("verify", 0.5)],
            0,
            None,
            "crosscheck: verifying 25 %",
        ),
        (
            vec![run("fix", 0.0), run("review", 1.0)],
            0,
            None,
            "crosscheck: working 50 %",
        ),
        (
            vec![run("fix", 0.0), asks],
            0,
            None,
            "crosscheck: waiting for your answer",
        ),
    ] {
        assert_eq!(words(&running, found(shown), spent), expected);
    }
}
