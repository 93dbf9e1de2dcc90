//! What calls have cost, as agents told it or as it is estimated.

use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

/// What some calls have cost. What is not known is counted, and never taken for nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spent {
    /// Calls that reached an agent.
    pub calls: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Some of the tokens are estimated from what was sent and received.
    pub tokens_estimated: bool,
    /// US dollars of the calls whose cost is known.
    pub usd: f64,
    /// Some of the dollars are tokens times a price, and not what the agent told.
    pub usd_estimated: bool,
    /// Calls whose dollars are not known: their agent told none, and there is no price for their model.
    pub unpriced: u64,
    /// Time that agents worked; of calls at the same time, the sum.
    pub time: Duration,
}

impl Spent {
    /// Tokens read and written.
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
    /// True when nothing was spent.
    pub fn is_nothing(&self) -> bool {
        self.calls == 0 && self.tokens() == 0
    }
    /// In two or three words, `~$0.32`: the dollars, and the calls of which they are not known; `None` without a call.
    pub fn in_short(&self) -> Option<String> {
        let usd = || format!("{}{}", about(self.usd_estimated), dollars(self.usd));
        match self.unpriced {
            _ if self.calls == 0 && self.usd == 0.0 => None,
            _ if self.usd == 0.0 => Some(calls(self.calls)),
            0 => Some(usd()),
            unpriced => Some(format!("{} and {}", usd(), calls(unpriced))),
        }
    }
}

impl AddAssign<&Spent> for Spent {
    fn add_assign(&mut self, other: &Spent) {
        self.calls = self.calls.saturating_add(other.calls);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.tokens_estimated |= other.tokens_estimated;
        self.usd += other.usd;
        self.usd_estimated |= other.usd_estimated;
        self.unpriced = self.unpriced.saturating_add(other.unpriced);
        self.time = self.time.saturating_add(other.time);
    }
}

/// `3 calls, ~41,200 tokens, ~$0.32`; dollars that are not known are said to be so.
impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", calls(self.calls))?;
        if self.tokens() > 0 {
            let about = about(self.tokens_estimated);
            write!(f, ", {about}{} tokens", grouped(self.tokens()))?;
        }
        match self.unpriced {
            0 if self.tokens() == 0 && self.usd == 0.0 => Ok(()),
            0 => write!(f, ", {}{}", about(self.usd_estimated), dollars(self.usd)),
            unpriced if unpriced >= self.calls => write!(f, ", dollars unknown"),
            unpriced => write!(
                f,
                ", {}{} and {} of unknown cost",
                about(self.usd_estimated),
                dollars(self.usd),
                calls(unpriced)
            ),
        }
    }
}

/// The mark of an estimate.
pub(crate) fn about(is_estimated: bool) -> &'static str {
    if is_estimated { "~" } else { "" }
}

/// `1 call`, `1,200 calls`.
pub(crate) fn calls(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} call{plural}", grouped(count))
}

/// `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `$1.20`; what is less than a cent has more places.
pub(crate) fn dollars(usd: f64) -> String {
    if usd > 0.0 && usd < 0.01 {
        format!("${usd:.4}")
    } else {
        format!("${usd:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_estimated_or_unknown_is_said() {
        let known = Spent {
            calls: 1,
            input_tokens: 1_200,
            output_tokens: 34,
            usd: 0.321,
            ..Spent::default()
        };
        let estimated = Spent {
            calls: 2,
            input_tokens: 1_000_000,
            tokens_estimated: true,
            usd: 0.002,
            usd_estimated: true,
            ..Spent::default()
        };
        let unknown = Spent {
            calls: 1,
            input_tokens: 10,
            tokens_estimated: true,
            unpriced: 1,
            ..Spent::default()
        };
        let mut both = known.clone();
        both += &unknown;
        for (spent, short) in [
            (&Spent::default(), None),
            (&known, Some("$0.32")),
            (&estimated, Some("~$0.0020")),
            (&unknown, Some("1 call")),
            (&both, Some("$0.32 and 1 call")),
        ] {
            assert_eq!(spent.in_short().as_deref(), short);
        }
        for (spent, words) in [
            (Spent::default(), "0 calls"),
            (known, "1 call, 1,234 tokens, $0.32"),
            (estimated, "2 calls, ~1,000,000 tokens, ~$0.0020"),
            (unknown, "1 call, ~10 tokens, dollars unknown"),
            (
                both,
                "2 calls, ~1,244 tokens, $0.32 and 1 call of unknown cost",
            ),
        ] {
            assert_eq!(spent.to_string(), words);
        }
    }
}
