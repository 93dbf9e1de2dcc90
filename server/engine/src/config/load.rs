//! From places to one configuration: reading, asking for trust, laying over each other.

use super::actions;
use super::approve;
use super::assemble::{self, Part, Presets};
use super::budget;
use super::choice::{Candidates, FALLBACK};
use super::claims::Claims;
use super::document::Lines;
use super::file::{AgentTable, ConfigFile, Import, VerifyName};
use super::fix;
use super::import::{self, List};
use super::interpolate::{Context, Syntax};
use super::layers::{Layer, Layers};
use super::problems::in_order;
use super::review;
use super::source::{Kind, Source};
use super::split::{self, Known};
use super::verify;
use super::{Config, FixConfig, LimitsConfig, Loaded, VerifyConfig};
use crate::trust::{Trust, Untrusted};
use process::Environment;
use process::which::which;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Reads the configuration of a root.
pub(super) fn load(
    place: Context<'_>,
    settings: &Value,
    trust: &Trust,
    presets: &Presets,
) -> Loaded {
    let mut problems = Vec::new();
    let mut layers = Layers::read(place.paths, place.root, settings, &mut problems);
    let mut files: Vec<PathBuf> = layers.user.source.file.iter().cloned().collect();
    files.extend(layers.project.source.file.clone());
    // The lists that trust would bring are read, too: only so it can be said what they bring.
    let import = imported(&layers);
    // Until then those of the user hold.
    let mut wanted = import.clone();
    let own = imported_by_user(&layers);
    wanted.extend(own.iter().filter(|it| !import.contains(it)));
    let read = import::read(&wanted, place.paths, place.root, &mut files, &mut problems);
    let mut lists = chosen(&read, &import, true);
    let machine = Machine::look(place, presets);

    let mut waiting = BTreeSet::new();
    let gate = gate(place, &layers, &lists, &read, &machine, presets);
    let untrusted = gate.brought.filter(|it| !trust.holds(place.root, &it.hash));
    if untrusted.is_some() {
        waiting.extend(layers.project.content.agents.keys().cloned());
        let brought = lists.iter().filter(|it| it.source.kind.is_workspace());
        let brought = brought.flat_map(|it| &it.agents);
        waiting.extend(brought.map(|(name, _)| name.clone()));
        layers.project.content = gate.allowed;
        lists = chosen(&read, &imported(&layers), false);
    }

    let pile = Pile::new(&machine, &lists, &layers);
    let drafts = assemble::drafts(&pile.sources, &pile.parts, &mut problems);
    let (mut made, mut approve) = (BTreeMap::new(), BTreeMap::new());
    for (name, draft) in drafts.iter().filter(|(_, it)| it.is_enabled()) {
        let agent = assemble::make(name, draft, &pile.sources, presets, place, &mut problems);
        if let Some(agent) = agent {
            let allowed = approve::approve(name, draft, &pile.sources, &mut problems);
            approve.insert(name.clone(), allowed);
            made.insert(name.clone(), agent);
        }
    }
    let candidates = Candidates {
        agents: &made,
        drafts: &drafts,
        configured: &configured(&layers),
        on_path: &machine.on_path(),
        untrusted: &waiting,
        presets,
    };
    let review = review::review(&layers, &candidates, &mut problems);
    let fix = fix::fix(&layers, &candidates, place, &mut problems);
    let verify = verify::verify(&layers, &candidates, &mut problems);
    let actions = actions::actions(&layers, &candidates, &mut problems);
    let fallbacks = budget::fallbacks(&drafts, &made, &pile.sources, &mut problems);
    let mut limits = LimitsConfig::default();
    for layer in layers.last_first().into_iter().rev() {
        limits.lay(&layer.content.limits);
    }
    Loaded {
        root: place.root.to_owned(),
        config: Config {
            agents: made,
            approve,
            review,
            fix,
            verify,
            actions,
            limits,
            budget: budget::budget(&layers),
            fallbacks,
        },
        problems: in_order(problems),
        untrusted,
        files,
    }
}

/// The tools whose lists are imported, by the last layer that says so.
fn imported(layers: &Layers) -> Vec<Import> {
    let mut layers = layers.last_first().into_iter();
    let last = layers.find_map(|it| it.content.import.clone());
    last.unwrap_or_default()
}

/// The lists of these tools, in their order; those in the workspace only on request.
fn chosen<'a>(lists: &'a [List], import: &[Import], workspace: bool) -> Vec<&'a List> {
    let mut chosen: Vec<&List> = Vec::new();
    for import in import {
        let of_tool = lists.iter().filter(|it| it.import == *import);
        chosen.extend(of_tool.filter(|it| workspace || !it.source.kind.is_workspace()));
    }
    chosen
}

/// What the workspace brings, told apart from what it may do by itself.
struct Gate {
    brought: Option<Untrusted>,
    allowed: ConfigFile,
}

fn gate(
    place: Context<'_>,
    layers: &Layers,
    lists: &[&List],
    read: &[List],
    machine: &Machine,
    presets: &Presets,
) -> Gate {
    let own = imported_by_user(layers);
    let own = chosen(read, &own, false);
    let known = known(layers, &own, machine);
    let split = split::split(&layers.project.content, &known);
    let mut claims = Claims::default();
    claims.add_file(&layers.project.source.shown, &split.needs_trust, presets);
    for list in lists.iter().filter(|it| it.source.kind.is_workspace()) {
        claims.add_list(list, presets);
    }
    Gate {
        brought: claims.untrusted(place.root),
        allowed: split.allowed,
    }
}

fn imported_by_user(layers: &Layers) -> Vec<Import> {
    let import = layers.settings.content.import.as_ref();
    let import = import.or(layers.user.content.import.as_ref());
    import.cloned().unwrap_or_default()
}

/// What holds without the workspace.
fn known(layers: &Layers, own: &[&List], machine: &Machine) -> Known {
    let mut known = Known {
        agents: machine.found.iter().map(|it| it.0.to_owned()).collect(),
        off: BTreeSet::new(),
        approve: BTreeMap::new(),
        limits: LimitsConfig::default(),
        on_save: false,
        guidelines: true,
        verify: VerifyName::Off,
        verify_limit: VerifyConfig::default().limit,
        check_timeout: FixConfig::default().check_timeout,
        confirm: false,
    };
    let servers = own.iter().flat_map(|it| &it.agents);
    known.agents.extend(servers.map(|(name, _)| name.clone()));
    for Layer { content, .. } in [&layers.user, &layers.settings] {
        for (name, table) in &content.agents {
            if let Some(approve) = &table.approve {
                known.approve.insert(name.clone(), approve.clone());
            }
            match table.enabled {
                Some(false) => {
                    known.agents.remove(name);
                    known.off.insert(name.clone());
                }
                // What a layer below switched off stays so.
                None if known.off.contains(name) => {}
                _ => {
                    known.off.remove(name);
                    known.agents.insert(name.clone());
                }
            }
        }
        known.limits.lay(&content.limits);
        known.on_save = content.review.on_save.unwrap_or(known.on_save);
        known.guidelines = content.review.guidelines.unwrap_or(known.guidelines);
        known.verify = content.review.verify.unwrap_or(known.verify);
        let limit = content.verify.limit.map(|it| it.get() as usize);
        known.verify_limit = limit.unwrap_or(known.verify_limit);
        let timeout = content.fix.check_timeout.map(|it| it.0);
        known.check_timeout = timeout.unwrap_or(known.check_timeout);
        known.confirm = content.fix.confirm.unwrap_or(known.confirm);
    }
    known
}

/// Names with a table of ours that does not switch them off.
fn configured(layers: &Layers) -> BTreeSet<&str> {
    let tables = layers
        .last_first()
        .into_iter()
        .flat_map(|it| &it.content.agents);
    tables.map(|(name, _)| name.as_str()).collect()
}

/// What this machine offers without any configuration.
struct Machine {
    built_in: Source,
    path: Source,
    /// Names, and whether they were found on `PATH`.
    found: Vec<(&'static str, bool)>,
}

impl Machine {
    fn look(place: Context<'_>, presets: &Presets) -> Self {
        let mut environment = Environment::empty();
        for name in ["PATH", "PATHEXT"] {
            if let Some(value) = place.paths.variable(name) {
                environment = environment.with(name, value);
            }
        }
        let mut found = Vec::new();
        for (name, preset) in presets {
            if *name == FALLBACK {
                found.push((*name, false));
            } else if let Some(program) = &preset.detect
                && which(program, &environment).is_some()
            {
                found.push((*name, true));
            }
        }
        let source = |shown: &str| Source {
            shown: shown.to_owned(),
            file: None,
            lines: Lines::default(),
            syntax: Syntax::Ours,
            table: vec!["agents".to_owned()],
            kind: Kind::Machine,
        };
        Self {
            built_in: source("built in"),
            path: source("found on PATH"),
            found,
        }
    }

    fn on_path(&self) -> BTreeSet<&str> {
        let found = self.found.iter().filter(|(_, on_path)| *on_path);
        found.map(|(name, _)| *name).collect()
    }
}

/// All places and what they say about agents; later ones win.
struct Pile<'a> {
    sources: Vec<&'a Source>,
    parts: Vec<Part<'a>>,
}

impl<'a> Pile<'a> {
    fn new(machine: &'a Machine, lists: &[&'a List], layers: &'a Layers) -> Self {
        let mut sources = vec![&machine.built_in, &machine.path];
        let mut parts: Vec<Part<'a>> = Vec::new();
        for (name, on_path) in &machine.found {
            let by = usize::from(*on_path);
            parts.push(Part {
                name,
                table: AgentTable::nothing(),
                by,
            });
        }
        // The first list that has a name wins.
        for list in lists.iter().rev() {
            let servers = list.agents.iter().map(|(name, table)| Part {
                name,
                table,
                by: sources.len(),
            });
            // The embedded agent is no other tool's to replace.
            parts.extend(servers.filter(|it| it.name != FALLBACK));
            sources.push(&list.source);
        }
        for layer in layers.last_first().into_iter().rev() {
            let tables = layer.content.agents.iter();
            parts.extend(tables.map(|(name, table)| Part {
                name,
                table,
                by: sources.len(),
            }));
            sources.push(&layer.source);
        }
        Self { sources, parts }
    }
}
