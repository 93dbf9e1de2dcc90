//! What answers in text make of real files, as tables.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::git::testing::Repo;

const MAIN: &str = "fn main() {\n    let total = add(1, 2);\n    println!(\"{total}\");\n}\n";

fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

fn repo() -> Repo {
    let repo = Repo::with(&[
        ("src/main.rs", MAIN),
        ("src/lib.rs", "pub fn sub() {}\n"),
        ("docs/guide.md", "# Guide\n"),
        (".gitignore", "*.log\n"),
        (".aiignore", "private.txt\n"),
        ("private.txt", "mine\n"),
    ]);
    repo.write("big.txt", "x\n".repeat(1000));
    repo
}

fn desk(repo: &Repo, open: &[(&str, &str)]) -> Desk {
    let told = open
        .iter()
        .map(|(name, text)| (path(name), Text::new(text)));
    Desk::new(
        &repo.root,
        told.collect(),
        vec![path("src/main.rs")],
        &[],
        1500,
        true,
    )
}

/// What an answer changes, a line each, and the problems.
fn changes(desk: &mut Desk, answer: &str) -> Vec<String> {
    desk.take(patch::parse(answer), &[]);
    let told = desk.changes().into_iter().map(|it| match &it.action {
        FileAction::Edit {
            base,
            hunks,
            rename,
            executable,
        } => {
            let hunks: Vec<String> = hunks
                .iter()
                .map(|it| format!("{:?} -> {:?}", base.slice(it.range), it.result(base)))
                .collect();
            let rename = rename
                .as_ref()
                .map(|it| format!(" to {it}"))
                .unwrap_or_default();
            let mode = executable
                .map(|it| format!(" executable {it}"))
                .unwrap_or_default();
            format!("{}{rename}{mode}: {}", it.path, hunks.join("; "))
        }
        FileAction::Create { text, .. } => format!("{} created: {:?}", it.path, text.to_string()),
        FileAction::Delete { .. } => format!("{} deleted", it.path),
    });
    let told: Vec<String> = told.collect();
    told.into_iter()
        .chain(std::mem::take(&mut desk.problems))
        .collect()
}

const BLOCK: &str = "<<<<<<< SEARCH\n    let total = add(1, 2);\n=======\n    let total = 1 + 2;\n>>>>>>> REPLACE\n";
const DONE: &str = r#"src/main.rs: "    let total = add(1, 2);\n" -> "    let total = 1 + 2;\n""#;

#[test]
fn a_path_is_read_as_agents_write_it() {
    let repo = repo();
    let root = repo.root.display();
    for said in [
        "src/main.rs".to_owned(),
        "./src/main.rs".to_owned(),
        "main.rs".to_owned(),
        "root/src/main.rs".to_owned(),
        format!("{root}/src/main.rs"),
    ] {
        assert_eq!(
            changes(&mut desk(&repo, &[]), &format!("{said}\n{BLOCK}")),
            [DONE],
            "{said}"
        );
    }
}

#[test]
fn a_whole_file_under_a_shortened_name_is_the_file_that_was_sent() {
    let repo = repo();
    let whole = |name: &str, text: &str| format!("{name}\n```rust\n{text}```\n");
    let new = MAIN.replace("add(1, 2)", "1 + 2");
    for name in ["main.rs", "root/src/main.rs"] {
        let answer = whole(name, "fn first_try() {}\n") + &whole(name, &new);
        assert_eq!(changes(&mut desk(&repo, &[]), &answer), [DONE], "{name}");
    }
    // Elsewhere it is a new file, and one that is deleted is not another one either.
    let answer = whole("tests/lib.rs", "fn t() {}\n") + "*** Delete File: other/src/lib.rs\n";
    assert_eq!(
        changes(&mut desk(&repo, &[]), &answer),
        [
            "tests/lib.rs created: \"fn t() {}\\n\"",
            "there is no file `other/src/lib.rs`"
        ]
    );
}

#[test]
fn what_must_not_be_changed_is_refused_by_name() {
    let repo = repo();
    std::os::unix::fs::symlink(repo.beside("elsewhere"), repo.root.join("link")).unwrap();
    let created = |path: &str| format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n");
    let cases = [
        (format!("../outside.rs\n{BLOCK}"), "`../outside.rs` is outside the workspace"),
        (format!("/etc/passwd\n{BLOCK}"), "`/etc/passwd` is outside the workspace"),
        (format!(".git/config\n{BLOCK}"), "`.git/config` belongs to version control"),
        ("--- a/src\n+++ b/src\n@@ -1 +1 @@\n-a\n+b\n".to_owned(), "`src` is a directory"),
        (format!("private.txt\n{BLOCK}"), "`private.txt` is kept from agents by .aiignore"),
        (format!("src/MAIN.rs\n{BLOCK}"), "`src/MAIN.rs` differs only by case from `src/main.rs`"),
        (format!("big.txt\n{BLOCK}"), "`big.txt` is larger than 1 kB, the limit for a file"),
        (format!("no/such.rs\n{BLOCK}"), "there is no file `no/such.rs`"),
        (created("link/new.rs"), "`link/new.rs` is behind the symbolic link `link`"),
        (created("src/aux.rs"), "`src/aux.rs` has the name of a device on Windows"),
        (created("src/run.log"), "`src/run.log` is ignored by .gitignore"),
        (created("docs/guide.md"), "`docs/guide.md` exists already"),
        (
            format!("src/main.rs\n{}", BLOCK.replace("1 + 2", "1\u{202e} + 2")),
            "`src/main.rs` was not changed: an edit brings invisible characters",
        ),
        (
            "diff --git a/src/lib.rs b/src/main.rs\nsimilarity index 100%\nrename from src/lib.rs\nrename to src/main.rs\n"
                .to_owned(),
            "`src/lib.rs` cannot be renamed: `src/main.rs` exists already",
        ),
    ];
    for (answer, why) in cases {
        assert_eq!(changes(&mut desk(&repo, &[]), &answer), [why], "{answer}");
    }
}

#[test]
fn the_open_document_is_what_is_changed() {
    let repo = repo();
    let unsaved = MAIN.replace("fn main", "// unsaved\nfn main");
    let mut desk = desk(
        &repo,
        &[("src/main.rs", &unsaved), ("src/new.rs", "one\ntwo\n")],
    );
    let answer = format!(
        "src/main.rs\n{BLOCK}\nsrc/new.rs\n<<<<<<< SEARCH\ntwo\n=======\n2\n>>>>>>> REPLACE\n"
    );
    assert_eq!(
        changes(&mut desk, &answer),
        [DONE, r#"src/new.rs: "two\n" -> "2\n""#]
    );
    let change = desk.changes().remove(0);
    assert_eq!(change.base().unwrap().to_string(), unsaved);
}

#[test]
fn several_changes_of_one_file_and_of_files_as_a_whole() {
    let repo = repo();
    let answer = format!(
        "First.\n\nsrc/main.rs\n{BLOCK}\n\
         diff --git a/docs/guide.md b/docs/manual.md\nrename from docs/guide.md\nrename to docs/manual.md\n\
         diff --git a/src/lib.rs b/src/lib.rs\ndeleted file mode 100644\n--- a/src/lib.rs\n+++ /dev/null\n\
         @@ -1 +0,0 @@\n-pub fn sub() {{}}\n\
         --- /dev/null\n+++ b/src/new/deep.rs\n@@ -0,0 +1 @@\n+mod x;\n\nAnd\n\nsrc/main.rs\n\
         <<<<<<< SEARCH\n    println!(\"{{total}}\");\n=======\n    print!(\"{{total}}\");\n>>>>>>> REPLACE\n"
    );
    assert_eq!(
        changes(&mut desk(&repo, &[]), &answer),
        [
            "docs/guide.md to docs/manual.md: ",
            "src/lib.rs deleted",
            r#"src/main.rs: "    let total = add(1, 2);\n    println!(\"{total}\");\n" -> "    let total = 1 + 2;\n    print!(\"{total}\");\n""#,
            r#"src/new/deep.rs created: "mod x;\n""#,
        ]
    );
}

#[test]
fn a_second_answer_goes_on_from_the_first() {
    let repo = repo();
    let mut desk = desk(&repo, &[]);
    changes(&mut desk, &format!("src/main.rs\n{BLOCK}"));
    let second = "src/main.rs\n<<<<<<< SEARCH\n    let total = 1 + 2;\n=======\n    let total = 3;\n>>>>>>> REPLACE\n";
    assert_eq!(
        changes(&mut desk, second),
        [r#"src/main.rs: "    let total = add(1, 2);\n" -> "    let total = 3;\n""#]
    );
    assert!(
        desk.result(&path("src/main.rs"))
            .unwrap()
            .to_string()
            .contains("= 3")
    );
    assert_eq!(desk.result(&path("src/lib.rs")), None);
}

#[test]
fn a_secret_that_was_hidden_is_never_replaced() {
    let secret = format!("AKIA{}", "Z7QWERTYUIOPASDF");
    let repo = Repo::with(&[(
        "src/a.rs",
        &format!("fn a() {{}}\nlet token = \"{secret}\";\nfn b() {{}}\n"),
    )]);
    let mut desk = desk(&repo, &[]);
    let masked = secrets::masked_str(&format!("let token = \"{secret}\";")).unwrap();
    let answer = format!(
        "src/a.rs\n<<<<<<< SEARCH\nfn a() {{}}\n{masked}\n=======\nfn c() {{}}\n{masked}\n>>>>>>> REPLACE\n"
    );
    assert_eq!(
        changes(&mut desk, &answer),
        [r#"src/a.rs: "fn a() {}\n" -> "fn c() {}\n""#]
    );
    let answer =
        format!("src/a.rs\n<<<<<<< SEARCH\n{masked}\n=======\nlet token = 1;\n>>>>>>> REPLACE\n");
    let told = changes(&mut desk, &answer);
    assert!(told[1].contains("covers a secret"), "{told:?}");
}
