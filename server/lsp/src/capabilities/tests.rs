//! Capabilities as real editors declare them: captured `initialize` parameters.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value
)]
use super::*;
use expect_test::{Expect, expect};

fn check(captured: &str, expected: Expect) {
    let params: InitializeParams = serde_json::from_str(captured).unwrap();
    let client = Capabilities::of(&params);
    let offered = offer(&client, &params).capabilities;
    let encoding = offered
        .position_encoding
        .map(|it| serde_json::to_string(&it).unwrap());
    let pull = offered.diagnostic_provider.is_some();
    let content = offered.workspace.unwrap().text_document_content.is_some();
    expected.assert_eq(&format!(
        "{client:#?}\noffered: encoding {encoding:?}, pull {pull}, content {content}\n"
    ));
}

#[test]
fn reads_neovim() {
    check(
        include_str!("../testdata/initialize-neovim.json"),
        expect![[r#"
            Capabilities {
                encoding: Utf8,
                document_changes: true,
                create_files: true,
                rename_files: true,
                delete_files: true,
                empty_is_a_line: true,
                change_annotations: true,
                apply_edit: true,
                action_literals: true,
                preferred_actions: true,
                action_tags: false,
                pull_diagnostics: true,
                related_information: true,
                markdown_diagnostics: false,
                markdown_hover: true,
                progress: true,
                ask: true,
                show_document: true,
                document_content: false,
                configuration: true,
                watch_files: false,
                watch_relative: true,
                status: false,
            }
            offered: encoding Some("\"utf-8\""), pull true, content false
        "#]],
    );
}

#[test]
fn reads_helix() {
    check(
        include_str!("../testdata/initialize-helix.json"),
        expect![[r#"
            Capabilities {
                encoding: Utf8,
                document_changes: true,
                create_files: true,
                rename_files: true,
                delete_files: true,
                empty_is_a_line: false,
                change_annotations: false,
                apply_edit: true,
                action_literals: true,
                preferred_actions: true,
                action_tags: false,
                pull_diagnostics: false,
                related_information: false,
                markdown_diagnostics: false,
                markdown_hover: true,
                progress: true,
                ask: true,
                show_document: true,
                document_content: false,
                configuration: true,
                watch_files: true,
                watch_relative: true,
                status: false,
            }
            offered: encoding Some("\"utf-8\""), pull false, content false
        "#]],
    );
}

#[test]
fn reads_vscode() {
    check(
        include_str!("../testdata/initialize-vscode.json"),
        expect![[r#"
            Capabilities {
                encoding: Utf16,
                document_changes: true,
                create_files: true,
                rename_files: true,
                delete_files: true,
                empty_is_a_line: false,
                change_annotations: true,
                apply_edit: true,
                action_literals: true,
                preferred_actions: true,
                action_tags: true,
                pull_diagnostics: true,
                related_information: true,
                markdown_diagnostics: false,
                markdown_hover: true,
                progress: true,
                ask: true,
                show_document: true,
                document_content: true,
                configuration: true,
                watch_files: true,
                watch_relative: true,
                status: false,
            }
            offered: encoding Some("\"utf-16\""), pull true, content true
        "#]],
    );
}

#[test]
fn reads_emacs() {
    check(
        include_str!("../testdata/initialize-emacs.json"),
        expect![[r#"
            Capabilities {
                encoding: Utf8,
                document_changes: true,
                create_files: false,
                rename_files: false,
                delete_files: false,
                empty_is_a_line: false,
                change_annotations: false,
                apply_edit: true,
                action_literals: true,
                preferred_actions: true,
                action_tags: false,
                pull_diagnostics: false,
                related_information: false,
                markdown_diagnostics: false,
                markdown_hover: false,
                progress: true,
                ask: false,
                show_document: true,
                document_content: false,
                configuration: true,
                watch_files: true,
                watch_relative: false,
                status: false,
            }
            offered: encoding Some("\"utf-8\""), pull false, content false
        "#]],
    );
}

#[test]
fn reads_kakoune() {
    check(
        include_str!("../testdata/initialize-kakoune.json"),
        expect![[r#"
            Capabilities {
                encoding: Utf8,
                document_changes: true,
                create_files: true,
                rename_files: true,
                delete_files: true,
                empty_is_a_line: false,
                change_annotations: true,
                apply_edit: true,
                action_literals: true,
                preferred_actions: false,
                action_tags: false,
                pull_diagnostics: false,
                related_information: true,
                markdown_diagnostics: false,
                markdown_hover: true,
                progress: true,
                ask: true,
                show_document: false,
                document_content: false,
                configuration: true,
                watch_files: false,
                watch_relative: false,
                status: false,
            }
            offered: encoding Some("\"utf-8\""), pull false, content false
        "#]],
    );
}

#[test]
fn assumes_nothing_of_a_silent_client() {
    check(
        r#"{"processId":null,"rootUri":null,"capabilities":{}}"#,
        expect![[r#"
            Capabilities {
                encoding: Utf16,
                document_changes: false,
                create_files: false,
                rename_files: false,
                delete_files: false,
                empty_is_a_line: false,
                change_annotations: false,
                apply_edit: false,
                action_literals: false,
                preferred_actions: false,
                action_tags: false,
                pull_diagnostics: false,
                related_information: false,
                markdown_diagnostics: false,
                markdown_hover: false,
                progress: false,
                ask: false,
                show_document: false,
                document_content: false,
                configuration: false,
                watch_files: false,
                watch_relative: false,
                status: false,
            }
            offered: encoding None, pull false, content false
        "#]],
    );
}
