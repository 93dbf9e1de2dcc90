//! `crosscheck usage`: what calls have cost, agent by agent, and what is left of the day's budgets.

use crate::args::{ListFormat, UsageArgs};
use crate::output::{self, style};
use crate::recall;
use crate::workspace::{Workspace, block_on};
use engine::AgentSpent;
use engine::budget::{Period, Rule, Spent};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Prints what calls have cost.
pub(crate) fn run(args: &UsageArgs) -> anyhow::Result<u8> {
    block_on(print(args))
}

async fn print(args: &UsageArgs) -> anyhow::Result<u8> {
    let mut workspace = Workspace::open(args.root.root.as_deref()).await?;
    let since = since(args.days);
    let root = args.here.then(|| workspace.root.clone());
    let agents = recall::spent(&mut workspace, root.as_deref(), since).await?;
    let budgets = budgets(&mut workspace).await?;
    match args.format {
        ListFormat::Json => {
            let agents: Vec<Value> = agents.iter().map(agent).collect();
            let budgets: Vec<Value> = budgets.iter().map(budget).collect();
            let since = since
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs();
            let document =
                json!({ "root": root, "since": since, "agents": agents, "day_budgets": budgets });
            output::document(&document)?;
        }
        ListFormat::Text => {
            if agents.is_empty() {
                anstream::println!("no calls");
            }
            let width = agents
                .iter()
                .map(|it| it.agent.len())
                .max()
                .unwrap_or_default();
            for AgentSpent { agent, spent, .. } in &agents {
                let time = format!("{:.0} s", spent.time.as_secs_f64());
                anstream::println!(
                    "{} {spent}, {time}",
                    style::strong(&format!("{agent:width$}"))
                );
            }
            if agents.len() > 1 {
                let total = sum(&agents, |_| true);
                anstream::println!("{}", style::dim(&format!("{:width$} {total}", "all")));
            }
            for (rule, spent) in &budgets {
                let percent = 100.0 * rule.limits.share(spent).unwrap_or_default();
                anstream::println!("{percent:.0} % of `{}`", rule.table());
            }
        }
    }
    Ok(crate::CLEAN)
}

/// The beginning of the first of the last `days` days of UTC, today among them.
pub(crate) fn since(days: u32) -> SystemTime {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let today = now.as_secs() / DAY.as_secs();
    let first = today.saturating_sub(u64::from(days.saturating_sub(1)));
    UNIX_EPOCH + Duration::from_secs(first * DAY.as_secs())
}

/// The budgets of a day, and what was spent of each today.
async fn budgets(workspace: &mut Workspace) -> anyhow::Result<Vec<(Rule, Spent)>> {
    let rules = workspace.loaded.config.budget.rules.clone();
    let root = workspace.root.clone();
    let everywhere = recall::spent(workspace, None, since(1)).await?;
    let here = recall::spent(workspace, Some(&root), since(1)).await?;
    let of_day = rules.into_iter().filter(|it| it.period == Period::Day);
    let spent = of_day.map(|rule| {
        let agents = if rule.by_project { &here } else { &everywhere };
        let spent = sum(agents, |it| {
            rule.agent.as_deref().is_none_or(|agent| agent == it)
        });
        (rule, spent)
    });
    Ok(spent.collect())
}

fn sum(agents: &[AgentSpent], which: impl Fn(&str) -> bool) -> Spent {
    let mut total = Spent::default();
    for agent in agents.iter().filter(|it| which(&it.agent)) {
        total += &agent.spent;
    }
    total
}

fn agent(agent: &AgentSpent) -> Value {
    json!({ "name": agent.agent, "provider": agent.provider, "spent": output::json::spent(&agent.spent) })
}

fn budget((rule, spent): &(Rule, Spent)) -> Value {
    let limits = &rule.limits;
    json!({
        "agent": rule.agent, "by_project": rule.by_project, "share": rule.limits.share(spent),
        "calls": limits.calls, "tokens": limits.tokens, "usd": limits.usd, "minutes": limits.minutes,
        "spent": output::json::spent(spent),
    })
}
