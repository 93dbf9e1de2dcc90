//! Telling apart what a project file may do by itself from what needs trust.
//!
//! Without trust a workspace may only choose among agents that are known without it, and make things fewer and
//! smaller: switch agents off, exclude files, lower limits.

use super::LimitsConfig;
use super::approve::ApproveKey;
use super::file::{
    AgentTable, ConfigFile, FixTable, LimitsTable, ReviewTable, VerifyName, VerifyTable,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What holds without the workspace.
#[derive(Debug)]
pub(super) struct Known {
    /// Agents that are known and switched on.
    pub agents: BTreeSet<String>,
    /// Agents that the user switched off; an empty table does not bring them back.
    pub off: BTreeSet<String>,
    /// What agents may do without asking, where that is said.
    pub approve: BTreeMap<String, ApproveKey>,
    /// The limits.
    pub limits: LimitsConfig,
    /// Whether files are reviewed when they are saved.
    pub on_save: bool,
    /// Whether agents are told about guideline files.
    pub guidelines: bool,
    /// What is checked at the end of a review.
    pub verify: VerifyName,
    /// How much of it.
    pub verify_limit: usize,
    /// Longest time of a check.
    pub check_timeout: Duration,
    /// Whether the editor asks about each change.
    pub confirm: bool,
}

/// A project file in two parts.
#[derive(Debug)]
pub(super) struct Split {
    /// What it may do by itself.
    pub allowed: ConfigFile,
    /// What needs trust.
    pub needs_trust: ConfigFile,
}

/// Tells apart what a project file may do by itself from what needs trust.
pub(super) fn split(content: &ConfigFile, known: &Known) -> Split {
    let (review, review_needs) = split_review(&content.review, known);
    let (fix, fix_needs) = split_fix(&content.fix, known);
    let (verify, verify_needs) = split_verify(&content.verify, known);
    let (limits, limits_needs) = split_limits(&content.limits, &known.limits);
    let mut allowed = ConfigFile {
        review,
        fix,
        verify,
        limits,
        // It holds beside the user's, so that it only ever makes things fewer.
        budget: content.budget.clone(),
        ..ConfigFile::default()
    };
    let mut needs_trust = ConfigFile {
        review: review_needs,
        fix: fix_needs,
        verify: verify_needs,
        // Titles stand in menus, and agents take the prompts for the user's own words.
        actions: content.actions.clone(),
        limits: limits_needs,
        // A price of nothing would empty any budget.
        prices: content.prices.clone(),
        import: content.import.clone(),
        ..ConfigFile::default()
    };
    for (name, table) in &content.agents {
        let is_known = known.agents.contains(name);
        let is_named = is_known || known.off.contains(name);
        let switch = AgentTable {
            enabled: table.enabled,
            approve: table
                .approve
                .clone()
                .filter(|it| is_named && it.is_no_looser(known.approve.get(name))),
            budget: table.budget.clone().filter(|_| is_named),
            ..AgentTable::default()
        };
        let stays_off = table.enabled.is_none() && known.off.contains(name);
        let harmless = table.enabled == Some(false) || is_known || stays_off;
        if harmless && *table == switch {
            allowed.agents.insert(name.clone(), switch);
            continue;
        }
        needs_trust.agents.insert(name.clone(), table.clone());
        let switch = AgentTable {
            enabled: table.enabled.filter(|it| !it),
            ..switch
        };
        if switch != AgentTable::default() {
            allowed.agents.insert(name.clone(), switch);
        }
    }
    Split {
        allowed,
        needs_trust,
    }
}

fn split_review(table: &ReviewTable, known: &Known) -> (ReviewTable, ReviewTable) {
    let allowed = ReviewTable {
        on_save: table.on_save.filter(|it| !it || known.on_save),
        guidelines: table.guidelines.filter(|it| !it || known.guidelines),
        verify: table.verify.filter(|it| *it <= known.verify),
        instructions: None,
        ..table.clone()
    };
    let needs = ReviewTable {
        on_save: table.on_save.filter(|_| allowed.on_save.is_none()),
        guidelines: table.guidelines.filter(|_| allowed.guidelines.is_none()),
        verify: table.verify.filter(|_| allowed.verify.is_none()),
        instructions: table.instructions.clone(),
        ..ReviewTable::default()
    };
    (allowed, needs)
}

fn split_verify(table: &VerifyTable, known: &Known) -> (VerifyTable, VerifyTable) {
    let fits = |it: &std::num::NonZeroU32| it.get() as usize <= known.verify_limit;
    let allowed = VerifyTable {
        agents: table.agents.clone(),
        limit: table.limit.filter(fits),
    };
    let needs = VerifyTable {
        agents: None,
        limit: table.limit.filter(|it| !fits(it)),
    };
    (allowed, needs)
}

fn split_fix(table: &FixTable, known: &Known) -> (FixTable, FixTable) {
    let is_empty = |it: &Vec<String>| it.is_empty();
    let allowed = FixTable {
        agents: table.agents.clone(),
        check: None,
        check_timeout: table.check_timeout.filter(|it| it.0 <= known.check_timeout),
        confirm: table.confirm.filter(|it| *it || !known.confirm),
        link: table.link.clone().filter(is_empty),
        copy: table.copy.clone().filter(is_empty),
        instructions: None,
    };
    let needs = FixTable {
        agents: None,
        check: table.check.clone(),
        check_timeout: table
            .check_timeout
            .filter(|_| allowed.check_timeout.is_none()),
        confirm: table.confirm.filter(|_| allowed.confirm.is_none()),
        link: table.link.clone().filter(|_| allowed.link.is_none()),
        copy: table.copy.clone().filter(|_| allowed.copy.is_none()),
        instructions: table.instructions.clone(),
    };
    (allowed, needs)
}

fn split_limits(table: &LimitsTable, known: &LimitsConfig) -> (LimitsTable, LimitsTable) {
    let allowed = LimitsTable {
        file_size: table.file_size.filter(|it| it.0 <= known.file_bytes),
        files: table.files.filter(|it| it.get() as usize <= known.files),
        prompt_size: table
            .prompt_size
            .filter(|it| it.0 <= known.prompt_bytes as u64),
        run: table.run.filter(|it| it.0 <= known.run),
        approval: table.approval.filter(|it| it.0 <= known.approval),
        worktrees: table
            .worktrees
            .filter(|it| it.get() as usize <= known.worktrees),
        worktree_size: table
            .worktree_size
            .filter(|it| it.0 <= known.worktree_bytes),
    };
    let needs = LimitsTable {
        file_size: table.file_size.filter(|_| allowed.file_size.is_none()),
        files: table.files.filter(|_| allowed.files.is_none()),
        prompt_size: table.prompt_size.filter(|_| allowed.prompt_size.is_none()),
        run: table.run.filter(|_| allowed.run.is_none()),
        approval: table.approval.filter(|_| allowed.approval.is_none()),
        worktrees: table.worktrees.filter(|_| allowed.worktrees.is_none()),
        worktree_size: table
            .worktree_size
            .filter(|_| allowed.worktree_size.is_none()),
    };
    (allowed, needs)
}
