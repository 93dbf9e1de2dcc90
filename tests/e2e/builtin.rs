//! The embedded agent, through the whole path.

use serde_json::Value;
use tests::{Editor, sandbox};

/// A misspelt word, put together so that this file has none.
fn misspelt() -> String {
    ["rec", "ieve"].concat()
}

#[test]
fn a_misspelling_is_found_and_fixed_in_the_editor() {
    let sandbox = sandbox!();
    sandbox.file(
        "src/main.rs",
        format!("// We {} data.\nfn main() {{}}\n", misspelt()),
    );
    let mut editor = Editor::start(&sandbox);
    editor.open("src/main.rs");
    editor.review("src/main.rs");
    let found = editor.diagnostics_until("src/main.rs", |it| !it.is_empty());
    assert_eq!(
        found[0]["range"]["start"],
        serde_json::json!({ "line": 0, "character": 6 })
    );
    assert_eq!(
        found[0]["range"]["end"],
        serde_json::json!({ "line": 0, "character": 13 })
    );
    assert_eq!(found[0]["source"], "crosscheck (builtin)");
    let actions = editor.actions("src/main.rs", [0, 8, 0, 8], &found);
    let fix = actions
        .iter()
        .find(|it| it["isPreferred"] == true)
        .unwrap()
        .clone();
    let fix = if fix.get("edit").is_some() {
        fix
    } else {
        editor.request("codeAction/resolve", fix)
    };
    assert_eq!(
        fix["edit"]["documentChanges"][0]["edits"][0]["newText"],
        "receive"
    );
    editor.shutdown();
}

#[test]
fn what_it_finds_in_a_repository() {
    let sandbox = sandbox!();
    let word = misspelt();
    sandbox.file("a.py", format!("def {word}_all():\n    pass\n"));
    sandbox.file(
        "b.txt",
        ["<<<<<<< ours\n", "one\n=======\ntwo\n", ">>>>>>> theirs\n"].concat(),
    );
    sandbox.file("c.env.example", "TOKEN=changeme\n");
    sandbox.file("ignored.txt", &word);
    sandbox.file(".gitignore", "ignored.txt\n");
    sandbox.commit();
    let ran = sandbox.crosscheck(&["review", ".", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let found: Vec<(&str, &str)> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["path"].as_str().unwrap(),
                it["category"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [("a.py", "spelling"), ("b.txt", "correctness")],
        "{document:#}"
    );
}

#[test]
fn a_program_on_standard_streams_is_an_agent() {
    let mut sandbox = sandbox!();
    sandbox.file("src/main.rs", crate::CODE);
    let program = sandbox.path().join("agent.sh");
    std::fs::write(&program, "#!/bin/sh\ncat > \"$0.prompt\"\necho 'Here is what I found:'\necho 'src/main.rs:2: warning: `add` does not exist'\n").unwrap();
    let crosscheck = env!("CARGO_BIN_EXE_crosscheck-under-test");
    sandbox.config(&format!("[agents.shell]\npreset = \"contract\"\ncommand = [{crosscheck:?}, \"agent\", \"exec\", \"--\", \"sh\", {program:?}]\n"));
    let ran = sandbox.crosscheck(&["review", "src/main.rs"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("`add` does not exist"), "{ran:?}");
    let prompt = std::fs::read_to_string(program.with_extension("sh.prompt")).unwrap();
    assert!(prompt.contains("add(1, 2)"), "{prompt}");
}
