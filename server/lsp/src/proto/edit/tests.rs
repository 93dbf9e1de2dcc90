//! Edits as clients of different abilities get them; the abilities are those that real editors declare.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use domain::text::TextRange;
use expect_test::{Expect, expect};
use tower_lsp::gen_lsp_types::InitializeParams;

fn client(captured: &str) -> Capabilities {
    let params: InitializeParams = serde_json::from_str(captured).unwrap();
    Capabilities::of(&params)
}

fn steps() -> Vec<Step> {
    let text = Text::new("ä\r\nb\n");
    let edits = vec![TextEdit {
        range: TextRange::new(2, 5),
        new_text: "C".to_owned(),
    }];
    vec![
        Step::Text {
            uri: "file:///a".to_owned(),
            version: Some(3),
            text,
            edits,
        },
        Step::Rename("file:///a".to_owned(), "file:///b".to_owned()),
        Step::Create("file:///new".to_owned(), Text::new("new\n")),
        Step::Delete("file:///gone".to_owned()),
    ]
}

fn check(client: &Capabilities, steps: &[Step], expected: &Expect) {
    let edit = of_steps(steps, Some("codex: tidy up"), client);
    let mut out = String::new();
    for change in edit.document_changes.iter().flatten() {
        out += &serde_json::to_string(change).unwrap();
        out.push('\n');
    }
    for part in [
        serde_json::to_string(&edit.changes),
        serde_json::to_string(&edit.change_annotations),
    ] {
        let part = part.unwrap();
        if part != "null" {
            out += &part;
            out.push('\n');
        }
    }
    expected.assert_eq(&out);
}

#[test]
fn an_editor_that_can_do_everything() {
    check(
        &client(include_str!("../../testdata/initialize-vscode.json")),
        &steps(),
        &expect![[r#"
            {"textDocument":{"version":3,"uri":"file:///a"},"edits":[{"annotationId":"crosscheck","range":{"start":{"line":0,"character":1},"end":{"line":1,"character":1}},"newText":"C"}]}
            {"oldUri":"file:///a","newUri":"file:///b","options":{"overwrite":false,"ignoreIfExists":false},"annotationId":"crosscheck","kind":"rename"}
            {"uri":"file:///new","options":{"overwrite":false,"ignoreIfExists":false},"annotationId":"crosscheck","kind":"create"}
            {"textDocument":{"version":null,"uri":"file:///new"},"edits":[{"annotationId":"crosscheck","range":{"start":{"line":0,"character":0},"end":{"line":0,"character":0}},"newText":"new\n"}]}
            {"uri":"file:///gone","options":{"recursive":false,"ignoreIfNotExists":false},"annotationId":"crosscheck","kind":"delete"}
            {"crosscheck":{"label":"codex: tidy up","needsConfirmation":true}}
        "#]],
    );
}

#[test]
fn a_new_file_ends_with_one_line_end_everywhere() {
    let new = |captured: &str, text: &str| {
        let step = Step::Create("file:///new".to_owned(), Text::new(text));
        let edit = of_steps(&[step], None, &client(captured));
        let changes = serde_json::to_value(edit.document_changes).unwrap();
        changes[1]["edits"][0]["newText"].clone()
    };
    let neovim = include_str!("../../testdata/initialize-neovim.json");
    let helix = include_str!("../../testdata/initialize-helix.json");
    assert_eq!(new(neovim, "a\nb\n"), "a\nb");
    assert_eq!(new(neovim, "a\r\n"), "a");
    assert_eq!(new(neovim, "a"), "a");
    assert_eq!(new(neovim, "\n"), serde_json::Value::Null);
    assert_eq!(new(helix, "a\nb\n"), "a\nb\n");
}

#[test]
fn an_editor_without_annotations() {
    check(
        &client(include_str!("../../testdata/initialize-helix.json")),
        &steps()[..2],
        &expect![[r#"
            {"textDocument":{"version":3,"uri":"file:///a"},"edits":[{"range":{"start":{"line":0,"character":2},"end":{"line":1,"character":1}},"newText":"C"}]}
            {"oldUri":"file:///a","newUri":"file:///b","options":{"overwrite":false,"ignoreIfExists":false},"kind":"rename"}
        "#]],
    );
}

#[test]
fn an_editor_without_versions() {
    check(
        &Capabilities::default(),
        &steps()[..1],
        &expect![[r#"
        {"file:///a":[{"range":{"start":{"line":0,"character":1},"end":{"line":1,"character":1}},"newText":"C"}]}
    "#]],
    );
}

#[test]
fn what_an_editor_cannot_do_is_known() {
    let missing = |captured: &str| {
        let client = client(captured);
        let steps = steps();
        let missing = steps.iter().filter_map(|it| it.missing(&client));
        missing.collect::<Vec<_>>().join(", ")
    };
    for (captured, expected) in [
        (include_str!("../../testdata/initialize-neovim.json"), ""),
        (include_str!("../../testdata/initialize-helix.json"), ""),
        (include_str!("../../testdata/initialize-vscode.json"), ""),
        (include_str!("../../testdata/initialize-kakoune.json"), ""),
        (
            include_str!("../../testdata/initialize-emacs.json"),
            "rename files, create files, delete files",
        ),
    ] {
        assert_eq!(missing(captured), expected);
    }
}

#[test]
fn a_ready_fix_takes_the_form_that_the_client_takes() {
    let text = Text::new("we recieve it");
    let fix = TextEdit {
        range: TextRange::new(3, 10),
        new_text: "receive".to_owned(),
    };
    let edit = |client: &Capabilities| {
        let view = View {
            uri: "file:///f",
            text: &text,
            client,
        };
        serde_json::to_string(&of_document(&[&fix], 4, view)).unwrap()
    };
    expect![[r#"{"documentChanges":[{"textDocument":{"version":4,"uri":"file:///f"},"edits":[{"range":{"start":{"line":0,"character":3},"end":{"line":0,"character":10}},"newText":"receive"}]}]}"#]].assert_eq(&edit(&Capabilities {
        document_changes: true,
        ..Capabilities::default()
    }));
    expect![[r#"{"changes":{"file:///f":[{"range":{"start":{"line":0,"character":3},"end":{"line":0,"character":10}},"newText":"receive"}]}}"#]].assert_eq(&edit(&Capabilities::default()));
}
