//! Provides the cost of calls, from a table of published prices.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::record::Usage;

/// Prices by model name.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceTable {
    models: BTreeMap<String, Price>,
}

/// What a model costs, in USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens of the request that were not read from a cache.
    pub input: f64,
    /// Tokens of the request that were; as `input` where there is no discount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// Tokens of the reply, reasoning included.
    pub output: f64,
}

/// Why there is no price table.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// The file could not be read.
    #[error("price table {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is no price table.
    #[error("price table {origin}: {source}")]
    Invalid {
        /// Where the text came from.
        origin: String,
        /// What is wrong with it, and where.
        source: Box<toml::de::Error>,
    },
    /// A price that would make costs meaningless.
    #[error("price table {origin}: {model} has a price that is negative or not a number")]
    Negative {
        /// Where the text came from.
        origin: String,
        /// The model.
        model: String,
    },
}

impl PriceTable {
    /// The table that comes with the program.
    pub fn builtin() -> Result<Self, PriceError> {
        Self::parse(include_str!("../../configs/prices.toml"), "of the program")
    }

    /// Reads a table of the same form as `configs/prices.toml`.
    pub fn read(path: &Path) -> Result<Self, PriceError> {
        let text = std::fs::read_to_string(path).map_err(|source| PriceError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    fn parse(text: &str, origin: &str) -> Result<Self, PriceError> {
        let table: Self = toml::from_str(text).map_err(|source| PriceError::Invalid {
            origin: origin.to_owned(),
            source: Box::new(source),
        })?;
        table.checked(origin)
    }

    /// The table with these prices laid over it, by the model's name.
    ///
    /// # Errors
    ///
    /// If one of them is negative or not a number.
    pub fn with(self, prices: &BTreeMap<String, Price>, origin: &str) -> Result<Self, PriceError> {
        let own = Self {
            models: prices.clone(),
        };
        let PriceTable { mut models } = self;
        models.extend(own.checked(origin)?.models);
        Ok(Self { models })
    }

    fn checked(self, origin: &str) -> Result<Self, PriceError> {
        let is_wrong = |price: &f64| !(price.is_finite() && *price >= 0.0);
        let wrong = self.models.iter().find(|(_, price)| {
            let Price {
                input,
                cached_input,
                output,
            } = price;
            [*input, cached_input.unwrap_or(0.0), *output]
                .iter()
                .any(is_wrong)
        });
        match wrong {
            Some((model, _)) => Err(PriceError::Negative {
                origin: origin.to_owned(),
                model: model.clone(),
            }),
            None => Ok(self),
        }
    }

    /// The price of a model: that of its exact name, else of the longest name in the
    /// table with which it begins. `None` is unknown.
    ///
    /// A name in the table has to end where a part of the model's name does:
    /// `gpt-4o-mini-2024-07-18` costs what `gpt-4o-mini` costs, and neither has
    /// anything to do with `gpt-4`.
    ///
    /// ```
    /// let prices = tracer::prices::PriceTable::builtin()?;
    /// assert_eq!(prices.price("gpt-4o-mini-2024-07-18"), prices.price("gpt-4o-mini"));
    /// assert!(prices.price("gpt-4turtle").is_none());
    /// # Ok::<(), tracer::prices::PriceError>(())
    /// ```
    pub fn price(&self, model: &str) -> Option<&Price> {
        let is_prefix = |name: &str| {
            model
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['-', '@', ':', '/']))
        };
        self.models.get(model).or_else(|| {
            self.models
                .iter()
                .filter(|(name, _)| is_prefix(name))
                .max_by_key(|(name, _)| name.len())
                .map(|(_, price)| price)
        })
    }

    /// What a call costs in USD, never rounded; `None` where model or tokens are unknown.
    pub fn cost(&self, model: &str, usage: &Usage) -> Option<f64> {
        let price = self.price(model)?;
        let (prompt, completion) = (usage.prompt_tokens?, usage.completion_tokens?);
        let cached = usage.cached_tokens.unwrap_or(0).min(prompt);
        let per_million = (prompt - cached) as f64 * price.input
            + cached as f64 * price.cached_input.unwrap_or(price.input)
            + completion as f64 * price.output;
        Some(per_million / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(model: &str, usage: [u64; 3], expected: Option<f64>) {
        let [prompt, cached, completion] = usage.map(Some);
        let usage = Usage {
            prompt_tokens: prompt,
            cached_tokens: cached,
            completion_tokens: completion,
            ..Usage::default()
        };
        assert_eq!(
            PriceTable::builtin().unwrap().cost(model, &usage),
            expected,
            "{model}"
        );
    }

    #[test]
    fn a_call_costs_its_tokens_by_kind() {
        check("gpt-4o-mini", [1_000_000, 0, 0], Some(0.15));
        check("gpt-4o-mini", [1_000_000, 1_000_000, 0], Some(0.075));
        check("gpt-4o-mini", [0, 0, 1_000_000], Some(0.6));
        check(
            "gpt-4o-mini",
            [3, 1, 1],
            Some((2.0 * 0.15 + 0.075 + 0.6) / 1e6),
        );
    }

    #[test]
    fn a_model_is_not_billed_as_another_with_a_similar_name() {
        let prices = PriceTable::builtin().unwrap();
        assert_ne!(prices.price("gpt-4o-mini"), prices.price("gpt-4"));
        assert_eq!(prices.price("gpt-4-0613"), prices.price("gpt-4"));
        assert_eq!(prices.price("gpt-5.9"), None);
        assert_eq!(
            prices.price("claude-opus-4-5-20251101"),
            prices.price("claude-opus-4-5")
        );
    }

    #[test]
    fn an_unknown_model_has_an_unknown_cost() {
        check("embedded:expert", [10, 0, 10], None);
        check("", [10, 0, 10], None);
        let unknown_tokens = Usage {
            prompt_tokens: Some(1),
            ..Usage::default()
        };
        assert_eq!(
            PriceTable::builtin()
                .unwrap()
                .cost("gpt-4o", &unknown_tokens),
            None
        );
    }

    #[test]
    fn a_table_that_makes_no_sense_is_refused() {
        let error = PriceTable::parse("[models]\nx = { input = -1.0, output = 1.0 }", "p.toml");
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("p.toml: x has a price")
        );
        assert!(PriceTable::parse("[models]\nx = { inptu = 1.0 }", "p.toml").is_err());
        let missing = PriceTable::read(Path::new("/nowhere/prices.toml")).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/prices.toml"));
    }
}
