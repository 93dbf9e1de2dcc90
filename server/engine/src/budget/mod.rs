//! Budgets: what calls may cost, what they have cost, and the one gate that every call of a run passes.

mod amount;
mod estimate;
mod expect;
pub(crate) mod gate;
mod limits;
mod price;
mod ticket;
mod today;

pub use amount::Spent;
pub use estimate::Estimate;
pub(crate) use expect::{Cost, Expected, History};
pub(crate) use limits::Refusal;
pub use limits::{Limits, Period, Rule};
pub use price::{Price, Prices};
pub(crate) use ticket::Ticket;

/// Budgets and prices of one root.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BudgetConfig {
    /// All of them hold.
    pub rules: Vec<Rule>,
    /// A run that is estimated to take more than this is asked about first, where somebody can be asked.
    pub confirm: Limits,
    /// What models cost.
    pub prices: Prices,
}
