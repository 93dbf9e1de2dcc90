//! An agent in the making: what all places say about it, laid over each other key by key.

use super::approve::ApproveKey;
use super::file::{AgentTable, OAuthTable, OPERATIONS, OperationTable};
use super::units::Period;
use agents::spec::{Operation, Reads};
use domain::answer::Format;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A value and the index of the source that said it.
#[derive(Clone, Debug)]
pub(super) struct Said<T> {
    /// The value.
    pub value: T,
    /// Index of its source.
    pub by: usize,
}

/// An agent in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// Indexes of the sources that say something about it, the winning one last.
    pub sources: Vec<usize>,
    /// See [`AgentTable`] for these.
    pub preset: Option<Said<String>>,
    pub provider: Option<String>,
    pub rules: Option<bool>,
    pub command: Option<Said<Vec<String>>>,
    pub url: Option<Said<String>>,
    pub env: BTreeMap<String, Said<String>>,
    pub headers: BTreeMap<String, Said<String>>,
    pub ca: Option<Said<String>>,
    pub oauth: OAuthDraft,
    pub cwd: Option<Said<String>>,
    pub timeout: Option<Period>,
    pub idle: Option<Period>,
    pub start: Option<Period>,
    pub concurrency: Option<usize>,
    pub approve: Option<Said<ApproveKey>>,
    pub enabled: Option<Said<bool>>,
    pub fallback: Option<Said<String>>,
    pub operations: BTreeMap<Operation, OperationDraft>,
}

/// A way to log in, in the making: see [`OAuthTable`].
#[derive(Clone, Debug, Default)]
pub(super) struct OAuthDraft {
    /// Index of the last source that said something about it.
    pub by: Option<usize>,
    pub client_id: Option<Said<String>>,
    pub client_secret: Option<Said<String>>,
    pub client_metadata_url: Option<Said<String>>,
    pub scopes: Option<Vec<String>>,
    pub redirect_port: Option<u16>,
}

/// An operation in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct OperationDraft {
    /// Index of the last source that said something about it.
    pub by: usize,
    /// See [`OperationTable`] for these.
    pub tool: Option<String>,
    pub arguments: Map<String, Value>,
    pub answer: Option<Format>,
    pub reads: Option<Reads>,
}

impl Draft {
    /// Lays what a source says over what was said before. Another endpoint starts afresh: variables, headers
    /// and directory were meant for the one before, and a secret in them must not reach another program or
    /// server than the one it was written for.
    pub(super) fn lay(&mut self, table: &AgentTable, by: usize) {
        self.sources.push(by);
        if table.command.is_some() || table.url.is_some() {
            self.env.clear();
            self.headers.clear();
            self.ca = None;
            self.oauth = OAuthDraft::default();
            self.cwd = None;
            // What one program may do is not for another to do.
            self.approve.take_if(|it| it.value.has_patterns());
            self.command = said(table.command.as_ref(), by);
            self.url = said(table.url.as_ref(), by);
        }
        let over = |values: &mut BTreeMap<_, _>, table: &BTreeMap<String, String>| {
            for (name, value) in table {
                let value = value.clone();
                values.insert(name.clone(), Said { value, by });
            }
        };
        over(&mut self.env, &table.env);
        over(&mut self.headers, &table.headers);
        win(&mut self.ca, said(table.ca.as_ref(), by));
        if let Some(table) = &table.oauth {
            self.oauth.lay(table, by);
        }
        win(&mut self.cwd, said(table.cwd.as_ref(), by));
        win(&mut self.preset, said(table.preset.as_ref(), by));
        win(&mut self.approve, said(table.approve.as_ref(), by));
        win(&mut self.enabled, said(table.enabled.as_ref(), by));
        win(&mut self.fallback, said(table.fallback.as_ref(), by));
        win(&mut self.provider, table.provider.clone());
        win(&mut self.rules, table.rules);
        win(&mut self.timeout, table.timeout);
        win(&mut self.idle, table.idle);
        win(&mut self.start, table.start);
        let concurrency = table.concurrency.map(|it| usize::from(it.get()));
        win(&mut self.concurrency, concurrency);
        for (operation, _) in OPERATIONS {
            if let Some(table) = table.operation(operation) {
                self.operations.entry(operation).or_default().lay(table, by);
            }
        }
    }

    /// False when the last place that says so switched it off.
    pub(super) fn is_enabled(&self) -> bool {
        self.enabled.as_ref().is_none_or(|it| it.value)
    }
}

impl OAuthDraft {
    /// Lays what a source says over what was said before. A secret belongs to its client.
    pub(super) fn lay(&mut self, table: &OAuthTable, by: usize) {
        self.by = Some(by);
        if table.client_id.is_some() {
            self.client_secret = None;
        }
        win(&mut self.client_id, said(table.client_id.as_ref(), by));
        let secret = said(table.client_secret.as_ref(), by);
        win(&mut self.client_secret, secret);
        let url = said(table.client_metadata_url.as_ref(), by);
        win(&mut self.client_metadata_url, url);
        win(&mut self.scopes, table.scopes.clone());
        let port = table.redirect_port.map(|it| it.get());
        win(&mut self.redirect_port, port);
    }
}

impl OperationDraft {
    /// Lays what a source says over what was said before. Another tool starts afresh: arguments and answer
    /// belong to a tool.
    pub(super) fn lay(&mut self, table: &OperationTable, by: usize) {
        if table.tool.is_some() && table.tool != self.tool {
            *self = Self::default();
        }
        self.by = by;
        win(&mut self.tool, table.tool.clone());
        for (name, value) in table.arguments.iter().flatten() {
            self.arguments.insert(name.clone(), value.clone());
        }
        win(&mut self.answer, table.answer);
        win(&mut self.reads, table.reads);
    }
}

fn said<T: Clone>(value: Option<&T>, by: usize) -> Option<Said<T>> {
    let value = value?.clone();
    Some(Said { value, by })
}

fn win<T>(value: &mut Option<T>, over: Option<T>) {
    if over.is_some() {
        *value = over;
    }
}
