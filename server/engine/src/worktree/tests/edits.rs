//! Tests of what an agent's work comes to: changes told against the texts that it found, and problems for the rest.

use super::*;
use domain::edit::{self, TextEdit};
use domain::proposal::FileAction;
use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn changes(worktree: &Worktree) -> Changed {
    block_on(worktree.changes(&CancellationToken::new())).unwrap()
}

/// A line for each change, one for each problem.
fn shown(changed: &Changed) -> String {
    let mut text = String::new();
    for file in &changed.files {
        let _ = match &file.action {
            FileAction::Create {
                text: new,
                executable,
            } => {
                let kind = if *executable {
                    "create executable"
                } else {
                    "create"
                };
                writeln!(text, "{kind} {}: {:?}", file.path, new.to_string())
            }
            FileAction::Delete { base } => {
                writeln!(text, "delete {}: {:?}", file.path, base.to_string())
            }
            FileAction::Edit {
                base,
                hunks,
                rename,
                executable,
            } => {
                let edits: Vec<TextEdit> = hunks.iter().flat_map(|it| it.edits.clone()).collect();
                let new = edit::apply(base, &edits).unwrap().to_string();
                let rename = rename
                    .as_ref()
                    .map(|it| format!(" to {it}"))
                    .unwrap_or_default();
                let mode = match executable {
                    Some(true) => " +x",
                    Some(false) => " -x",
                    None => "",
                };
                writeln!(
                    text,
                    "edit {}{rename}{mode}: {:?} -> {new:?}",
                    file.path,
                    base.to_string()
                )
            }
        };
    }
    for problem in &changed.problems {
        let _ = writeln!(text, "! {problem}");
    }
    text
}

/// A working tree with files of all kinds, open buffers and a rule, in a part of its repository.
fn desk() -> (Desk, Wanted) {
    let desk = Desk::with(&[
        ("app/clean", "1\n2\n3\n"),
        ("app/dirty", "1\n"),
        ("app/open", "1\n"),
        ("app/tool", "#!/bin/sh\n"),
        ("app/dir/one", "one\none\none\n"),
        ("app/dir/two", "2\n"),
        (
            "app/lfs",
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n",
        ),
        ("app/.gitignore", "out/\n*.log\nlocal\n"),
        ("app/.aiignore", "/private\n"),
        ("app/private/x", "x\n"),
        ("app/.env", "E=1\n"),
        ("outside", "1\n"),
    ]);
    let repo = &desk.repo;
    repo.write("app/binary", [0, 1, 2]);
    repo.write("app/latin", [b'a', 0xe9, b'\n']);
    repo.write("app/large", "x".repeat(2000));
    symlink("clean", repo.root.join("app/link")).unwrap();
    fs::create_dir_all(repo.root.join("app/nested")).unwrap();
    set_mode(&repo.root.join("app/tool"), 0o755);
    repo.commit("second");
    repo.git_in(&repo.root.join("app/nested"), &["init", "-q"]);
    repo.write("app/nested/file", "n\n");
    repo.write("app/dirty", "2\n");
    repo.write("app/untracked", "u\n");
    repo.write("app/local", "l\n");
    let mut wanted = desk.wanted();
    wanted.root = repo.root.join("app");
    wanted.file_bytes = 1000;
    wanted.copy = vec!["local".to_owned()];
    wanted.open.insert(path("open"), buffer("unsaved\n"));
    wanted.open.insert(path("unsaved"), buffer("never saved\n"));
    (desk, wanted)
}

type Work = fn(&Path);

#[test]
fn each_kind_of_change_becomes_an_edit_or_a_problem() {
    let cases: &[(&str, Work, &str)] = &[
        ("nothing", |_| {}, ""),
        ("touched, rewritten with the same text", |at| fs::write(at.join("clean"), "1\n2\n3\n").unwrap(), ""),
        (
            "texts from everywhere",
            |at| {
                for name in ["clean", "dirty", "untracked", "open", "unsaved"] {
                    fs::write(at.join(name), "new\n").unwrap();
                }
            },
            r#"
edit clean: "1\n2\n3\n" -> "new\n"
edit dirty: "2\n" -> "new\n"
edit open: "unsaved\n" -> "new\n"
edit unsaved: "never saved\n" -> "new\n"
edit untracked: "u\n" -> "new\n"
"#,
        ),
        (
            "replaced by renaming, as editors do",
            |at| {
                fs::write(at.join("tmp"), "new\n").unwrap();
                fs::rename(at.join("tmp"), at.join("clean")).unwrap();
            },
            "\nedit clean: \"1\\n2\\n3\\n\" -> \"new\\n\"\n",
        ),
        (
            "same size and the old time stamps",
            |at| {
                let about = fs::metadata(at.join("clean")).unwrap();
                fs::write(at.join("clean"), "1\nX\n3\n").unwrap();
                let file = fs::File::options().write(true).open(at.join("clean")).unwrap();
                file.set_modified(about.modified().unwrap()).unwrap();
            },
            "\nedit clean: \"1\\n2\\n3\\n\" -> \"1\\nX\\n3\\n\"\n",
        ),
        (
            "new and gone files",
            |at| {
                fs::create_dir(at.join("new")).unwrap();
                fs::write(at.join("new/ü"), "n\n").unwrap();
                fs::write(at.join("empty"), "").unwrap();
                fs::write(at.join("run"), "#!\n").unwrap();
                set_mode(&at.join("run"), 0o755);
                fs::create_dir(at.join("directory without anything")).unwrap();
                fs::remove_file(at.join("untracked")).unwrap();
                fs::remove_dir_all(at.join("dir")).unwrap();
            },
            r##"
delete dir/one: "one\none\none\n"
delete dir/two: "2\n"
create empty: ""
create new/ü: "n\n"
create executable run: "#!\n"
delete untracked: "u\n"
"##,
        ),
        (
            "renames, with and without edits",
            |at| {
                fs::rename(at.join("dir/one"), at.join("moved")).unwrap();
                fs::write(at.join("moved"), "one\none\none\nmore\n").unwrap();
                fs::create_dir(at.join("deep")).unwrap();
                fs::rename(at.join("clean"), at.join("deep/clean")).unwrap();
                fs::rename(at.join("tool"), at.join("tool.sh")).unwrap();
                set_mode(&at.join("tool.sh"), 0o644);
            },
            r##"
edit clean to deep/clean: "1\n2\n3\n" -> "1\n2\n3\n"
edit dir/one to moved: "one\none\none\n" -> "one\none\none\nmore\n"
edit tool to tool.sh -x: "#!/bin/sh\n" -> "#!/bin/sh\n"
"##,
        ),
        (
            "modes",
            |at| {
                set_mode(&at.join("clean"), 0o755);
                set_mode(&at.join("tool"), 0o600);
                set_mode(&at.join("dirty"), 0o600);
            },
            r##"
edit clean +x: "1\n2\n3\n" -> "1\n2\n3\n"
edit tool -x: "#!/bin/sh\n" -> "#!/bin/sh\n"
"##,
        ),
        (
            "what is no text",
            |at| {
                fs::write(at.join("binary"), [3, 0]).unwrap();
                fs::write(at.join("clean"), [0]).unwrap();
                fs::write(at.join("latin"), "text\n").unwrap();
                fs::write(at.join("dirty"), [b'\n', 0xff]).unwrap();
                fs::write(at.join("large"), "small").unwrap();
                fs::write(at.join("open"), "y".repeat(1001)).unwrap();
                fs::write(at.join("lfs"), "content").unwrap();
                fs::write(at.join("new"), [0]).unwrap();
                fs::remove_file(at.join("untracked")).unwrap();
                fs::write(at.join("untracked"), "version https://git-lfs.github.com/spec/v1\n").unwrap();
            },
            "
! `binary` is not taken over: it is a binary file.
! `clean` is not taken over: it is a binary file.
! `dirty` is not taken over: it is not UTF-8 (line 2).
! `large` is not taken over: it is larger than 1000 bytes, the limit for a file.
! `latin` is not taken over: it is not UTF-8 (line 1).
! `lfs` is not taken over: it is a Git LFS pointer: its content is not in the file.
! `open` is not taken over: it is larger than 1000 bytes, the limit for a file.
! `untracked` is not taken over: it is a Git LFS pointer: its content is not in the file.
! `new` is not taken over: it is a binary file.
",
        ),
        (
            "what is gone and was no text",
            |at| {
                for name in ["binary", "large", "link", "lfs"] {
                    fs::remove_file(at.join(name)).unwrap();
                }
            },
            "
! `binary` is not taken over: it is a binary file (it was deleted).
! `large` is not taken over: it is larger than 1000 bytes, the limit for a file (it was deleted).
! `lfs` is not taken over: it is a Git LFS pointer: its content is not in the file (it was deleted).
! `link` is not taken over: it is a symbolic link (it was deleted).
",
        ),
        (
            "links and other things",
            |at| {
                symlink("clean", at.join("new link")).unwrap();
                fs::remove_file(at.join("dirty")).unwrap();
                symlink("/etc/passwd", at.join("dirty")).unwrap();
                fs::remove_file(at.join("link")).unwrap();
                symlink("dirty", at.join("link")).unwrap();
                fs::remove_file(at.join("open")).unwrap();
                fs::create_dir(at.join("open")).unwrap();
                fs::write(at.join("open/inside"), "i\n").unwrap();
                fs::remove_dir_all(at.join("dir")).unwrap();
                fs::write(at.join("dir"), "now a file\n").unwrap();
            },
            "
! `dirty` is not taken over: it is a symbolic link now, or leads to another place.
! `link` is not taken over: it is a symbolic link now, or leads to another place.
! `open` is not taken over: it is a directory now.
! `dir/one` is not taken over: it is gone, and a directory that it was in is a file or link now (it was deleted).
! `dir/two` is not taken over: it is gone, and a directory that it was in is a file or link now (it was deleted).
! `dir` is not taken over: it was a directory.
! `new link` is not taken over: it is a symbolic link.
! `open/inside` is not taken over: it lies in what was a file.
",
        ),
        (
            "where nothing may come to be",
            |at| {
                let write = |path: &str| {
                    fs::create_dir_all(at.join(path).parent().unwrap()).unwrap();
                    fs::write(at.join(path), "n\n").unwrap();
                };
                for path in [
                    "../outside", "../new", "private/x", "private/new", ".env", "CLEAN", "Dir/three", "aux.c", "a:b", "nested/mine",
                    "tab\there",
                ] {
                    write(path);
                }
                fs::create_dir_all(at.join("own/.git")).unwrap();
                fs::write(at.join("own/.git/HEAD"), "ref: refs/heads/x\n").unwrap();
                fs::create_dir_all(at.join("own/.git/objects")).unwrap();
                fs::create_dir_all(at.join("own/.git/refs")).unwrap();
                fs::write(at.join("own/file"), "f\n").unwrap();
                fs::write(at.join("dir/.git"), "gitdir: /nowhere\n").unwrap();
            },
            "
! `own` is not taken over: it is a git repository, or a part of one.
! `dir/.git` is not taken over: it is a git repository, or a part of one.
! `outside` is not taken over: it is outside of the workspace.
! `.env` is not taken over: it exists already and holds secrets by its name.
! `CLEAN` is not taken over: it differs only by case from `app/clean`, which is there already.
! `Dir/three` is not taken over: it differs only by case from `app/dir`, which is there already.
! `a:b` is not taken over: it has `:` in its name, as no file on Windows can.
! `aux.c` is not taken over: it has the name of a device on Windows (`aux`).
! `nested/mine` is not taken over: it lies in a submodule or another repository.
! `private/new` is not taken over: it is kept from agents by .aiignore.
! `private/x` is not taken over: it is kept from agents by .aiignore.
! `tab here` is not taken over: it has a name with control characters, or too long a path.
! `new` is not taken over: it is outside of the workspace.
",
        ),
        (
            "what is ignored",
            |at| {
                fs::create_dir(at.join("out")).unwrap();
                fs::write(at.join("out/x"), "o\n").unwrap();
                fs::write(at.join("dir/a.log"), "l\n").unwrap();
                fs::write(at.join("local"), "changed\n").unwrap();
            },
            "\n! Changes of what git ignores are not taken over: app/dir/a.log, app/local, app/out.\n",
        ),
        (
            "whatever git was told in the copy",
            |at| {
                fs::write(at.join("clean"), "new\n").unwrap();
                fs::write(at.join("added"), "a\n").unwrap();
                fs::remove_dir_all(at.join("../.git")).unwrap();
            },
            "\ncreate added: \"a\\n\"\nedit clean: \"1\\n2\\n3\\n\" -> \"new\\n\"\n",
        ),
    ];
    let (desk, wanted) = desk();
    for (name, work, expected) in cases {
        let worktree = desk.acquire_as(wanted.clone()).unwrap();
        work(worktree.root());
        assert_eq!(
            shown(&changes(&worktree)),
            expected.trim_start_matches('\n'),
            "{name}"
        );
        assert_eq!(changes(&worktree), changes(&worktree), "{name}");
    }
}

#[test]
fn an_agents_commits_and_index_do_not_hide_its_changes() {
    let desk = Desk::with(&[("a", "1\n"), ("b", "1\n")]);
    let worktree = desk.acquire();
    let git = |args: &[&str]| desk.repo.git_in(worktree.root(), args);
    fs::write(worktree.root().join("a"), "2\n").unwrap();
    fs::write(worktree.root().join("c"), "new\n").unwrap();
    git(&["rm", "-q", "b"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "mine"]);
    let expected = "edit a: \"1\\n\" -> \"2\\n\"\ndelete b: \"1\\n\"\ncreate c: \"new\\n\"\n";
    assert_eq!(shown(&changes(&worktree)), expected);
    git(&["config", "core.worktree", "/"]);
    git(&[
        "config",
        "core.excludesFile",
        worktree.root().join("a").to_str().unwrap(),
    ]);
    assert_eq!(shown(&changes(&worktree)), expected);
}

#[test]
fn the_base_is_what_the_agent_found_whatever_the_user_does_meanwhile() {
    let mut desk = Desk::with(&[
        ("clean", "1\n"),
        ("dirty", "1\n"),
        ("crlf", "a\nb\n"),
        ("ident", "$Id$\n"),
    ]);
    desk.repo.write(".gitattributes", "ident ident\n");
    desk.repo.commit("second");
    desk.repo.git(&["config", "core.autocrlf", "true"]);
    for name in ["crlf", "ident"] {
        fs::remove_file(desk.repo.root.join(name)).unwrap();
    }
    desk.repo.git(&["checkout", "-q", "."]);
    desk.repo.write("dirty", "2\n");
    desk.repo.write("untracked", "u\n");
    let ident = fs::read_to_string(desk.repo.root.join("ident")).unwrap();
    assert!(ident.len() > 10 && ident.ends_with("\r\n"));
    // More files than are simply kept, so that the repository has to have them.
    for number in 0..600 {
        desk.repo
            .write(&format!("many/{number}"), format!("{number}\n"));
    }
    desk.repo.git(&["-c", "core.autocrlf=false", "add", "many"]);
    desk.repo.git(&["commit", "-q", "-m", "many"]);
    let texts = [
        ("clean", "1\n"),
        ("dirty", "2\n"),
        ("untracked", "u\n"),
        ("crlf", "a\r\nb\r\n"),
        ("many/7", "7\n"),
    ];
    for round in ["cold", "warm"] {
        let worktree = desk.acquire();
        let base =
            |name: &str| block_on(worktree.base(&path(name))).map(|it| it.map(|it| it.to_string()));
        for (name, text) in texts {
            assert_eq!(base(name), Ok(Some(text.to_owned())), "{round}");
            fs::write(worktree.root().join(name), "agent\n").unwrap();
        }
        assert_eq!(base("ident"), Ok(Some(ident.clone())));
        assert_eq!(base("none"), Ok(None));
        for (name, _) in texts {
            desk.repo.write(name, "edited meanwhile\n");
        }
        for (name, text) in texts {
            assert_eq!(base(name), Ok(Some(text.to_owned())), "{round}");
        }
        let changed = changes(&worktree);
        assert_eq!(
            (changed.files.len(), changed.problems.len()),
            (texts.len(), 0),
            "{round}: {:?}",
            changed.problems
        );
        // A text that is only the user's and has changed there is told, not guessed.
        desk.repo.write("ident", "changed\n");
        fs::write(worktree.root().join("ident"), "agent\n").unwrap();
        if round == "cold" {
            assert!(
                shown(&changes(&worktree))
                    .contains("! `ident` is not taken over: it cannot be compared")
            );
        }
        drop(worktree);
        for (name, text) in texts.into_iter().chain([("ident", ident.as_str())]) {
            desk.repo.write(name, text);
        }
    }
    desk.worktrees = Worktrees::new(desk.repo.beside("other"));
}

#[test]
fn an_answer_in_text_is_written_so_that_it_can_be_checked() {
    let desk = Desk::with(&[
        ("a", "1\n2\n"),
        ("tool", "x\n"),
        ("gone", "g\n"),
        ("old", "o\n"),
    ]);
    set_mode(&desk.repo.root.join("tool"), 0o755);
    let worktree = desk.acquire();
    let text = Text::new;
    let edit =
        |at: &str, old: &str, new: &str| FileChange::edit(path(at), text(old), &text(new)).unwrap();
    let mut renamed = edit("old", "o\n", "n\n");
    if let FileAction::Edit {
        rename, executable, ..
    } = &mut renamed.action
    {
        (*rename, *executable) = (Some(path("deep/new")), Some(true));
    }
    let files = vec![
        edit("a", "1\n2\n", "1\nX\n"),
        FileChange {
            path: path("created/here"),
            action: FileAction::Create {
                text: text("c\n"),
                executable: true,
            },
        },
        FileChange {
            path: path("gone"),
            action: FileAction::Delete { base: text("g\n") },
        },
        renamed,
        edit("tool", "x\n", "y\n"),
    ];
    block_on(worktree.write(&files)).unwrap();
    let found = contents(worktree.root());
    let shown: Vec<(&str, &str)> = found.iter().map(|(a, b)| (&**a, &**b)).collect();
    assert_eq!(
        shown,
        [
            ("a", "644 1\nX\n"),
            ("created/here", "755 c\n"),
            ("deep/new", "755 n\n"),
            ("tool", "755 y\n"),
        ]
    );
    let mut told = changes(&worktree).files;
    // A file that has another text altogether is one that came and one that went.
    assert_eq!(told.len(), 6);
    told.retain(|it| files.contains(it));
    assert_eq!(told.len(), 4);
    // Not through links, and not where another repository is.
    symlink(&desk.repo.root, worktree.root().join("link")).unwrap();
    for at in ["link/a", ".git/config"] {
        let file = FileChange {
            path: path(at),
            action: FileAction::Create {
                text: text("evil\n"),
                executable: false,
            },
        };
        assert!(block_on(worktree.write(&[file])).is_err(), "{at}");
    }
    assert_eq!(fs::read(desk.repo.root.join("a")).unwrap(), b"1\n2\n");
}
