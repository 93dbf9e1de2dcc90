//! What went wrong, for a person: what happened, in Claude Code's words where it has some, and what to do.

use super::outcome::Outcome;
use super::turn::Ending;
use crate::quote;
use process::{Exit, SpawnError};

/// Longest quotation of what Claude Code says, in characters.
const MAX_WORDS: usize = 600;

const INSTALL: &str = "install Claude Code (`npm install -g @anthropic-ai/claude-code`), or say where it is with \
                       `crosscheck agent claude --program PATH`";
const UPDATE: &str = "this Claude Code is too old for Crosscheck, which needs 2.1.169 or later; update it with `claude \
                      update`";
const LOGIN: &str = "run `claude` once and log in, or set ANTHROPIC_API_KEY";

/// Kinds of trouble: what happened and what to do, and how each is known.
struct Kind {
    what: &'static str,
    advice: &'static str,
    /// The program's own name for it.
    names: &'static [&'static str],
    /// The statuses of the service's answers that mean it.
    statuses: &'static [u64],
    /// Parts of the program's words, in lower case.
    words: &'static [&'static str],
}

/// The first that fits counts.
const KINDS: &[Kind] = &[
    Kind {
        what: "Claude Code has no credit left",
        advice: "buy credit, or log in to another account with `claude`",
        names: &["billing_error"],
        statuses: &[402],
        words: &["credit balance"],
    },
    Kind {
        what: "the prompt is too long for the model",
        advice: "review fewer files at once",
        names: &[],
        statuses: &[413],
        words: &["prompt is too long", "context window", "request too large"],
    },
    Kind {
        what: "the account of Claude Code may not be used",
        advice: "run `claude` to see why",
        names: &[
            "account_on_hold",
            "oauth_org_not_allowed",
            "verification_required",
        ],
        statuses: &[],
        words: &[],
    },
    Kind {
        what: "Claude Code is not logged in, or its login is not accepted",
        advice: LOGIN,
        names: &["authentication_failed", "cloud_credential_error"],
        statuses: &[401, 403],
        words: &["not logged in", "run /login", "invalid api key"],
    },
    Kind {
        what: "Claude Code has reached a rate or usage limit",
        advice: "try again later, or use another agent",
        names: &["rate_limit"],
        statuses: &[429],
        words: &["usage limit", "limit reached"],
    },
    Kind {
        what: "the service behind Claude Code is overloaded",
        advice: "try again in a few minutes",
        names: &["overloaded"],
        statuses: &[529],
        words: &["overloaded"],
    },
    Kind {
        what: "Claude Code may not use this model, or there is none of this name",
        advice: "give another with `crosscheck agent claude --model NAME`",
        names: &["model_not_found"],
        statuses: &[404],
        words: &[],
    },
    Kind {
        what: "Claude Code cannot reach its service",
        advice: "check the network, the proxy, and ANTHROPIC_BASE_URL if it is set",
        // Such trouble is called an error of the service.
        names: &[],
        statuses: &[],
        words: &[
            "econnrefused",
            "enotfound",
            "eai_again",
            "unable to connect",
        ],
    },
    Kind {
        what: "the service behind Claude Code has an error",
        advice: "try again in a few minutes",
        names: &["server_error"],
        statuses: &[500, 502, 503, 504],
        words: &[],
    },
    Kind {
        what: "Claude Code stopped at its limit of turns",
        advice: "ask for less at once",
        names: &["error_max_turns"],
        statuses: &[],
        words: &[],
    },
    Kind {
        what: "Claude Code stopped at its limit of cost",
        advice: "ask for less at once, or raise the limit",
        names: &["error_max_budget_usd"],
        statuses: &[],
        words: &[],
    },
    Kind {
        what: "the model behind Claude Code did not keep to the form of an answer",
        advice: "try again, or use another model",
        names: &["error_max_structured_output_retries"],
        statuses: &[],
        words: &[],
    },
];

/// Any other trouble.
const OTHER: Kind = Kind {
    what: "Claude Code failed",
    advice: "",
    names: &[],
    statuses: &[],
    words: &[],
};

/// What a result says that is an error.
pub(super) fn outcome(outcome: &Outcome, trouble: Option<&str>, session: Option<&str>) -> String {
    let words = match outcome.text.trim() {
        "" => outcome.errors.join("; "),
        text => text.to_owned(),
    };
    if let Some(session) = session
        && is_unknown_session(&words)
    {
        return no_session(session);
    }
    let kind = kind(
        &[trouble.unwrap_or_default(), &outcome.kind],
        outcome.status,
        &words,
    );
    message(kind, &words)
}

/// Why there was no result at all.
pub(super) fn no_outcome(
    ending: &Ending,
    exit: &Exit,
    stderr: &str,
    session: Option<&str>,
) -> String {
    let what = match ending {
        Ending::Silent(limit) => {
            let limit = limit.as_secs_f32();
            format!(
                "said nothing for {limit} s and was stopped; try again, and see whether `claude` itself works"
            )
        }
        Ending::TooLong(limit) => {
            format!(
                "sent a message of more than {limit} bytes and was stopped; ask for less at once"
            )
        }
        Ending::Outcome(_) | Ending::Closed { .. } => {
            return ended(ending, exit, stderr, session);
        }
    };
    with_last_words(&format!("Claude Code {what}"), stderr)
}

/// There is no conversation of this name.
pub(super) fn no_session(session: &str) -> String {
    let session = domain::sanitize::line(session, 60);
    format!(
        "Claude Code does not know the conversation `{session}` on this machine; ask again without `session`"
    )
}

/// Why it did not start.
pub(super) fn not_started(error: &SpawnError) -> String {
    match error {
        SpawnError::NotFound { .. } => format!("{error}; {INSTALL}"),
        SpawnError::NoDirectory(_) | SpawnError::Other { .. } => error.to_string(),
    }
}

fn ended(ending: &Ending, exit: &Exit, stderr: &str, session: Option<&str>) -> String {
    let noise = match ending {
        Ending::Closed { noise } => noise.as_str(),
        _ => "",
    };
    let words = if stderr.trim().is_empty() {
        noise
    } else {
        stderr
    };
    if let Some(session) = session
        && is_unknown_session(words)
    {
        return no_session(session);
    }
    let lower = words.to_lowercase();
    if ["unknown option", "unknown argument", "allowed choices are"]
        .iter()
        .any(|it| lower.contains(it))
    {
        return with_last_words(UPDATE, words);
    }
    let kind = kind(&[], None, words);
    if kind.what != OTHER.what {
        return message(kind, words);
    }
    let how = match exit {
        Exit::Code(0) => "ended without an answer".to_owned(),
        // As shells count: 128 and the number of the signal.
        Exit::Code(143) | Exit::Signal(15) => {
            "was ended from outside before it had answered".to_owned()
        }
        exit => format!("ended with {exit} and without an answer"),
    };
    with_last_words(&format!("Claude Code {how}"), words)
}

fn is_unknown_session(words: &str) -> bool {
    words.contains("No conversation found") || words.contains("--resume requires a valid session")
}

fn kind(names: &[&str], status: Option<u64>, words: &str) -> &'static Kind {
    let words = words.to_lowercase();
    let fits = |kind: &&Kind| {
        kind.names.iter().any(|name| names.contains(name))
            || status.is_some_and(|status| kind.statuses.contains(&status))
            || kind.words.iter().any(|part| words.contains(part))
    };
    KINDS.iter().find(fits).unwrap_or(&OTHER)
}

fn message(kind: &Kind, words: &str) -> String {
    let words = quote::line(words, MAX_WORDS);
    let parts = [kind.what, &words].into_iter().filter(|it| !it.is_empty());
    let message = parts.collect::<Vec<_>>().join(": ");
    if kind.advice.is_empty() {
        message
    } else {
        format!("{}; {}", message.trim_end_matches('.'), kind.advice)
    }
}

fn with_last_words(what: &str, words: &str) -> String {
    let words = quote::line(words, MAX_WORDS);
    if words.is_empty() {
        what.to_owned()
    } else {
        format!("{what}; its last words: {words}")
    }
}

#[cfg(test)]
mod tests;
