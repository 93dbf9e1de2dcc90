//! Telling refusals for want of quota from other errors, by the words that agents use for them.

use std::fmt;

/// What an agent, or the service behind it, is short of. Another agent may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Its quota or credit is used up.
    Quota,
    /// It had too many requests in a short time.
    Rate,
    /// Too many others use it.
    Overload,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quota => "out of quota",
            Self::Rate => "at its rate limit",
            Self::Overload => "overloaded",
        })
    }
}

/// What errors say, in lower case; the first that fits counts. From our adapters, and from the services of OpenAI, Anthropic,
/// Google, and others that copy their interfaces.
const WORDS: &[(Shortage, &[&str])] = &[
    (
        Shortage::Quota,
        &[
            "out of quota",
            "insufficient_quota",
            "insufficient quota",
            "exceeded your current quota",
            "quota exceeded",
            "quota is used up",
            "usage limit",
            "usage_limit",
            "no credit left",
            "credit balance",
            "out of credits",
            "billing_error",
            "http 402",
        ],
    ),
    (
        Shortage::Rate,
        &[
            "rate limit",
            "rate_limit",
            "rate-limit",
            "ratelimit",
            "limits the rate of requests",
            "rate or usage limit",
            "too many requests",
            "resource_exhausted",
            "http 429",
            "status 429",
            "error 429",
        ],
    ),
    (
        Shortage::Overload,
        &[
            "overloaded",
            "at capacity",
            "http 529",
            "status 529",
            "http 503",
            "status 503",
            "model provider has trouble",
            "model's provider has trouble",
        ],
    ),
];

impl Shortage {
    /// What the words of an error tell, if it is that.
    pub fn of(words: &str) -> Option<Self> {
        let words = words.to_lowercase();
        let says = |parts: &[&str]| parts.iter().any(|it| words.contains(it));
        let found = WORDS.iter().find(|(_, parts)| says(parts));
        found.map(|(shortage, _)| *shortage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortages_are_known_by_their_words() {
        use Shortage::{Overload, Quota, Rate};
        for (words, expected) in [
            (
                "Codex is out of quota: You've hit your usage limit; wait until it is renewed, or use another account or model",
                Some(Quota),
            ),
            (
                "the model's provider limits the rate of requests: slow down; try again later",
                Some(Rate),
            ),
            (
                "the model's provider has trouble: Selected model is at capacity; try again later",
                Some(Overload),
            ),
            (
                "Claude Code has reached a rate or usage limit: 5-hour limit reached; try again later, or use another agent",
                Some(Quota),
            ),
            (
                "Claude Code has no credit left: Credit balance is too low; buy credit",
                Some(Quota),
            ),
            (
                "the service behind Claude Code is overloaded; try again in a few minutes",
                Some(Overload),
            ),
            (
                "http://x/v1 has had too many requests, or the quota is used up (HTTP 429: slow down); try again in 3 s",
                Some(Quota),
            ),
            ("Error code: 429 - {'type': 'rate_limit_error'}", Some(Rate)),
            ("RESOURCE_EXHAUSTED: try later", Some(Rate)),
            ("{\"type\":\"overloaded_error\"}", Some(Overload)),
            ("the prompt is too long for the model", None),
            ("Codex is not logged in; run `codex login`", None),
            ("the connection to the model's provider broke off", None),
            ("cannot parse line 429", None),
            ("", None),
        ] {
            assert_eq!(Shortage::of(words), expected, "{words}");
        }
    }
}
