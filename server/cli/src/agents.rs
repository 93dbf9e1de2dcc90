//! `crosscheck agents`: which agents there are, where each comes from and what it can do.

use crate::args::{AgentsArgs, ListFormat};
use crate::output::{self, style};
use crate::workspace::{Workspace, block_on};
use agents::{AgentSpec, Endpoint};
use serde_json::{Value, json};

/// Prints the agents of the workspace; starts none of them.
pub(crate) fn run(args: &AgentsArgs) -> anyhow::Result<u8> {
    block_on(list(args))
}

async fn list(args: &AgentsArgs) -> anyhow::Result<u8> {
    let workspace = Workspace::open(args.root.root.as_deref()).await?;
    let config = &workspace.loaded.config;
    match args.format {
        ListFormat::Json => {
            let agents: Vec<Value> = config
                .agents
                .values()
                .map(|it| describe(it, &config.review.agents))
                .collect();
            output::document(&json!({ "root": workspace.root, "agents": agents }))?;
        }
        ListFormat::Text => {
            let agents = config.agents.values();
            let rows: Vec<_> = agents.map(|it| row(it, &config.review.agents)).collect();
            table(&rows);
            anstream::println!(
                "\n{}",
                style::dim("* asked for reviews. `crosscheck doctor` starts and examines them.")
            );
        }
    }
    workspace.print_config_remarks();
    let failed = workspace.loaded.problems.iter().any(|it| !it.warning);
    Ok(if failed { crate::FAILED } else { crate::CLEAN })
}

fn describe(spec: &AgentSpec, reviewers: &[String]) -> Value {
    let mut endpoint = match &spec.endpoint {
        Endpoint::Stdio { command, cwd, .. } => json!({ "command": command, "cwd": cwd }),
        Endpoint::Http { url, .. } => json!({ "url": url }),
    };
    let operations: Vec<_> = spec.operations.keys().collect();
    let common = json!({
        "name": spec.name, "provider": spec.provider, "source": spec.source,
        "operations": operations, "reviews": reviewers.contains(&spec.name),
    });
    if let (Some(into), Value::Object(from)) = (endpoint.as_object_mut(), common) {
        into.extend(from);
    }
    endpoint
}

fn row(spec: &AgentSpec, reviewers: &[String]) -> [String; 5] {
    let mark = if reviewers.contains(&spec.name) {
        "*"
    } else {
        " "
    };
    let how = match &spec.endpoint {
        Endpoint::Stdio { command, .. } => command.join(" "),
        Endpoint::Http { url, .. } => url.clone(),
    };
    let operations: Vec<&str> = spec.operations.keys().map(|it| it.name()).collect();
    [
        format!("{mark} {}", spec.name),
        spec.provider.clone(),
        operations.join(", "),
        how,
        spec.source.clone(),
    ]
}

fn table(rows: &[[String; 5]]) {
    let header = ["  AGENT", "PROVIDER", "CAN", "REACHED BY", "FROM"].map(str::to_owned);
    let widths: [usize; 5] = std::array::from_fn(|column| {
        std::iter::once(&header)
            .chain(rows)
            .map(|it| it[column].chars().count())
            .max()
            .unwrap_or(0)
    });
    let line = |cells: &[String; 5]| {
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
