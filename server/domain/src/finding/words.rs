//! The many words for severities and categories.

use super::{Category, Severity};

/// Longest own word of an agent for a category, in characters.
const MAX_OTHER: usize = 40;

impl Severity {
    /// Reads a severity in an agent's words: `critical`, `P1`, `warn`, `nit`, …; `None` for any other word.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word
            .trim()
            .trim_matches(|it: char| !it.is_alphanumeric())
            .to_lowercase();
        let word = word.replace(['-', '_'], " ");
        Some(match word.as_str() {
            "error" | "err" | "e" | "critical" | "crit" | "blocker" | "blocking" | "fatal"
            | "severe" | "high" | "very high" | "failure" | "must fix" | "bug" | "p0" | "p1"
            | "sev0" | "sev1" | "s0" | "s1" => Self::Error,
            "warning" | "warn" | "w" | "medium" | "moderate" | "mid" | "major" | "important"
            | "should fix" | "p2" | "sev2" | "s2" => Self::Warning,
            "info" | "information" | "informational" | "i" | "low" | "minor" | "note"
            | "notice" | "p3" | "sev3" | "s3" | "pre existing" => Self::Info,
            "hint" | "nit" | "nitpick" | "trivial" | "suggestion" | "style" | "optional"
            | "help" | "praise" | "p4" | "very low" | "sev4" | "s4" => Self::Hint,
            _ => return None,
        })
    }

    /// Codex's and issue trackers' priorities: 0 and 1 must be fixed, 2 should, 3 may.
    pub fn from_priority(priority: i64) -> Option<Self> {
        Some(match priority {
            0 | 1 => Self::Error,
            2 => Self::Warning,
            3 => Self::Info,
            4 => Self::Hint,
            _ => return None,
        })
    }

    /// LSP's numbers: 1 is an error, 4 a hint.
    pub fn from_lsp(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Error,
            2 => Self::Warning,
            3 => Self::Info,
            4 => Self::Hint,
            _ => return None,
        })
    }

    /// A score from 0 to 10 as CVSS and SARIF's `security-severity` use it.
    pub fn from_score(score: f64) -> Option<Self> {
        match score {
            7.0..=10.0 => Some(Self::Error),
            4.0..7.0 => Some(Self::Warning),
            0.1..4.0 => Some(Self::Info),
            _ => None,
        }
    }
}

impl Category {
    /// Reads a category in an agent's words (`bug`, `vulnerability`, `CWE-79`, …); words that are not known
    /// become [`Category::Other`]. `None` when no usable character is left.
    pub fn parse(word: &str) -> Option<Self> {
        let lower = word.trim().to_lowercase();
        if let Some(number) = lower
            .strip_prefix("cwe")
            .and_then(|it| leading_number(it.trim_start_matches(['-', ':', ' ', '_'])))
        {
            return Some(cwe(number));
        }
        let plain = lower.replace(['-', '_', '/'], " ");
        Some(match plain.as_str() {
            "correctness" | "bug" | "bugs" | "logic" | "logic error" | "functional"
            | "functionality" | "possible bug" | "error handling" | "reliability"
            | "robustness" | "null" | "null safety" | "edge case" | "edge cases" | "data loss"
            | "crash" | "regression" => Self::Correctness,
            "security" | "vulnerability" | "vulnerabilities" | "vuln" | "secret" | "secrets"
            | "injection" | "xss" | "privacy" | "auth" | "authentication" | "authorization" => {
                Self::Security
            }
            "concurrency" | "race" | "race condition" | "races" | "deadlock" | "thread safety"
            | "threading" | "data race" => Self::Concurrency,
            "performance" | "perf" | "efficiency" | "optimization" | "optimisation" | "speed"
            | "memory" | "memory leak" | "complexity" | "resource leak" => Self::Performance,
            "api" | "api design" | "interface" | "compatibility" | "breaking change"
            | "breaking" | "contract" => Self::Api,
            "tests" | "test" | "testing" | "test coverage" | "coverage" | "missing test"
            | "missing tests" => Self::Tests,
            "docs" | "doc" | "documentation" | "comment" | "comments" => Self::Docs,
            "style" | "formatting" | "format" | "naming" | "readability" | "convention"
            | "conventions" | "lint" | "maintainability" | "code style" | "nit" | "code smell"
            | "cleanup" => Self::Style,
            "spelling" | "typo" | "typos" | "misspelling" | "grammar" => Self::Spelling,
            _ => return other(&lower),
        })
    }

    /// The category's name, as it is shown and stored.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Correctness => "correctness",
            Self::Security => "security",
            Self::Concurrency => "concurrency",
            Self::Performance => "performance",
            Self::Api => "api",
            Self::Tests => "tests",
            Self::Docs => "docs",
            Self::Style => "style",
            Self::Spelling => "spelling",
            Self::Other(word) => word,
        }
    }
}

fn other(lower: &str) -> Option<Category> {
    let mut word = String::new();
    for it in lower.chars() {
        let it = if it.is_ascii_alphanumeric() || "_./@-".contains(it) {
            it
        } else {
            '-'
        };
        if it != '-' || !(word.is_empty() || word.ends_with('-')) {
            word.push(it);
        }
        if word.len() >= MAX_OTHER {
            break;
        }
    }
    let word = word.trim_matches('-');
    (!word.is_empty()).then(|| Category::Other(word.to_owned()))
}

/// The few weaknesses of the list that are about threads; all others let somebody in or something out.
fn cwe(number: u32) -> Category {
    match number {
        362..=368
        | 412..=414
        | 543
        | 567
        | 572
        | 609
        | 662
        | 663
        | 667
        | 764
        | 820
        | 821
        | 832
        | 833 => Category::Concurrency,
        369
        | 476
        | 480..=484
        | 561
        | 563
        | 570
        | 571
        | 597
        | 617
        | 628
        | 670
        | 674..=676
        | 681
        | 682
        | 754
        | 755
        | 835 => Category::Correctness,
        _ => Category::Security,
    }
}

fn leading_number(text: &str) -> Option<u32> {
    text.split(|it: char| !it.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}
