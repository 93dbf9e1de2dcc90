//! The actions offered at a place, for clients of different abilities.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value
)]
use super::*;
use crate::capabilities::Capabilities;
use crate::tracked::tests::misspelling;
use domain::board::Reviewed;
use domain::finding::FindingId;
use domain::path::RelPath;
use domain::proposal::{FileChange, Proposal, ProposalId};
use domain::text::Text;
use engine::config::{ActionConfig, Config, Loaded};
use expect_test::expect;
use std::collections::BTreeMap;
use std::sync::Arc;

const TEXT: &str = "we recieve teh mail\n";

/// A state with one open document that has two misspellings.
pub(crate) fn state(capabilities: Capabilities) -> (State, String, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let mut state = State::new(
        Box::new(|_| panic!("no engine is needed to offer actions")),
        events,
    );
    state.capabilities = capabilities;
    let uri = crate::uri::from_path(&dir.path().join("a.rs"));
    state
        .roots
        .add_folder(&crate::uri::from_path(dir.path()))
        .unwrap();
    let place = state.roots.place(&uri);
    state.documents.open(&uri, 5, TEXT, place.clone());
    let place = place.unwrap();
    let text = Text::new(TEXT);
    let findings = vec![
        misspelling("codex", "a.rs", &text, "recieve", "receive"),
        misspelling("codex", "a.rs", &text, "teh", "the"),
    ];
    state.roots.get_mut(&place.root).unwrap().findings.show(
        "codex",
        &place.path,
        &Reviewed::Whole,
        findings,
    );
    (state, uri, dir)
}

fn rich() -> Capabilities {
    Capabilities {
        document_changes: true,
        apply_edit: true,
        action_literals: true,
        preferred_actions: true,
        action_tags: true,
        ..Capabilities::default()
    }
}

/// One line per action: kind, title, and what it brings.
fn offered(capabilities: Capabilities, characters: (u32, u32), context: Value) -> String {
    offered_with(Config::default(), capabilities, characters, context)
}

fn offered_with(
    config: Config,
    capabilities: Capabilities,
    characters: (u32, u32),
    context: Value,
) -> String {
    let (mut state, uri, _dir) = state(capabilities);
    offered_in(&mut state, &uri, config, characters, context)
}

fn offered_in(
    state: &mut State,
    uri: &str,
    config: Config,
    characters: (u32, u32),
    context: Value,
) -> String {
    if let Some(root) = state.roots.iter_mut().next() {
        root.loaded = Some(Loaded {
            root: root.path.to_path_buf(),
            config,
            problems: Vec::new(),
            untrusted: None,
            files: Vec::new(),
        });
    }
    let params = json!({
        "textDocument": {"uri": uri},
        "range": {"start": {"line": 0, "character": characters.0}, "end": {"line": 0, "character": characters.1}},
        "context": context,
    });
    let actions = handle(state, &serde_json::from_value(params).unwrap());
    let describe = |action: &CodeActionResponse| match action {
        CodeActionResponse::Command(it) => format!("command {} | {}\n", it.command, it.title),
        CodeActionResponse::CodeAction(it) => {
            let preferred = if it.is_preferred == Some(true) {
                "preferred "
            } else {
                ""
            };
            let edit = if it.edit.is_some() { "edit" } else { "" };
            let command = it.command.as_ref().map_or("", |it| it.command.as_str());
            format!(
                "{} | {} | {preferred}{edit}{command}\n",
                it.kind.as_ref().unwrap().as_str(),
                it.title
            )
        }
    };
    actions.iter().map(describe).collect()
}

#[test]
fn a_menu_shows_everything() {
    expect![[r#"
        quickfix | Replace with `receive` | preferred edit
        quickfix | Dismiss “`recieve` should be `receive`” here | crosscheck.dismiss
        quickfix | Dismiss “`recieve` should be `receive`” for this text everywhere | crosscheck.dismiss
        quickfix | Dismiss “`recieve` should be `receive`” for everything of this kind | crosscheck.dismiss
        quickfix | Ignore “`recieve` should be `receive`” by a comment | edit
        source.fixAll.crosscheck | Apply all ready fixes of this file | crosscheck.fixAll
        source.crosscheck.review | Review this file with builtin | crosscheck.review
        source.crosscheck.review | Review changes with builtin | crosscheck.review
    "#]].assert_eq(&offered(rich(), (5, 5), json!({"diagnostics": []})));
}

#[test]
fn a_selection_can_be_reviewed() {
    expect![[r#"
        source.fixAll.crosscheck | Apply all ready fixes of this file | crosscheck.fixAll
        source.crosscheck.review | Review the selection with builtin | crosscheck.review
        source.crosscheck.review | Review this file with builtin | crosscheck.review
        source.crosscheck.review | Review changes with builtin | crosscheck.review
    "#]]
    .assert_eq(&offered(rich(), (15, 19), json!({"diagnostics": []})));
}

#[test]
fn only_what_is_asked_for() {
    let only = |kind: &str| offered(rich(), (5, 5), json!({"diagnostics": [], "only": [kind]}));
    expect![[r#"
        quickfix | Replace with `receive` | preferred edit
        quickfix | Dismiss “`recieve` should be `receive`” here | crosscheck.dismiss
        quickfix | Dismiss “`recieve` should be `receive`” for this text everywhere | crosscheck.dismiss
        quickfix | Dismiss “`recieve` should be `receive`” for everything of this kind | crosscheck.dismiss
        quickfix | Ignore “`recieve` should be `receive`” by a comment | edit
    "#]].assert_eq(&only("quickfix"));
    expect![[r#"
        source.fixAll.crosscheck | Apply all ready fixes of this file | edit
    "#]]
    .assert_eq(&only("source.fixAll"));
    expect![[r#"
        source.fixAll.crosscheck | Apply all ready fixes of this file | edit
        source.crosscheck.review | Review this file with builtin | crosscheck.review
        source.crosscheck.review | Review changes with builtin | crosscheck.review
    "#]]
    .assert_eq(&only("source"));
    assert_eq!(only("refactor"), "");
    assert_eq!(only("source.fixAll.other"), "");
    assert_eq!(only("quick"), "");
}

#[test]
fn a_light_bulb_is_for_findings_only() {
    let shown = offered(rich(), (0, 0), json!({"diagnostics": [], "triggerKind": 2}));
    assert_eq!(shown, "");
}

#[test]
fn a_client_without_literals_gets_commands() {
    let poor = Capabilities {
        apply_edit: true,
        ..Capabilities::default()
    };
    expect![[r#"
        command crosscheck.fixAll | Replace with `receive`
        command crosscheck.dismiss | Dismiss “`recieve` should be `receive`” here
        command crosscheck.dismiss | Dismiss “`recieve` should be `receive`” for this text everywhere
        command crosscheck.dismiss | Dismiss “`recieve` should be `receive`” for everything of this kind
        command crosscheck.fixAll | Apply all ready fixes of this file
        command crosscheck.review | Review this file with builtin
        command crosscheck.review | Review changes with builtin
    "#]].assert_eq(&offered(poor, (5, 5), json!({"diagnostics": []})));
}

#[test]
fn a_named_finding_is_meant_wherever_the_cursor_is() {
    let range = json!({"start": {"line": 0, "character": 11}, "end": {"line": 0, "character": 14}});
    let named = json!({"range": range, "message": "m", "source": "crosscheck (codex)", "data": "codex-teh"});
    let foreign =
        json!({"range": range, "message": "m", "source": "rustc", "data": "codex-recieve"});
    let shown = offered(
        rich(),
        (0, 0),
        json!({"diagnostics": [named, foreign], "only": ["quickfix"]}),
    );
    assert!(
        shown.starts_with("quickfix | Replace with `the` | preferred edit\n"),
        "{shown}"
    );
    assert!(!shown.contains("receive"), "{shown}");
}

#[test]
fn unknown_documents_get_nothing() {
    let (mut state, _, _dir) = state(rich());
    let params = json!({
        "textDocument": {"uri": "file:///nowhere"},
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 9}},
        "context": {"diagnostics": []},
    });
    assert!(handle(&mut state, &serde_json::from_value(params).unwrap()).is_empty());
}

/// A configuration in which these agents fix.
fn fixers(agents: &[&str]) -> Config {
    let mut config = Config::default();
    config.fix.agents = agents.iter().map(|it| (*it).to_owned()).collect();
    config
}

fn foreign(message: &str) -> Value {
    json!({
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 2}},
        "message": message, "source": "rustc", "code": "E0308",
    })
}

/// The titles of the quick fixes that ask an agent.
fn fixes(config: Config, characters: (u32, u32), diagnostics: &[Value]) -> String {
    fixes_beside(Vec::new(), config, characters, diagnostics)
}

/// The same where these are proposed.
fn fixes_beside(
    proposals: Vec<Proposal>,
    config: Config,
    characters: (u32, u32),
    diagnostics: &[Value],
) -> String {
    let (mut state, uri, _dir) = state(rich());
    let root = Arc::clone(&state.roots.iter().next().unwrap().path);
    for proposal in proposals {
        let (proposals, documents) = (&mut state.proposals, &state.documents);
        let none = BTreeMap::new();
        proposals.add(&root, Arc::new(proposal), None, &none, documents);
    }
    let context = json!({"diagnostics": diagnostics, "only": ["quickfix"]});
    let offered = offered_in(&mut state, &uri, config, characters, context);
    let asking = offered.lines().filter(|it| it.ends_with("crosscheck.fix"));
    let titles = asking.filter_map(|it| it.split(" | ").nth(1));
    titles.map(|it| format!("{it}\n")).collect()
}

#[test]
fn agents_fix_what_they_and_others_find() {
    // On a finding, and on the remark of another tool.
    expect![[r#"
        Fix with codex
    "#]]
    .assert_eq(&fixes(fixers(&["codex"]), (5, 5), &[]));
    expect![[r#"
        Fix with codex
        Fix with claude
        Fix with codex and claude side by side
    "#]]
    .assert_eq(&fixes(
        fixers(&["codex", "claude"]),
        (0, 0),
        &[foreign("mismatched types\nexpected `u8`")],
    ));
    // On several at once.
    expect![[r#"
        Fix “`recieve` should be `receive`” with codex
        Fix “mismatched types” with codex
        Fix “unused variable” with codex
        Fix all 3 problems here with codex
    "#]]
    .assert_eq(&fixes(
        fixers(&["codex"]),
        (5, 5),
        &[
            foreign("mismatched types\nexpected `u8`"),
            foreign("unused variable"),
        ],
    ));
    // No more than three are offered, and nobody for nothing.
    let many = fixers(&["a", "b", "c", "d"]);
    assert!(!fixes(many.clone(), (5, 5), &[]).contains("with d"));
    assert_eq!(fixes(many, (0, 0), &[]), "");
    assert_eq!(fixes(fixers(&[]), (5, 5), &[]), "");
}

/// What an agent proposes for some findings, told against this text of the file.
fn proposed(agent: &str, title: &str, findings: &[&str], base: &str) -> Proposal {
    let path = RelPath::try_from("a.rs".to_owned()).unwrap();
    let after = Text::new(&base.replace("we", "We"));
    Proposal {
        id: ProposalId(format!("{agent}{title}")),
        agent: agent.to_owned(),
        provider: String::new(),
        title: title.to_owned(),
        summary: String::new(),
        findings: findings.iter().map(|it| FindingId((*it).into())).collect(),
        files: vec![FileChange::edit(path, Text::new(base), &after).unwrap()],
        check: None,
        problems: Vec::new(),
        usage: None,
    }
}

#[test]
fn who_has_proposed_something_for_it_is_not_asked_again() {
    let agents = || fixers(&["codex", "claude"]);
    let one = || proposed("codex", "a", &["codex-recieve"], TEXT);
    expect![[r#"
        Fix with claude
    "#]]
    .assert_eq(&fixes_beside(vec![one()], agents(), (5, 5), &[]));
    // For another finding he is, and for several with those that are left.
    let finding = |id: &str| json!({"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "message": "", "source": "crosscheck", "data": id});
    expect![[r#"
        Fix “`recieve` should be `receive`” with claude
        Fix “`teh` should be `the`” with codex
        Fix “`teh` should be `the`” with claude
        Fix “`teh` should be `the`” with codex and claude side by side
        Fix all 2 problems here with claude
    "#]]
    .assert_eq(&fixes_beside(
        vec![one()],
        agents(),
        (5, 5),
        &[finding("codex-teh")],
    ));
    // Nobody is left to be asked.
    let two = vec![one(), proposed("claude", "b", &["codex-recieve"], TEXT)];
    assert_eq!(fixes_beside(two, agents(), (5, 5), &[]), "");
    // What meets the user's edits can only be asked for anew.
    let stale = proposed("codex", "c", &["codex-recieve"], "we received teh mail\n");
    assert!(fixes_beside(vec![stale], agents(), (5, 5), &[]).starts_with("Fix with codex\n"));
    // What was proposed for another tool's remark has its words.
    let remark = foreign("mismatched types\nexpected `u8`");
    let foreign = proposed("codex", "mismatched types", &[], TEXT);
    expect![[r#"
        Fix with claude
    "#]]
    .assert_eq(&fixes_beside(vec![foreign], agents(), (0, 0), &[remark]));
}

#[test]
fn how_a_finding_is_dismissed_can_be_said_where_the_editor_asks() {
    let client = Capabilities {
        ask: true,
        ..rich()
    };
    let context = json!({"diagnostics": [], "only": ["quickfix"]});
    let offered = offered(client, (5, 5), context);
    let dismissals = offered.lines().filter(|it| it.contains("Dismiss"));
    expect![[r#"
        quickfix | Dismiss “`recieve` should be `receive`” here | crosscheck.dismiss
        quickfix | Dismiss “`recieve` should be `receive`” for this text everywhere | crosscheck.dismiss
        quickfix | Dismiss “`recieve` should be `receive`” for everything of this kind | crosscheck.dismiss
        quickfix | Dismiss “`recieve` should be `receive`”: choose reach and reason | crosscheck.dismiss"#]]
    .assert_eq(&dismissals.collect::<Vec<_>>().join("\n"));
}

#[test]
fn agents_that_are_there_are_offered_where_none_is_configured() {
    let mut config = Config::default();
    config.fix.offered = vec!["codex".to_owned()];
    assert_eq!(fixes(config, (5, 5), &[]), "Fix with codex\n");
}

#[test]
fn a_remark_of_ours_is_not_anothers() {
    let mut ours = foreign("a key is unknown");
    ours["source"] = json!("crosscheck");
    assert_eq!(fixes(fixers(&["codex"]), (0, 0), &[ours]), "");
}

#[test]
fn own_actions_are_for_people() {
    let own = ActionConfig {
        title: "Write docs".to_owned(),
        prompt: "Add doc comments.".to_owned(),
        agents: vec!["claude".to_owned()],
    };
    let config = Config {
        actions: vec![own],
        ..Config::default()
    };
    let offered = |context| offered_with(config.clone(), rich(), (0, 2), context);
    expect![[r#"
        refactor.rewrite | Write docs | crosscheck.ask
    "#]]
    .assert_eq(&offered(json!({"diagnostics": [], "only": ["refactor"]})));
    assert_eq!(offered(json!({"diagnostics": [], "triggerKind": 2})), "");
}
