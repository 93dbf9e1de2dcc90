//! Loading never panics and is quick.

use super::*;
use proptest::prelude::*;

/// Pieces of which odd files are made.
const PIECES: &[&str] = &[
    "[agents.codex]",
    "[agents.x.review]",
    "[review]",
    "[limits]",
    "[[review]]",
    "[fix]",
    "[[actions]]",
    "title",
    "prompt",
    "check",
    "link",
    "[\"../x\", \".git\", \"a/\"]",
    "[agents]",
    "[agents.\"é\"]",
    "\n",
    "\n",
    "\n",
    "command",
    "url",
    "env",
    "timeout",
    "agents",
    "scope",
    "import",
    "tool",
    "arguments",
    "enabled",
    "preset",
    ".",
    " = ",
    " = ",
    "=",
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    "1",
    "-0x1",
    "1e999",
    "nan",
    "true",
    "\"10m\"",
    "\"${env:X}\"",
    "\"${\"",
    "\"$${\"",
    "[\"codex\"]",
    "[\"a\", \"b\"]",
    "{ a = \"{{ prompt }}\" }",
    "\"\\u0000\"",
    "1979-05-27",
    "# c",
    "\u{feff}",
    "\u{0}",
    "é",
    "[\"claude\", \"zed\"]",
    "{\"mcpServers\":",
    "null",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn odd_text_is_at_most_a_problem(
        files in proptest::collection::vec(proptest::collection::vec(0..PIECES.len(), 0..40), 5),
        any in ".{0,60}",
    ) {
        let mut texts = files.iter().map(|it| it.iter().map(|it| PIECES[*it]).collect::<String>());
        let mut text = || texts.next().unwrap_or_default();
        let fixture = Fixture::new()
            .user(&format!("import = [\"claude\", \"codex\", \"zed\"]\n{}", text()))
            .project(&text())
            .file("home/.claude.json", &text())
            .file("root/.codex/config.toml", &text())
            .file("root/.zed/settings.json", &any)
            .settings(serde_json::from_str(&text()).unwrap_or(Value::String(any.clone())));
        let loaded = fixture.load();
        prop_assert!(loaded.problems.iter().all(|it| !it.message.is_empty()));
        prop_assert!(!loaded.config.review.agents.is_empty() || loaded.problems.is_empty() || !loaded.config.agents.is_empty());
    }
}

#[test]
fn many_faults_are_no_quadratic_work() {
    let text: String = (0..20_000).map(|n| format!("key{n} = 1\n")).collect();
    let loaded = Fixture::new().user(&text).load();
    assert_eq!(loaded.problems.len(), 101);
}

#[test]
fn deep_tables_are_no_harm() {
    let deep = format!("{} = 1\n", vec!["a"; 100_000].join("."));
    let json = "{\"a\":".repeat(100_000);
    let fixture = Fixture::new()
        .user("import = [\"claude\"]")
        .project(&deep)
        .file("home/.claude.json", &json);
    assert_eq!(fixture.load().problems.len(), 2);
}
