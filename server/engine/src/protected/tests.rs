//! Which paths an answer may name, as a table over a real directory.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::git::testing::Repo;

fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

#[test]
fn what_leads_elsewhere_or_is_kept_is_named_with_its_reason() {
    let repo = Repo::with(&[
        ("src/main.rs", "fn main() {}\n"),
        (".gitignore", "target/\n*.log\n"),
        (".aiignore", "private/\n"),
        ("private/plan.txt", "secret\n"),
        ("docs/guide.md", "text\n"),
    ]);
    repo.write("nested/.git/HEAD", "ref: refs/heads/main\n");
    repo.write("nested/file.txt", "other\n");
    std::fs::write(repo.beside("outside.txt"), "outside\n").unwrap();
    std::os::unix::fs::symlink(repo.beside("outside.txt"), repo.root.join("link.txt")).unwrap();
    std::os::unix::fs::symlink("src", repo.root.join("sources")).unwrap();
    repo.pipe("pipe");
    let mut protected = Protected::new(&repo.root, &["generated/".to_owned()]);
    let changed = [
        ("src/main.rs", None),
        ("docs/guide.md", None),
        (".git/config", Some("belongs to version control")),
        ("src/.GIT/config", Some("belongs to version control")),
        (".git./config", Some("belongs to version control")),
        ("git~1/config", Some("belongs to version control")),
        (".g\u{200c}it/config", Some("belongs to version control")),
        ("link.txt", Some("is a symbolic link")),
        (
            "sources/main.rs",
            Some("is behind the symbolic link `sources`"),
        ),
        ("src", Some("is a directory")),
        (
            "src/main.rs/x",
            Some("cannot be: `src/main.rs` is no directory"),
        ),
        ("pipe", Some("is no regular file")),
        (
            "nested/file.txt",
            Some("belongs to another repository, `nested`"),
        ),
        ("SRC/main.rs", Some("differs only by case from `src`")),
        (
            "src/Main.rs",
            Some("differs only by case from `src/main.rs`"),
        ),
        ("private/plan.txt", Some("is kept from agents by .aiignore")),
        (
            "generated/x.rs",
            Some("is kept from agents by `review.exclude` in the configuration"),
        ),
    ];
    for (name, reason) in changed {
        assert_eq!(protected.change(&path(name)).as_deref(), reason, "{name}");
    }
    let created = [
        ("src/new.rs", None),
        ("new/deep/file.rs", None),
        ("src/con.rs", Some("has the name of a device on Windows")),
        ("aux/file.rs", Some("has the name of a device on Windows")),
        ("src/COM1", Some("has the name of a device on Windows")),
        ("src/lpt².txt", Some("has the name of a device on Windows")),
        ("src/console.rs", None),
        ("src/com.rs", None),
        ("src/file.", Some("has a name that Windows cannot have")),
        ("src/a:b", Some("has a name that Windows cannot have")),
        ("target/out.rs", Some("is ignored by .gitignore")),
        ("src/run.log", Some("is ignored by .gitignore")),
        ("Src/new.rs", Some("differs only by case from `src`")),
    ];
    for (name, reason) in created {
        assert_eq!(protected.create(&path(name)).as_deref(), reason, "{name}");
    }
}
