//! `[budget]`, `[prices]` and `fallback`: what the layers say of cost, and who stands in for whom.

use super::draft::Draft;
use super::file::{AmountTable, BudgetTable, ConfigFile};
use super::layers::Layers;
use super::problems::{Problem, nearest};
use super::source::Source;
use crate::budget::{BudgetConfig, Limits, Period, Price, Prices, Rule};
use agents::spec::{AgentSpec, Operation};
use std::collections::{BTreeMap, BTreeSet};

/// The budgets and prices of all layers. The user's file and the editor's settings are laid over each other key by key; what
/// the project says becomes rules of its own beside them. All rules hold, so a project only ever lowers a budget.
pub(super) fn budget(layers: &Layers) -> BudgetConfig {
    let own = [&layers.user.content, &layers.settings.content];
    let project = [&layers.project.content];
    let mut rules = of_layers(&own, false);
    rules.extend(of_layers(&project, true));
    let confirm = |layers: &[&ConfigFile]| laid(layers, |it| it.budget.confirm);
    let mut prices = Prices::default();
    for layer in layers.last_first().into_iter().rev() {
        for (model, price) in &layer.content.prices {
            let price = Price {
                input: price.input.0,
                output: price.output.0,
            };
            prices.own.insert(model.trim().to_lowercase(), price);
        }
    }
    BudgetConfig {
        rules,
        confirm: lower(confirm(&own), confirm(&project)),
        prices,
    }
}

/// The rules of these layers, of which a later one wins.
fn of_layers(layers: &[&ConfigFile], by_project: bool) -> Vec<Rule> {
    let agents: BTreeSet<&String> = layers.iter().flat_map(|it| it.agents.keys()).collect();
    let names = std::iter::once(None).chain(agents.into_iter().map(Some));
    let mut rules = Vec::new();
    for agent in names {
        for period in [Period::Run, Period::Day] {
            let limits = laid(layers, |it| amount(it, agent, period));
            if !limits.is_empty() {
                rules.push(Rule {
                    agent: agent.cloned(),
                    period,
                    by_project,
                    limits,
                });
            }
        }
    }
    rules
}

/// What a layer says of an agent, or of all.
fn amount(layer: &ConfigFile, agent: Option<&String>, period: Period) -> Option<AmountTable> {
    let (run, day) = match agent {
        None => {
            let BudgetTable { run, day, .. } = &layer.budget;
            (run, day)
        }
        Some(agent) => {
            let table = layer.agents.get(agent)?.budget.as_ref()?;
            (&table.run, &table.day)
        }
    };
    match period {
        Period::Run => *run,
        Period::Day => *day,
    }
}

fn laid(layers: &[&ConfigFile], get: impl Fn(&ConfigFile) -> Option<AmountTable>) -> Limits {
    let mut limits = Limits::default();
    for table in layers.iter().filter_map(|it| get(it)) {
        let AmountTable {
            calls,
            tokens,
            usd,
            minutes,
        } = table;
        limits.calls = calls.map(u64::from).or(limits.calls);
        limits.tokens = tokens.or(limits.tokens);
        limits.usd = usd.map(|it| it.0).or(limits.usd);
        limits.minutes = minutes.map(u64::from).or(limits.minutes);
    }
    limits
}

/// The lower one, unit by unit.
fn lower(a: Limits, b: Limits) -> Limits {
    let least = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
    Limits {
        calls: least(a.calls, b.calls),
        tokens: least(a.tokens, b.tokens),
        usd: a.usd.into_iter().chain(b.usd).min_by(f64::total_cmp),
        minutes: least(a.minutes, b.minutes),
    }
}

/// Who stands in for whom. A fallback that is not there, cannot review, or leads back to where it began is left out and told.
pub(super) fn fallbacks(
    drafts: &BTreeMap<String, Draft>,
    agents: &BTreeMap<String, AgentSpec>,
    sources: &[&Source],
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, String> {
    let mut fallbacks: BTreeMap<String, String> = BTreeMap::new();
    for name in agents.keys() {
        let Some(said) = drafts.get(name).and_then(|it| it.fallback.as_ref()) else {
            continue;
        };
        let fallback = &said.value;
        let wrong = match agents.get(fallback) {
            None => Some(match nearest(fallback, agents.keys().map(String::as_str)) {
                Some(meant) => format!("there is no agent {fallback:?}; did you mean {meant:?}?"),
                None => format!("there is no agent {fallback:?}"),
            }),
            Some(agent) if !agent.operations.contains_key(&Operation::Review) => Some(format!(
                "agent {fallback:?} cannot review: name its tool in [agents.{fallback}.review]"
            )),
            Some(_) => circle(&fallbacks, name, fallback)
                .map(|circle| format!("it leads back to where it began: {circle}")),
        };
        match wrong {
            None => {
                fallbacks.insert(name.clone(), fallback.clone());
            }
            Some(why) => {
                let message = format!("the fallback of agent {name:?} is left out: {why}");
                problems.push(sources[said.by].agent_problem(name, &["fallback"], &message));
            }
        }
    }
    fallbacks
}

/// The way from `name` over `fallback` back to `name`, if there is one. The fallbacks so far have none.
fn circle(fallbacks: &BTreeMap<String, String>, name: &str, fallback: &str) -> Option<String> {
    let mut way = vec![name, fallback];
    let mut at = fallback;
    while at != name {
        at = fallbacks.get(at)?;
        way.push(at);
    }
    Some(way.join(" → "))
}
