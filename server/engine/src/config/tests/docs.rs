//! The schema and the documentation say what the types say.

use super::*;
use expect_test::expect_file;

#[test]
fn the_schema_file_is_current() {
    let mut text = serde_json::to_string_pretty(&schema()).unwrap();
    text.push('\n');
    expect_file!["../../../../../docs/config.schema.json"].assert_eq(&text);
}

#[test]
fn the_documentation_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = std::fs::read_to_string(path).unwrap();
    let page = between(&page, "keys", &key_tables());
    let page = between(&page, "variables", &variables());
    expect_file!["../../../../../docs/configuration.md"].assert_eq(&page);
}

/// The examples are complete files, so each must be read without a problem but for what is not set up here.
#[test]
fn the_examples_of_the_documentation_are_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut examples = 0;
    for example in page.split("```toml\n").skip(1) {
        let text = example.split("```").next().unwrap();
        let list = r#"{"mcpServers": {"github": {"command": "github-mcp"}}}"#;
        let mut fixture = Fixture::new().user(text).file("home/.claude.json", list);
        for variable in ["HOUSE_TOKEN", "AGENT_TOKEN"] {
            let value = "x".to_owned();
            fixture.paths.environment.insert(variable.to_owned(), value);
        }
        let problems = fixture.load().problems;
        assert!(problems.is_empty(), "{text}\n{problems:#?}");
        examples += 1;
    }
    assert!(examples >= 4, "{examples} examples");
}

#[test]
fn the_documentation_names_every_preset() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for name in agents::preset::embedded().keys() {
        for (page, shown) in [
            ("agents.md", format!("\n| `{name}` |")),
            ("configuration.md", format!("`{name}`")),
        ] {
            let text = std::fs::read_to_string(docs.join(page)).unwrap();
            assert!(text.contains(&shown), "{page} does not name {name}");
        }
    }
}

#[test]
fn the_defaults_of_the_schema_are_those_that_hold() {
    let schema = schema();
    let default =
        |table: &str, key: &str| schema["definitions"][table]["properties"][key]["default"].clone();
    let fixture = Fixture::new().settings(json!({
        "limits": {
            "file_size": default("LimitsTable", "file_size"),
            "files": default("LimitsTable", "files"),
            "prompt_size": default("LimitsTable", "prompt_size"),
            "run": default("LimitsTable", "run"),
            "approval": default("LimitsTable", "approval"),
            "worktrees": default("LimitsTable", "worktrees"),
            "worktree_size": default("LimitsTable", "worktree_size"),
        },
        "fix": {
            "check_timeout": default("FixTable", "check_timeout"),
            "confirm": default("FixTable", "confirm"),
            "link": default("FixTable", "link"),
            "copy": default("FixTable", "copy"),
        },
        "review": {
            "scope": default("ReviewTable", "scope"),
            "on_save": default("ReviewTable", "on_save"),
            "exclude": default("ReviewTable", "exclude"),
            "honour": default("ReviewTable", "honour"),
            "guidelines": default("ReviewTable", "guidelines"),
        },
        "agents": { "builtin": {
            "timeout": default("AgentTable", "timeout"),
            "idle": default("AgentTable", "idle"),
            "start": default("AgentTable", "start"),
            "concurrency": default("AgentTable", "concurrency"),
            "enabled": default("AgentTable", "enabled"),
            "approve": default("AgentTable", "approve"),
            "review": {
                "answer": default("OperationTable", "answer"),
                "reads": default("OperationTable", "reads"),
            },
        } },
        "import": schema["properties"]["import"]["default"],
    }));
    let loaded = fixture.load();
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.config.approve["builtin"], Approve::default());
    assert_eq!(loaded.config.limits, LimitsConfig::default());
    assert_eq!(loaded.config.review, ReviewConfig::default());
    assert_eq!(loaded.config.fix, FixConfig::default());
    assert_eq!(
        loaded.config.agents["builtin"].limits,
        agents::Limits::default()
    );
}

/// `page` with what stands between the markers `name` replaced.
fn between(page: &str, name: &str, text: &str) -> String {
    let start = format!("<!-- generated: {name} -->\n");
    let end = format!("<!-- end: {name} -->");
    let (before, rest) = page.split_once(&start).expect("the first marker");
    let (_, after) = rest.split_once(&end).expect("the second marker");
    format!("{before}{start}{text}{end}{after}")
}

fn key_tables() -> String {
    let schema = schema();
    let mut out = String::new();
    for (heading, table) in [
        ("", &schema),
        ("agents.NAME", &schema["definitions"]["AgentTable"]),
        ("agents.NAME.oauth", &schema["definitions"]["OAuthTable"]),
        (
            "agents.NAME.review",
            &schema["definitions"]["OperationTable"],
        ),
        ("review", &schema["definitions"]["ReviewTable"]),
        ("verify", &schema["definitions"]["VerifyTable"]),
        ("fix", &schema["definitions"]["FixTable"]),
        ("[actions]", &schema["definitions"]["ActionTable"]),
        ("limits", &schema["definitions"]["LimitsTable"]),
        ("budget", &schema["definitions"]["BudgetTable"]),
        (
            "agents.NAME.budget",
            &schema["definitions"]["AgentBudgetTable"],
        ),
        ("budget.day", &schema["definitions"]["AmountTable"]),
        ("prices", &schema["definitions"]["PriceTable"]),
    ] {
        match heading {
            "" => out.push_str("\n### At the top\n\n"),
            "agents.NAME.review" => out.push_str(
                "\n### `[agents.NAME.review]`, `[agents.NAME.edit]`, `[agents.NAME.ask]`\n\n",
            ),
            "budget.day" => out.push_str("\n### Amounts: `run`, `day` and `confirm`\n\n"),
            "prices" => out.push_str("\n### `[prices]`: the table of each model\n\n"),
            heading => writeln!(out, "\n### `[{heading}]`\n").unwrap(),
        }
        out.push_str("| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
        for (key, property) in table["properties"].as_object().unwrap() {
            let default = match &property["default"] {
                Value::Null => String::new(),
                Value::Object(table) if table.is_empty() => String::new(),
                Value::Object(_) => String::new(),
                default => format!("`{default}`"),
            };
            let meaning = property["description"].as_str().unwrap_or_default();
            writeln!(
                out,
                "| `{key}` | {} | {default} | {} |",
                kind(property),
                meaning.replace('\n', " ").replace('|', "\\|")
            )
            .unwrap();
        }
    }
    out.push('\n');
    out
}

/// The kind of value in a few words.
fn kind(property: &Value) -> String {
    let words = |it: &Value| {
        let words = it.as_array().into_iter().flatten();
        let words: Vec<String> = words.map(|it| format!("`{it}`")).collect();
        words.join(", ")
    };
    if property["pattern"]
        .as_str()
        .is_some_and(|it| it.contains("ms"))
    {
        return "duration".to_owned();
    }
    if let Some(choices) = property["anyOf"].as_array() {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match &property["type"] {
        Value::Array(_) => "size".to_owned(),
        Value::String(kind) => match kind.as_str() {
            "string" if property["enum"].is_array() => words(&property["enum"]),
            "boolean" => "`true` or `false`".to_owned(),
            "integer" => "number".to_owned(),
            "array" if property["items"]["enum"].is_array() => {
                format!("list of {}", words(&property["items"]["enum"]))
            }
            "array" if property["items"]["$ref"].is_string() => "list of tables".to_owned(),
            "array" => "list of strings".to_owned(),
            "object" => "table".to_owned(),
            other => other.to_owned(),
        },
        _ => "table".to_owned(),
    }
}

fn variables() -> String {
    let mut out = String::from("\n| name | what it is |\n| --- | --- |\n");
    for (name, meaning) in agents::template::VARIABLES {
        writeln!(out, "| `{name}` | {} |", meaning.replace('|', "\\|")).unwrap();
    }
    out.push('\n');
    out
}
