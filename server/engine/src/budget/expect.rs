//! What a call will probably take, before it is made; and what it took, where nobody told.

use super::amount::Spent;
use super::price::Prices;
use domain::answer::Usage;
use std::time::Duration;

/// Bytes of a token, for estimates: about what tokenizers make of English and of code.
pub(crate) const BYTES_PER_TOKEN: u64 = 4;
/// Tokens that an answer is expected to have while nothing is known of the agent's answers.
const ANSWER: u64 = 1000;

/// What a call will probably take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Expected {
    /// Tokens read.
    pub(crate) input: u64,
    /// Tokens written.
    pub(crate) output: u64,
    /// US dollars; `None` when nothing is known about them.
    pub(crate) usd: Option<f64>,
}

/// What an agent's latest calls of a kind took on average, as it told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    /// Tokens read.
    pub(crate) input: Option<u64>,
    /// Tokens written.
    pub(crate) output: Option<u64>,
    /// US dollars.
    pub(crate) usd: Option<f64>,
    /// The model of the last one.
    pub(crate) model: Option<String>,
}

impl Expected {
    /// Of a call that sends so many bytes. Agents read more than they are sent, so what they told of earlier calls counts
    /// where it is more.
    pub(crate) fn of(bytes: usize, history: Option<&History>, prices: &Prices) -> Self {
        let nothing = History::default();
        let history = history.unwrap_or(&nothing);
        let input = tokens(bytes).max(history.input.unwrap_or_default());
        let output = history.output.unwrap_or(ANSWER);
        let price = history.model.as_deref().and_then(|it| prices.of(it));
        let by_price = price.map(|it| it.of(input, output));
        // What the agent tells includes discounts that a price does not know.
        let usd = history.usd.or(by_price);
        Self { input, output, usd }
    }
    /// Tokens read and written.
    pub(crate) fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
    /// A call under way: all that is known of it.
    pub(crate) fn as_spent(&self) -> Spent {
        Spent {
            calls: 1,
            input_tokens: self.input,
            output_tokens: self.output,
            tokens_estimated: true,
            usd: self.usd.unwrap_or_default(),
            usd_estimated: self.usd.is_some(),
            unpriced: u64::from(self.usd.is_none()),
            ..Spent::default()
        }
    }
}

/// What a call took, told or estimated.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) model: Option<String>,
    /// Tokens read.
    pub(crate) input: u64,
    /// Tokens written.
    pub(crate) output: u64,
    /// The agent told both.
    pub(crate) tokens_told: bool,
    /// US dollars; `None` when they are not known.
    pub(crate) usd: Option<f64>,
    /// The agent told them.
    pub(crate) usd_told: bool,
}

impl Cost {
    /// Of a call that was answered. What the agent did not tell is estimated from the bytes that were sent and received.
    pub(crate) fn of(
        usage: Option<&Usage>,
        sent: usize,
        received: usize,
        prices: &Prices,
        model: Option<&str>,
    ) -> Self {
        let nothing = Usage::default();
        let usage = usage.unwrap_or(&nothing);
        let model = usage.model.as_deref().or(model);
        let input = usage.input_tokens.unwrap_or_else(|| tokens(sent));
        let output = usage.output_tokens.unwrap_or_else(|| tokens(received));
        let told = usage.cost_usd.filter(|it| it.is_finite() && *it >= 0.0);
        let price = model.and_then(|it| prices.of(it));
        Self {
            model: model.map(str::to_owned),
            input,
            output,
            tokens_told: usage.input_tokens.is_some() && usage.output_tokens.is_some(),
            usd: told.or_else(|| price.map(|it| it.of(input, output))),
            usd_told: told.is_some(),
        }
    }
    /// Of a call that nobody can tell the cost of: what was expected.
    pub(crate) fn expected(expected: &Expected) -> Self {
        Self {
            input: expected.input,
            output: expected.output,
            usd: expected.usd,
            ..Self::default()
        }
    }
    /// Of a call that costs nothing.
    pub(crate) fn nothing() -> Self {
        Self {
            tokens_told: true,
            usd: Some(0.0),
            usd_told: true,
            ..Self::default()
        }
    }
    /// The same as an amount.
    pub(crate) fn as_spent(&self, took: Duration) -> Spent {
        Spent {
            calls: 1,
            input_tokens: self.input,
            output_tokens: self.output,
            tokens_estimated: !self.tokens_told,
            usd: self.usd.unwrap_or_default(),
            usd_estimated: self.usd.is_some() && !self.usd_told,
            unpriced: u64::from(self.usd.is_none()),
            time: took,
        }
    }
}

/// The tokens of so many bytes, estimated.
pub(crate) fn tokens(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_come_from_bytes_and_from_what_was_told_before() {
        let prices = Prices::default();
        let plain = Expected::of(4001, None, &prices);
        assert_eq!((plain.input, plain.output, plain.usd), (1001, ANSWER, None));
        let history = History {
            input: Some(50_000),
            output: Some(2_000),
            usd: None,
            model: Some("gpt-5".to_owned()),
        };
        let known = Expected::of(4000, Some(&history), &prices);
        assert_eq!((known.input, known.output), (50_000, 2_000));
        assert!(
            known.usd.is_some_and(|it| (it - 0.0825).abs() < 1e-9),
            "{known:?}"
        );
        let larger = Expected::of(400_000, Some(&history), &prices);
        assert_eq!(larger.input, 100_000);
        let told = History {
            usd: Some(0.5),
            ..history
        };
        assert_eq!(Expected::of(0, Some(&told), &prices).usd, Some(0.5));
    }
}
