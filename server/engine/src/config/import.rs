//! MCP server lists of other tools: where they are, and their entries as agents.

use super::document::{self, Lines, Malformed};
use super::file::{AgentTable, Import};
use super::interpolate::{Syntax, escape};
use super::problems::Problem;
use super::source::{Kind, Source, shown};
use crate::paths::Paths;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod entry;

/// Most servers taken from one list.
const MAX_SERVERS: usize = 200;

/// The servers of one list.
#[derive(Debug)]
pub(super) struct List {
    /// The tool whose list it is.
    pub import: Import,
    /// Where it came from.
    pub source: Source,
    /// The servers as agents, by name.
    pub agents: Vec<(String, AgentTable)>,
}

/// Reads the lists of `import`, in the order in which the first one that has a name wins. The files that were
/// looked for are added to `files`.
pub(super) fn read(
    import: &[Import],
    paths: &Paths,
    root: &Path,
    files: &mut Vec<PathBuf>,
    problems: &mut Vec<Problem>,
) -> Vec<List> {
    let mut lists = Vec::new();
    for place in import.iter().flat_map(|it| places(*it, paths, root)) {
        let source = Source {
            shown: shown(&place.path, root, &paths.home),
            file: Some(place.path.clone()),
            lines: Lines::default(),
            syntax: match place.import {
                Import::Codex | Import::Zed => Syntax::Ours,
                Import::Claude | Import::Vscode | Import::Cursor => Syntax::McpList,
            },
            table: place.table.clone(),
            kind: Kind::List {
                workspace: place.workspace,
            },
        };
        match servers(&place) {
            Ok((servers, lines)) => {
                let source = Source { lines, ..source };
                let agents = agents(&place, servers, &source, problems);
                lists.push(List {
                    import: place.import,
                    source,
                    agents,
                });
            }
            Err(it) => problems.push(Problem {
                line: it.line,
                warning: false,
                ..source.problem::<&str>(&[], &format!("the file is left out: {}", it.what))
            }),
        }
        if !files.contains(&place.path) {
            files.push(place.path);
        }
    }
    lists
}

/// Where a list is.
struct Place {
    import: Import,
    path: PathBuf,
    workspace: bool,
    /// The keys that lead to the servers.
    table: Vec<String>,
}

/// The lists of a tool: the one that wins first.
fn places(import: Import, paths: &Paths, root: &Path) -> Vec<Place> {
    let (workspace_file, user_file, key) = match import {
        Import::Claude => (".mcp.json", paths.home.join(".claude.json"), "mcpServers"),
        Import::Vscode => (
            ".vscode/mcp.json",
            application(paths).join("Code/User/mcp.json"),
            "servers",
        ),
        Import::Cursor => (
            ".cursor/mcp.json",
            paths.home.join(".cursor/mcp.json"),
            "mcpServers",
        ),
        Import::Codex => (
            ".codex/config.toml",
            match paths.variable("CODEX_HOME") {
                Some(directory) => Path::new(directory).join("config.toml"),
                None => paths.home.join(".codex/config.toml"),
            },
            "mcp_servers",
        ),
        Import::Zed => (
            ".zed/settings.json",
            zed(paths).join("settings.json"),
            "context_servers",
        ),
    };
    let place = |path, workspace, table: &[&str]| Place {
        import,
        path,
        workspace,
        table: table.iter().map(|it| (*it).to_owned()).collect(),
    };
    let mut places = Vec::new();
    if import == Import::Claude
        && let Some(root) = root.to_str()
    {
        places.push(place(user_file.clone(), false, &["projects", root, key]));
    }
    // In the home directory itself the two may be one file, which then is the user's.
    if root.join(workspace_file) != user_file {
        places.push(place(root.join(workspace_file), true, &[key]));
    }
    places.push(place(user_file, false, &[key]));
    places
}

/// Where applications keep the user's files.
fn application(paths: &Paths) -> PathBuf {
    if cfg!(target_os = "macos") {
        return paths.home.join("Library/Application Support");
    }
    if cfg!(windows) {
        return roaming(paths);
    }
    xdg_config(paths)
}

fn zed(paths: &Paths) -> PathBuf {
    if cfg!(windows) {
        return roaming(paths).join("Zed");
    }
    if cfg!(target_os = "macos") {
        return paths.home.join(".config/zed");
    }
    xdg_config(paths).join("zed")
}

fn xdg_config(paths: &Paths) -> PathBuf {
    match paths.variable("XDG_CONFIG_HOME") {
        Some(directory) => PathBuf::from(directory),
        None => paths.home.join(".config"),
    }
}

fn roaming(paths: &Paths) -> PathBuf {
    match paths.variable("APPDATA") {
        Some(directory) => PathBuf::from(directory),
        None => paths.home.join("AppData/Roaming"),
    }
}

/// The table of servers of a list; empty where there is none.
fn servers(place: &Place) -> Result<(Map<String, Value>, Lines), Malformed> {
    let max = if place.workspace {
        document::MAX_FILE
    } else {
        document::MAX_OWN_LIST
    };
    let Some(text) = document::read(&place.path, max)? else {
        return Ok(Default::default());
    };
    if text.trim().is_empty() {
        return Ok(Default::default());
    }
    let (found, lines) = if place.import == Import::Codex {
        let mut document = document::toml(&text)?;
        let mut path = place.table.iter();
        let found = path.try_fold(&mut document.value, |it, key| it.get_mut(key));
        (found.map(Value::take), document.lines)
    } else {
        let mut found = document::json_at(&text, &place.table)?;
        // Some write the key of another tool; an entry means the same under each of them.
        let other = match place.table.as_slice() {
            [key] if key == "mcpServers" => Some("servers"),
            [key] if key == "servers" => Some("mcpServers"),
            _ => None,
        };
        if let (None, Some(other)) = (&found, other) {
            found = document::json_at(&text, &[other.to_owned()])?;
        }
        (found, Lines::default())
    };
    match found {
        None | Some(Value::Null) => Ok((Map::new(), lines)),
        Some(Value::Object(servers)) => Ok((servers, lines)),
        Some(_) => Err(Malformed {
            line: lines.of(&place.table),
            what: format!("`{}` is not a table", place.table.join(".")),
        }),
    }
}

/// The entries as agents; one that cannot be used does not harm the others.
fn agents(
    place: &Place,
    servers: Map<String, Value>,
    source: &Source,
    problems: &mut Vec<Problem>,
) -> Vec<(String, AgentTable)> {
    let mut agents = Vec::new();
    let dropped = servers.len().saturating_sub(MAX_SERVERS);
    if dropped > 0 {
        let message = format!("{dropped} servers are left out: {MAX_SERVERS} is the most");
        problems.push(source.problem(&place.table, &message));
    }
    let servers: BTreeMap<String, Value> = servers.into_iter().collect();
    for (name, server) in servers.into_iter().take(MAX_SERVERS) {
        let table = match place.import {
            Import::Codex => entry::codex(&server),
            Import::Zed => entry::json(&server, &escape),
            Import::Claude | Import::Vscode | Import::Cursor => {
                entry::json(&server, &str::to_owned)
            }
        };
        match table {
            Ok(Some(table)) => agents.push((name, table)),
            Ok(None) => {}
            Err(message) => {
                let message = format!("the server {name:?} is {message}");
                problems.push(source.agent_problem(&name, &[], &message));
            }
        }
    }
    agents
}
