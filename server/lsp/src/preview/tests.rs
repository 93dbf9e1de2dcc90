//! Where previews are shown, in clients of different abilities.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::capabilities::Capabilities;
use crate::state::State;
use domain::path::RelPath;
use domain::proposal::{FileChange, Proposal};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;
use tower_lsp::gen_lsp_types::InitializeParams;

fn proposal() -> Proposal {
    let path = RelPath::try_from("a.rs".to_owned()).unwrap();
    Proposal {
        id: ProposalId("abcdefgh".to_owned()),
        agent: "codex".to_owned(),
        provider: "openai".to_owned(),
        title: "Shout\u{1b}[31m".to_owned(),
        summary: "--- a/evil\n+++ b/evil\nAll *good*.".to_owned(),
        findings: Vec::new(),
        files: vec![FileChange::edit(path, Text::new("one\n"), &Text::new("ONE\n")).unwrap()],
        check: None,
        problems: vec!["one hunk did not fit".to_owned()],
        usage: None,
    }
}

/// A state with a proposal, and the directory of the temporary files.
fn state(capabilities: Capabilities) -> (State, tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (events, _) = mpsc::unbounded_channel();
    let mut state = State::new(Box::new(|_| panic!("no engine is needed")), events);
    state.capabilities = capabilities;
    let root = dir.path().join("ws");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("a.rs"), "one\n").unwrap();
    state.roots.add_folder(&uri::from_path(&root)).unwrap();
    let root = Arc::clone(&state.roots.iter().next().unwrap().path);
    let previews = dir.path().join("previews");
    state.preview_files = Files::new(previews.clone());
    let proposal = Arc::new(proposal());
    let State {
        proposals,
        documents,
        ..
    } = &mut state;
    proposals.add(&root, proposal, None, &BTreeMap::new(), documents);
    (state, dir, previews)
}

fn of(captured: &str) -> Capabilities {
    let params: InitializeParams = serde_json::from_str(captured).unwrap();
    Capabilities::of(&params)
}

fn subject() -> Subject {
    part(None)
}

fn part(part: Option<usize>) -> Subject {
    Subject::Proposal {
        id: ProposalId("abcdefgh".to_owned()),
        part,
    }
}

#[test]
fn each_editor_gets_the_best_it_can_show() {
    for (captured, expected) in [
        (
            include_str!("../testdata/initialize-vscode.json"),
            "document",
        ),
        (include_str!("../testdata/initialize-neovim.json"), "file"),
        (include_str!("../testdata/initialize-helix.json"), "file"),
        (include_str!("../testdata/initialize-emacs.json"), "file"),
        (
            include_str!("../testdata/initialize-kakoune.json"),
            "message",
        ),
    ] {
        let (mut state, _dir, _) = state(of(captured));
        assert_eq!(show(&mut state, subject())["shown"], expected);
    }
}

#[test]
fn where_the_best_fails_the_next_is_tried() {
    let (mut state, _dir, previews) = state(of(include_str!("../testdata/initialize-vscode.json")));
    show(&mut state, subject());
    let failed = Ok(json!({"success": false}));
    answered(&mut state, subject(), Grade::Document, failed);
    assert!(previews.exists(), "the file is next");
    let failed = Err("method not found".to_owned());
    answered(&mut state, subject(), Grade::File, failed);
    let told = String::from_utf8(state.client.unsent().to_vec()).unwrap();
    assert!(told.contains("crosscheck proposals abcdefgh"), "{told}");
}

#[test]
fn the_text_of_a_document_is_asked_for_again_when_it_is_another_one() {
    let (mut state, dir, _) = state(of(include_str!("../testdata/initialize-vscode.json")));
    let uri = subject().uri();
    assert_eq!(Subject::of_uri(&uri), Some(subject()));
    let part = part(Some(2));
    assert_eq!(Subject::of_uri(&part.uri()), Some(part));
    let text = content(&mut state, &uri).unwrap();
    expect_test::expect![[r#"
        # codex proposes 1 change: Shout
        # Problem: one hunk did not fit
        #
        # --- a/evil
        # +++ b/evil
        # All *good*.

        diff --git a/a.rs b/a.rs
        --- a/a.rs
        +++ b/a.rs
        @@ -1 +1 @@
        -one
        +ONE
    "#]]
    .assert_eq(&text);
    assert_eq!(content(&mut state, "crosscheck:/other"), None);
    assert_eq!(content(&mut state, "file:///proposal/abcdefgh.diff"), None);
    let said = |state: &mut State| {
        let said = String::from_utf8(state.client.unsent().to_vec()).unwrap();
        state.client.advance(said.len());
        said
    };
    said(&mut state);
    refresh(&mut state);
    assert_eq!(said(&mut state), "", "nothing changed");
    std::fs::write(dir.path().join("ws/a.rs"), "ONE\n").unwrap();
    state.proposals.doubt();
    state.proposals.look(&state.documents);
    refresh(&mut state);
    let told = said(&mut state);
    assert!(
        told.contains("workspace/textDocumentContent/refresh"),
        "{told}"
    );
    state.proposals.remove(&ProposalId("abcdefgh".to_owned()));
    assert_eq!(
        content(&mut state, &uri).unwrap(),
        "# This proposal is gone.\n"
    );
}

#[cfg(unix)]
#[test]
fn files_are_private_read_only_and_gone_with_the_server() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let (mut state, _dir, previews) = state(of(include_str!("../testdata/initialize-helix.json")));
    let shown = show(&mut state, subject());
    let file = uri::to_path(shown["uri"].as_str().unwrap()).unwrap();
    assert_eq!(file.extension().unwrap(), "diff");
    let directory = file.parent().unwrap().to_owned();
    assert_eq!(
        (mode(&file), mode(&directory), mode(&previews)),
        (0o400, 0o700, 0o700)
    );
    // What the editor opens there is nothing to review.
    let place = state.place(shown["uri"].as_str().unwrap());
    assert_eq!(place.unwrap_err(), "it is a preview");
    // Another server that starts meanwhile leaves it alone.
    let other = Files::new(previews.clone());
    other.sweep();
    assert!(file.exists());
    drop(state);
    assert_eq!(std::fs::read_dir(&previews).unwrap().count(), 0);
}

#[test]
fn what_a_killed_server_left_behind_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let left = dir.path().join("1-1");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("x.diff"), "x").unwrap();
    std::fs::write(dir.path().join("1-1.lock"), "").unwrap();
    std::fs::write(dir.path().join("notes.txt"), "somebody's").unwrap();
    Files::new(dir.path().to_owned()).sweep();
    let names = std::fs::read_dir(dir.path()).unwrap();
    let names: Vec<_> = names.map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["notes.txt"]);
}
