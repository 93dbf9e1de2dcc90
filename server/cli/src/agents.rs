//! `crosscheck agents`: which agents there are, in which version, where each comes from and what it can do.

use crate::args::{AgentsArgs, ListFormat};
use crate::output::{self, style};
use crate::policy;
use crate::workspace::{Workspace, block_on};
use agents::{AgentSpec, Endpoint};
use engine::approve::Approve;
use engine::config::Config;
use engine::version::{Version, versions};
use serde_json::{Value, json};

/// Prints the agents of the workspace. Starts none of them, but asks the programs behind them for their versions.
pub(crate) fn run(args: &AgentsArgs) -> anyhow::Result<u8> {
    block_on(list(args))
}

async fn list(args: &AgentsArgs) -> anyhow::Result<u8> {
    let workspace = Workspace::open(args.root.root.as_deref()).await?;
    let versions = versions(&workspace.engine, &workspace.root).await;
    let config = &workspace.loaded.config;
    let entries = config.agents.values().map(|spec| Entry {
        spec,
        version: versions.get(&spec.name),
        approve: config.approve.get(&spec.name),
        reviews: config.review.agents.contains(&spec.name),
    });
    let entries: Vec<Entry<'_>> = entries.collect();
    match args.format {
        ListFormat::Json => {
            let agents: Vec<Value> = entries.iter().map(Entry::describe).collect();
            output::document(&json!({ "root": workspace.root, "agents": agents }))?;
        }
        ListFormat::Text => print(&entries, config),
    }
    workspace.print_config_remarks();
    let failed = workspace.loaded.problems.iter().any(|it| !it.warning);
    Ok(if failed { crate::FAILED } else { crate::CLEAN })
}

/// One agent of the list.
struct Entry<'a> {
    spec: &'a AgentSpec,
    version: Option<&'a Version>,
    approve: Option<&'a Approve>,
    reviews: bool,
}

impl Entry<'_> {
    fn describe(&self) -> Value {
        let spec = self.spec;
        let mut endpoint = match &spec.endpoint {
            Endpoint::Stdio { command, cwd, .. } => json!({ "command": command, "cwd": cwd }),
            Endpoint::Http { url, .. } => json!({ "url": url }),
        };
        let operations: Vec<_> = spec.operations.keys().collect();
        let common = json!({
            "name": spec.name, "provider": spec.provider, "source": spec.source,
            "version": self.version.and_then(|it| it.as_ref().ok()),
            "version_unknown": self.version.and_then(|it| it.as_ref().err()),
            "operations": operations, "reviews": self.reviews,
            "approve": policy::value(self.approve.unwrap_or(&Approve::Ask)),
        });
        if let (Some(into), Value::Object(from)) = (endpoint.as_object_mut(), common) {
            into.extend(from);
        }
        endpoint
    }

    fn row(&self) -> [String; 6] {
        let spec = self.spec;
        let mark = if self.reviews { "*" } else { " " };
        let version = match self.version {
            Some(Ok(version)) => version.as_str(),
            Some(Err(_)) => "unknown",
            None => "",
        };
        let how = match &spec.endpoint {
            Endpoint::Stdio { command, .. } => command.join(" "),
            Endpoint::Http { url, .. } => url.clone(),
        };
        let operations: Vec<&str> = spec.operations.keys().map(|it| it.name()).collect();
        [
            format!("{mark} {}", spec.name),
            version.to_owned(),
            spec.provider.clone(),
            operations.join(", "),
            how,
            spec.source.clone(),
        ]
    }
}

fn print(entries: &[Entry<'_>], config: &Config) {
    table(&entries.iter().map(Entry::row).collect::<Vec<_>>());
    anstream::println!();
    for Entry {
        spec,
        version,
        approve,
        ..
    } in entries
    {
        let name = &spec.name;
        if let Some(Err(reason)) = version {
            anstream::println!(
                "{}: the version of {name} is unknown: {reason}",
                style::note("note")
            );
        }
        if let Some(words) = approve.and_then(policy::words) {
            anstream::println!("{}: {name} {words}", style::note("note"));
        }
    }
    let legend = "* asked for reviews. `crosscheck doctor` starts and examines them.";
    anstream::println!("{}", style::dim(legend));
    if let Some(offer) = output::text::offer(&config.review.offered) {
        anstream::println!("{}", style::dim(&offer));
    }
}

fn table(rows: &[[String; 6]]) {
    let header = [
        "  AGENT",
        "VERSION",
        "PROVIDER",
        "CAN",
        "REACHED BY",
        "FROM",
    ]
    .map(str::to_owned);
    let widths: [usize; 6] = std::array::from_fn(|column| {
        std::iter::once(&header)
            .chain(rows)
            .map(|it| it[column].chars().count())
            .max()
            .unwrap_or(0)
    });
    let line = |cells: &[String; 6]| {
        let cells: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    anstream::println!("{}", style::dim(&line(&header)));
    for row in rows {
        anstream::println!("{}", line(row));
    }
}
