//! Tests of the tools on files: what is read, what is not, and what is written.

use super::super::Builtin;
use crate::server::{Caller, Toolbox as _};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A directory with these files.
fn project(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

async fn call(tool: &str, arguments: Value) -> Result<Value, String> {
    let Value::Object(arguments) = arguments else {
        panic!("arguments are an object")
    };
    let answer = Builtin
        .call(tool, arguments, Caller::none())
        .await
        .map_err(|error| error.to_string())?;
    Ok(answer.structured_content.unwrap())
}

async fn review(root: &Path, targets: Value) -> Result<Value, String> {
    call("review", json!({ "root": root, "targets": targets })).await
}

fn paths(answer: &Value) -> Vec<&str> {
    let findings = answer["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| finding["path"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn given_text_wins_over_the_disk_and_needs_no_disk() {
    let targets = json!([{ "path": "a.rs", "text": "// teh\n", "ranges": null }]);
    let answer = call(
        "review",
        json!({ "root": "/nowhere/at/all", "targets": targets }),
    )
    .await
    .unwrap();
    assert_eq!(answer["findings"][0]["replacement"], "the");
    assert_eq!(answer["summary"], "1 file checked, 1 finding found.");
}

#[tokio::test]
async fn a_directory_is_walked_by_the_ignore_rules() {
    let root = project(&[
        ("b.rs", "teh"),
        ("a/c.rs", "teh"),
        (".env", "teh"),
        (".gitignore", "out/\n"),
        ("out/d.rs", "teh"),
        (".aiignore", "e.rs\n"),
        ("e.rs", "teh"),
        ("a/.cursorignore", "f.rs\n"),
        ("a/f.rs", "teh"),
        (".git/config", "teh"),
        ("image.bin", "teh\0"),
    ]);
    for targets in [json!([]), json!([{ "path": "." }]), json!([{ "path": "" }])] {
        let answer = review(root.path(), targets).await.unwrap();
        assert_eq!(paths(&answer), [".env", "a/c.rs", "b.rs"]);
        assert_eq!(
            answer["summary"],
            "6 files checked, 3 findings found. 1 file left out as binary."
        );
    }
    let answer = review(
        root.path(),
        json!([{ "path": "a" }, { "path": "out/d.rs" }]),
    )
    .await
    .unwrap();
    assert_eq!(
        paths(&answer),
        ["a/c.rs", "out/d.rs"],
        "what is named is read"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    let root = project(&[("good.rs", "teh"), ("nul.rs", "teh\0")]);
    fs::write(root.path().join("latin1.rs"), b"t\xE9h").unwrap();
    fs::write(root.path().join("huge.rs"), vec![b'a'; 5 * 1024 * 1024 + 1]).unwrap();
    let bad = [
        "nul.rs",
        "latin1.rs",
        "huge.rs",
        "none.rs",
        "../..",
        "/etc/hostname",
    ];
    let targets = |names: &[&str]| {
        names
            .iter()
            .map(|name| json!({ "path": name }))
            .collect::<Value>()
    };

    let all: Vec<&str> = bad.iter().copied().chain(["good.rs"]).collect();
    let answer = review(root.path(), targets(&all)).await.unwrap();
    assert_eq!(paths(&answer), ["good.rs"]);
    let skipped = answer["skipped"].as_array().unwrap();
    let mut names: Vec<&str> = skipped
        .iter()
        .map(|skipped| skipped["path"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    let mut expected = bad;
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert!(
        answer["summary"]
            .as_str()
            .unwrap()
            .contains("Not checked: "),
        "{answer}"
    );

    let error = review(root.path(), targets(&bad)).await.unwrap_err();
    assert!(error.starts_with("nothing could be reviewed: "), "{error}");
    let error = call("review", json!({ "root": "relative" }))
        .await
        .unwrap_err();
    assert!(error.contains("not an absolute path"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_symbolic_link_does_not_lead_out() {
    let outside = project(&[("secret.rs", "teh")]);
    let root = project(&[("real.rs", "teh")]);
    std::os::unix::fs::symlink(outside.path().join("secret.rs"), root.path().join("out.rs"))
        .unwrap();
    std::os::unix::fs::symlink(root.path().join("real.rs"), root.path().join("in.rs")).unwrap();
    let answer = review(
        root.path(),
        json!([{ "path": "in.rs" }, { "path": "out.rs" }]),
    )
    .await
    .unwrap();
    assert_eq!(paths(&answer), ["in.rs"]);
    assert_eq!(answer["skipped"][0]["reason"], "it lies outside the root");
    let answer = review(root.path(), json!([])).await.unwrap();
    assert_eq!(paths(&answer), ["real.rs"]);
}

#[tokio::test]
async fn too_many_findings_are_counted_and_the_worst_stay() {
    let conflict = format!(
        "{} a\n{}\n{} b\n",
        "<".repeat(7),
        "=".repeat(7),
        ">".repeat(7)
    );
    let text = format!("{}{conflict}", "teh\n".repeat(600));
    let targets: Value = (0..3)
        .map(|number| json!({ "path": format!("{number}.rs"), "text": text }))
        .collect();
    let answer = review(Path::new("/"), targets).await.unwrap();
    let findings = answer["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1000);
    assert_eq!(
        findings
            .iter()
            .filter(|finding| finding["severity"] == "error")
            .count(),
        3
    );
    assert_eq!(
        answer["summary"],
        "3 files checked, 1000 findings found. 803 findings more left out, the worst were kept."
    );
}

#[tokio::test]
async fn edit_writes_what_is_certain_and_answers_the_patch() {
    let root = project(&[
        ("a.rs", "// teh one\r\nlet x;\n// a wich"),
        ("b.rs", "fine\n"),
        ("c.rs", "teh\n"),
    ]);
    let targets = json!([{ "path": "a.rs", "text": "not used" }, { "path": "b.rs" }]);
    let answer = call(
        "edit",
        json!({ "instructions": "Correct", "root": root.path(), "targets": targets }),
    )
    .await
    .unwrap();
    assert_eq!(
        fs::read_to_string(root.path().join("a.rs")).unwrap(),
        "// the one\r\nlet x;\n// a wich"
    );
    assert_eq!(
        fs::read_to_string(root.path().join("c.rs")).unwrap(),
        "teh\n"
    );
    expect_test::expect![[r#"
        1 word corrected in 1 file. 1 word left alone, because several words could be meant.
        --- a/a.rs
        +++ b/a.rs
        @@ -1,3 +1,3 @@
        -// teh one
        +// the one
         let x;
         // a wich
        \ No newline at end of file
    "#]]
    .assert_eq(
        &format!(
            "{}\n{}",
            answer["summary"].as_str().unwrap(),
            answer["patch"].as_str().unwrap()
        )
        .replace('\r', ""),
    );
}
