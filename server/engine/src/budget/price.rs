//! Prices of models: the embedded table, and the user's own over it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Tokens that a price is for.
const PER: f64 = 1_000_000.0;

/// What a model costs, in US dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Of tokens read.
    pub input: f64,
    /// Of tokens written.
    pub output: f64,
}

impl Price {
    /// US dollars for so many tokens.
    pub(crate) fn of(self, input: u64, output: u64) -> f64 {
        // Beyond 2^53 tokens a dollar more or less does not matter.
        #[expect(clippy::cast_precision_loss, reason = "the loss does not matter")]
        let part = |tokens: u64, price: f64| tokens as f64 * price / PER;
        part(input, self.input) + part(output, self.output)
    }
}

/// The prices that hold: the user's go before the embedded ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// By how names of models begin, in lower case.
    pub own: BTreeMap<String, Price>,
}

impl Prices {
    /// The price of a model; `None` when it is not known. Of the user's prices the longest beginning of the name counts; an
    /// embedded price holds for its very model and dated versions of it only, for the next model may cost anything.
    pub(crate) fn of(&self, model: &str) -> Option<Price> {
        let model = model.trim().to_lowercase();
        // `anthropic/claude-opus-4-5`, `models/gemini-2.5-pro`: who sells it may stand before.
        let bare = model.rsplit('/').next().unwrap_or(&model);
        let mut own = self.own.iter().filter(|(name, _)| {
            !name.is_empty()
                && (model.starts_with(name.as_str()) || bare.starts_with(name.as_str()))
        });
        if let Some(longest) = own.next().map(|first| {
            own.fold(
                first,
                |best, it| {
                    if it.0.len() > best.0.len() { it } else { best }
                },
            )
        }) {
            return Some(*longest.1);
        }
        // Some write the dots of versions as dashes.
        let dashed = bare.replace('.', "-");
        let mut embedded = embedded().iter();
        embedded
            .find(|(name, _)| {
                let rest = dashed.strip_prefix(name.replace('.', "-").as_str());
                rest.is_some_and(is_version)
            })
            .map(|(_, price)| *price)
    }
}

/// True for what follows the name of a model and does not make it another one: nothing, a date, `latest`.
fn is_version(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix(['-', '@', ':']) else {
        return rest.is_empty();
    };
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    rest == "latest" || (digits == 8 && rest.chars().all(|it| it.is_ascii_digit() || it == '-'))
}

fn embedded() -> &'static BTreeMap<String, Price> {
    static EMBEDDED: OnceLock<BTreeMap<String, Price>> = OnceLock::new();
    // A table that cannot be read says nothing; a test reads it.
    EMBEDDED.get_or_init(|| toml::from_str(TABLE).unwrap_or_default())
}

const TABLE: &str = include_str!("prices.toml");

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn price(input: f64, output: f64) -> Option<Price> {
        Some(Price { input, output })
    }

    #[test]
    fn the_embedded_table_is_read_and_sound() {
        let table: BTreeMap<String, Price> = toml::from_str(TABLE).unwrap();
        assert!(table.len() > 20);
        for (name, Price { input, output }) in table {
            assert_eq!(name, name.to_lowercase());
            assert!(input > 0.0 && output >= input && output < 1000.0, "{name}");
        }
    }

    #[test]
    fn only_what_is_certainly_the_model_has_its_price() {
        let prices = Prices::default();
        for (model, expected) in [
            ("gpt-5", price(1.25, 10.0)),
            ("GPT-5-2025-08-07", price(1.25, 10.0)),
            ("openai/gpt-5", price(1.25, 10.0)),
            ("gpt-5-mini", price(0.25, 2.0)),
            ("gpt-5-micro", None),
            ("gpt-5.99", None),
            ("gpt-51", None),
            ("claude-sonnet-4-5-20250929", price(3.0, 15.0)),
            ("claude-sonnet-4.5", price(3.0, 15.0)),
            ("claude-sonnet-4-5@20250929", price(3.0, 15.0)),
            ("models/gemini-2.5-pro", price(1.25, 10.0)),
            ("opus, haiku", None),
            ("", None),
            ("llama3:8b", None),
        ] {
            assert_eq!(prices.of(model), expected, "{model}");
        }
    }

    #[test]
    fn the_users_own_prices_go_first_and_the_longest_name_counts() {
        let own = [("gpt", 1.0), ("gpt-5-mini", 2.0), ("llama", 0.0)];
        let own = own.map(|(name, all)| {
            let price = Price {
                input: all,
                output: all,
            };
            (name.to_owned(), price)
        });
        let prices = Prices { own: own.into() };
        assert_eq!(prices.of("gpt-5"), price(1.0, 1.0));
        assert_eq!(prices.of("gpt-5-mini-2025-08-07"), price(2.0, 2.0));
        assert_eq!(prices.of("meta/llama3:8b"), price(0.0, 0.0));
        assert_eq!(prices.of("claude-opus-4-5"), price(5.0, 25.0));
    }

    #[test]
    fn a_price_is_per_million_tokens() {
        let price = Price {
            input: 3.0,
            output: 15.0,
        };
        assert!((price.of(500_000, 100_000) - 3.0).abs() < 1e-9);
    }
}
