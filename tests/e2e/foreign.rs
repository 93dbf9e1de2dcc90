//! An MCP server that nobody here wrote gives diagnostics by configuration alone.

use serde_json::json;
use std::path::{Path, PathBuf};
use tests::{Editor, sandbox, skip};

/// The server `@eslint/mcp`, where `npm install --prefix tests/foreign` put it.
fn server() -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("foreign/node_modules/@eslint/mcp/src/mcp-cli.js");
    if !file.exists() {
        skip("@eslint/mcp", "run `npm install --prefix tests/foreign`");
        return None;
    }
    Some(file)
}

#[test]
fn eslint_speaks_through_its_own_server() {
    let Some(server) = server() else { return };
    let mut sandbox = sandbox!();
    sandbox.file(
        "eslint.config.mjs",
        "export default [{ rules: { eqeqeq: \"error\", \"prefer-const\": \"warn\" } }];\n",
    );
    sandbox.file(
        "src/app.js",
        "let limit = 3;\nexport const reached = (it) => it == limit;\n",
    );
    sandbox.config(&format!(
        "[agents.eslint]\ncommand = [\"node\", {server:?}]\n[review]\nagents = [\"eslint\"]"
    ));
    let mut editor = Editor::start(&sandbox);
    editor.open("src/app.js");
    editor.review("src/app.js");
    let found = editor.diagnostics_until("src/app.js", |it| it.len() == 2);
    assert_eq!(
        found[0]["range"]["start"],
        json!({ "line": 0, "character": 4 }),
        "{found:#?}"
    );
    assert_eq!(
        found[1]["range"]["start"],
        json!({ "line": 1, "character": 34 }),
        "{found:#?}"
    );
    assert_eq!(
        (&found[0]["severity"], &found[1]["severity"]),
        (&json!(2), &json!(1))
    );
    let actions = editor.actions("src/app.js", [0, 4, 0, 4], &found[..1]);
    assert!(
        actions.iter().any(|it| it["isPreferred"] == true),
        "eslint's own fix is offered: {actions:#?}"
    );
    editor.shutdown();
}
