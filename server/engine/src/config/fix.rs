//! `[fix]`: the layers laid over each other.

use super::FixConfig;
use super::choice::{self, Candidates, Task};
use super::interpolate::{Context, expand};
use super::layers::{Layer, Layers};
use super::problems::Problem;
use super::review::instructions;
use domain::path::RelPath;
use std::path::Path;
use std::time::Duration;

/// Most paths of `link`, and of `copy`.
const MAX_PATHS: usize = 100;

impl Default for FixConfig {
    fn default() -> Self {
        Self {
            agents: Vec::new(),
            offered: Vec::new(),
            check: None,
            check_timeout: Duration::from_secs(10 * 60),
            confirm: false,
            link: Vec::new(),
            copy: Vec::new(),
            instructions: None,
        }
    }
}

/// `[fix]` of all layers.
pub(super) fn fix(
    layers: &Layers,
    candidates: &Candidates<'_>,
    context: Context<'_>,
    problems: &mut Vec<Problem>,
) -> FixConfig {
    let mut fix = FixConfig {
        check: check(layers, context, problems),
        ..FixConfig::default()
    };
    for layer in layers.last_first().into_iter().rev() {
        let table = &layer.content.fix;
        fix.check_timeout = table.check_timeout.map_or(fix.check_timeout, |it| it.0);
        fix.confirm = table.confirm.unwrap_or(fix.confirm);
    }
    for layer in layers.last_first() {
        if fix.instructions.is_none() {
            let said = layer.content.fix.instructions.as_deref();
            fix.instructions = instructions("fix", said, layer, problems);
        }
    }
    (fix.agents, fix.offered) = match choice::named(Task::Fix, layers, candidates, problems) {
        Some(names) => (names, Vec::new()),
        None => choice::by_default(Task::Fix, candidates),
    };
    let last = |get: fn(&Layer) -> Option<&Vec<String>>| {
        let mut layers = layers.last_first().into_iter();
        layers.find_map(|layer| Some((layer, get(layer)?)))
    };
    // Copies come first: what is in both lists must not lead to the user's own files.
    let copy = last(|it| it.content.fix.copy.as_ref());
    fix.copy = paths("copy", copy, &[], problems);
    let link = last(|it| it.content.fix.link.as_ref());
    fix.link = paths("link", link, &fix.copy, problems);
    fix
}

/// The check of the last layer that says one which could be run; an empty list says that there is none.
fn check(
    layers: &Layers,
    context: Context<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Vec<String>> {
    for layer in layers.last_first() {
        let Some(command) = &layer.content.fix.check else {
            continue;
        };
        match runnable(command, layer, context) {
            Ok(command) => return (!command.is_empty()).then_some(command),
            Err(message) => {
                let message = format!("the check is left out: {message}");
                problems.push(layer.source.problem(&["fix", "check"], &message));
            }
        }
    }
    None
}

fn runnable(
    command: &[String],
    layer: &Layer,
    context: Context<'_>,
) -> Result<Vec<String>, String> {
    let words = command.iter().map(|word| {
        let word = expand(word, layer.source.syntax, context)?;
        match word.contains('\0') {
            true => Err("there is a null character in the command".to_owned()),
            false => Ok(word),
        }
    });
    let command = words.collect::<Result<Vec<String>, String>>()?;
    let Some(program) = command.first() else {
        return Ok(command);
    };
    if program.trim().is_empty() {
        return Err("the name of the program is empty; write the program and its arguments".into());
    }
    let path = Path::new(program);
    let is_name = path.components().count() == 1 && path.file_name() == Some(path.as_os_str());
    if is_name || path.is_absolute() || layer.source.kind.is_workspace() {
        return Ok(command);
    }
    Err(
        "the path of a program must be absolute, since a relative one would mean another file in each workspace; \
         write `${userHome}/…`, or put the check in the project file"
            .into(),
    )
}

/// The paths of a list that can be used beside those of `others`.
fn paths(
    key: &str,
    said: Option<(&Layer, &Vec<String>)>,
    others: &[RelPath],
    problems: &mut Vec<Problem>,
) -> Vec<RelPath> {
    let Some((layer, list)) = said else {
        return Vec::new();
    };
    let mut problem = |message: &str| {
        problems.push(layer.source.problem(&["fix", key], message));
    };
    let dropped = list.len().saturating_sub(MAX_PATHS);
    if dropped > 0 {
        problem(&format!(
            "{dropped} paths are left out: {MAX_PATHS} is the most"
        ));
    }
    let mut kept: Vec<RelPath> = Vec::new();
    for said in list.iter().take(MAX_PATHS) {
        let path = match inside(said) {
            Ok(path) => path,
            Err(reason) => {
                problem(&format!("{said:?} is left out: {reason}"));
                continue;
            }
        };
        if kept.contains(&path) {
            continue;
        }
        let mut taken = others.iter().chain(&kept);
        match taken.find(|it| overlap(it, &path)) {
            Some(other) => problem(&format!(
                "{said:?} is left out: it is the same as {:?}, or one is inside of the other",
                other.as_str()
            )),
            None => kept.push(path),
        }
    }
    kept
}

/// A path below the root that is no part of git's own.
fn inside(said: &str) -> Result<RelPath, &'static str> {
    let said = said.strip_suffix(['/', '\\']).unwrap_or(said);
    let said = said.strip_prefix("./").unwrap_or(said);
    // Windows reads both; elsewhere no ignored file of any build has it in its name.
    let path = said.replace('\\', "/");
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || path.starts_with("~/") || drive {
        return Err("the path must be relative to the root");
    }
    if path.split('/').any(|it| it == "..") {
        return Err("the path must not leave the root");
    }
    if path.contains(['*', '?']) {
        return Err("there are no patterns here; name the file or directory");
    }
    let is_git = |name: &str| {
        // Names that Windows or macOS take for `.git`.
        let name = name.split(':').next().unwrap_or_default();
        let name = name.trim_end_matches(['.', ' ']);
        name.eq_ignore_ascii_case(".git") || name.eq_ignore_ascii_case("git~1")
    };
    if path.split('/').any(is_git) {
        return Err("what belongs to git is not for agents");
    }
    RelPath::try_from(path).map_err(|_| "this is no path of a file or directory below the root")
}

/// True when they are the same or one is inside of the other, also where case does not count.
fn overlap(a: &RelPath, b: &RelPath) -> bool {
    let (a, b) = (a.as_str().to_lowercase(), b.as_str().to_lowercase());
    let within = |a: &str, b: &str| {
        a.strip_prefix(b)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    within(&a, &b) || within(&b, &a)
}
