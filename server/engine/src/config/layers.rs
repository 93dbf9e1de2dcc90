//! The layers: the user's file, the project file, the editor's settings.

use super::document::{self, Document, Lines, Malformed};
use super::file::ConfigFile;
use super::interpolate::Syntax;
use super::lenient;
use super::problems::Problem;
use super::source::{Kind, Source, shown};
use crate::paths::Paths;
use serde_json::Value;
use std::path::Path;

/// Name of the project file, at the root.
pub(super) const PROJECT_FILE: &str = "crosscheck.toml";

/// One layer.
#[derive(Debug)]
pub(super) struct Layer {
    /// Where it came from.
    pub source: Source,
    /// What it says.
    pub content: ConfigFile,
}

/// The layers that hold for a root; a later one wins.
#[derive(Debug)]
pub(super) struct Layers {
    /// The user's file.
    pub user: Layer,
    /// The project file.
    pub project: Layer,
    /// The editor's settings.
    pub settings: Layer,
}

impl Layers {
    /// Reads them all. A file that is missing or malformed says nothing.
    pub(super) fn read(
        paths: &Paths,
        root: &Path,
        settings: &Value,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut file = |path: &Path, kind| {
            let mut source = source(kind, shown(path, root, &paths.home));
            source.file = Some(path.to_owned());
            let document = parsed(path).unwrap_or_else(|it| {
                problems.push(Problem {
                    line: it.line,
                    ..source.problem::<&str>(&[], &format!("the file is left out: {}", it.what))
                });
                Document::default()
            });
            layer(source, document, problems)
        };
        let user = file(&paths.user_config(), Kind::User);
        let project = file(&root.join(PROJECT_FILE), Kind::Project);
        let settings = Document {
            value: section(settings).clone(),
            lines: Lines::default(),
        };
        let source = source(Kind::Settings, "editor settings".to_owned());
        Self {
            user,
            project,
            settings: layer(source, settings, problems),
        }
    }

    /// From the last one, which wins, to the first.
    pub(super) fn last_first(&self) -> [&Layer; 3] {
        [&self.settings, &self.project, &self.user]
    }
}

fn parsed(path: &Path) -> Result<Document, Malformed> {
    match document::read(path, document::MAX_FILE)? {
        Some(text) => document::toml(&text),
        None => Ok(Document::default()),
    }
}

fn source(kind: Kind, shown: String) -> Source {
    Source {
        shown,
        file: None,
        lines: Lines::default(),
        syntax: Syntax::Ours,
        table: vec!["agents".to_owned()],
        kind,
    }
}

fn layer(mut source: Source, document: Document, problems: &mut Vec<Problem>) -> Layer {
    source.lines = document.lines;
    let mut content = ConfigFile::default();
    if !document.value.is_null() {
        let (read, mut faults) = lenient::read(document.value);
        faults.sort_by_cached_key(|it| (source.lines.of(&it.path), it.path.clone()));
        content = read;
        problems.extend(faults.into_iter().map(|fault| Problem {
            warning: fault.unknown,
            ..source.problem(&fault.path, &fault.message)
        }));
    }
    Layer { source, content }
}

/// Editors send the settings themselves, or a table with the one key `crosscheck`.
fn section(settings: &Value) -> &Value {
    match settings.as_object() {
        Some(table) if table.len() == 1 => table.get("crosscheck").unwrap_or(settings),
        _ => settings,
    }
}
