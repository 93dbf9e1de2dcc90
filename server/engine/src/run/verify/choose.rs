//! Who checks: an agent that can be asked, goes by no fixed rules, and has not said it itself.

use crate::config::{Config, Loaded};
use crate::run::manner::takes_words;
use crate::run::prepare::unknown;
use agents::{AgentSpec, Operation};
use domain::finding::Finding;
use std::collections::BTreeSet;

/// The configured agents that may check what these agents said, the preferred ones first.
pub(crate) fn verifiers<'c>(config: &'c Config, said: &[Finding]) -> Vec<&'c AgentSpec> {
    let able = configured(config)
        .iter()
        .filter_map(|it| config.agents.get(it));
    let mut able: Vec<&AgentSpec> = able
        .filter(|it| !it.rules && !operations(it).is_empty())
        .filter(|it| said.iter().all(|said| said.provider != it.provider))
        .collect();
    able.dedup_by(|a, b| a.name == b.name);
    able
}

fn configured(config: &Config) -> &[String] {
    let lists = [&config.verify.agents, &config.review.agents];
    let list = lists.into_iter().find(|it| !it.is_empty());
    list.map_or(&[], Vec::as_slice)
}

/// The agents that may check, in their order: those that the user named, else those of the configuration.
///
/// # Errors
/// A sentence when a named one cannot, or there is none.
pub(super) fn chosen<'l>(
    loaded: &'l Loaded,
    named: &[String],
) -> Result<Vec<&'l AgentSpec>, String> {
    if !named.is_empty() {
        return named.iter().map(|it| usable(loaded, it)).collect();
    }
    let able = verifiers(&loaded.config, &[]);
    if able.is_empty() {
        return Err(
            "no agent can be asked to verify; name one with a model in `[verify] agents` that can `ask` or `review`"
                .to_owned(),
        );
    }
    Ok(able)
}

fn usable<'l>(loaded: &'l Loaded, name: &str) -> Result<&'l AgentSpec, String> {
    let Some(spec) = loaded.config.agents.get(name) else {
        return Err(unknown(loaded, name));
    };
    if spec.rules {
        return Err(format!(
            "agent `{name}` goes by fixed rules and cannot judge what others say"
        ));
    }
    if operations(spec).is_empty() {
        return Err(format!(
            "agent `{name}` cannot verify; give it `[agents.{name}.ask]` with the `tool` to call"
        ));
    }
    Ok(spec)
}

/// By what an agent can be asked for a check, the best first.
pub(super) fn operations(spec: &AgentSpec) -> Vec<Operation> {
    let both = [Operation::Ask, Operation::Review];
    both.into_iter()
        .filter(|it| takes_words(spec, *it))
        .collect()
}

/// The provider of an author: an agent or a provider.
pub(super) fn provider<'a>(loaded: &'a Loaded, author: &'a str) -> &'a str {
    let agent = loaded.config.agents.get(author);
    agent.map_or(author, |it| it.provider.as_str())
}

/// Who checks instead of an agent that has no quota left. `barred`: the providers that may not.
///
/// # Errors
/// Why nobody does; `None` where no fallback is configured.
pub(super) fn stand_in<'c>(
    config: &'c Config,
    short: &str,
    barred: &BTreeSet<String>,
) -> Result<&'c AgentSpec, Option<String>> {
    let name = config.fallbacks.get(short).ok_or(None)?;
    let gone = || Some(format!("its fallback `{name}` is not there any more"));
    let spec = config.agents.get(name).ok_or_else(gone)?;
    if spec.rules || operations(spec).is_empty() {
        return Err(Some(format!("its fallback `{name}` cannot verify")));
    }
    if barred.contains(&spec.provider) {
        return Err(Some(format!(
            "its fallback `{name}` is of {}, which said it or wrote the code",
            spec.provider
        )));
    }
    Ok(spec)
}

/// The first of the verifiers that is of another provider than those that said it, than `author` (an agent or a provider), and than
/// those in `wrote`, whose change it is about.
///
/// # Errors
/// A sentence when there is none.
pub(super) fn independent<'l>(
    loaded: &Loaded,
    verifiers: &[&'l AgentSpec],
    cluster: &[Finding],
    author: Option<&str>,
    wrote: &BTreeSet<&str>,
) -> Result<&'l AgentSpec, String> {
    let author = author.map(|it| provider(loaded, it));
    let wrote: BTreeSet<&str> = author.into_iter().chain(wrote.iter().copied()).collect();
    let said: BTreeSet<&str> = cluster.iter().map(|it| it.provider.as_str()).collect();
    let is_free = |it: &&&AgentSpec| {
        !said.contains(it.provider.as_str()) && !wrote.contains(it.provider.as_str())
    };
    if let Some(spec) = verifiers.iter().find(is_free) {
        return Ok(spec);
    }
    let all = |providers: &BTreeSet<&str>| {
        let quoted = providers.iter().map(|it| format!("`{it}`"));
        quoted.collect::<Vec<String>>().join(" and ")
    };
    let written = match wrote.is_empty() {
        true => String::new(),
        false => format!(" and {} wrote the code", all(&wrote)),
    };
    Err(format!(
        "{} said it{written}, and no agent of another provider may be asked; name one in `[verify] agents`",
        all(&said)
    ))
}
