//! Tests of writing changes, on real files: what is written, what is refused, and what is left when something fails.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::testing::*;
use super::write::Step;
use super::*;
use domain::proposal::FileAction;
use domain::text::Text;
use std::fs;

const OLD: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
const NEW: &str = "ONE\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n";

#[test]
fn all_kinds_of_changes_are_written_and_taken_back() {
    let place = Place::new(&[
        ("edited", OLD),
        ("moved", OLD),
        ("moved and edited", OLD),
        ("gone", "gone\n"),
        ("dir/alone", "alone\n"),
        ("run", "#!/bin/sh\n"),
    ]);
    let before = place.snapshot();
    let files = [
        create("a/new/file", "new\n"),
        delete("dir/alone", "alone\n"),
        edit("edited", OLD, NEW),
        delete("gone", "gone\n"),
        edit_more("moved", OLD, OLD, Some("b/moved"), None),
        edit_more("moved and edited", OLD, NEW, Some("b/edited"), None),
        edit_more("run", "#!/bin/sh\n", "#!/bin/sh\n", None, Some(true)),
    ];
    let written = place.apply(&files, &[]).unwrap();
    assert_eq!(written.parts, (1..=10).collect::<Vec<_>>());
    assert_eq!(written.remarks, Vec::<String>::new());
    let names: Vec<String> = place.snapshot().into_keys().collect();
    assert_eq!(
        names,
        [
            "a",
            "a/new",
            "a/new/file",
            "b",
            "b/edited",
            "b/moved",
            "edited",
            "run"
        ],
        "what is empty now is gone, and nothing of ours is left"
    );
    assert_eq!(place.read("a/new/file"), "new\n");
    assert_eq!(place.read("edited"), NEW);
    assert_eq!(place.read("b/edited"), NEW);
    assert_eq!(place.read("b/moved"), OLD);
    assert!(
        place
            .standings(&files)
            .iter()
            .all(|it| *it == Standing::Applied)
    );
    let back = revert(&place.root(), &[], &written.inverse).unwrap();
    assert_eq!(place.snapshot(), before, "{back:?}");
}

#[test]
fn parts_are_taken_one_by_one() {
    let place = Place::new(&[("f", OLD)]);
    let files = [edit_more("f", OLD, NEW, Some("g"), Some(true))];
    assert_eq!(place.standings(&files), vec![Standing::Open; 4]);
    for (parts, text, at) in [
        (&[2][..], "one\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n", "f"),
        (&[3], "one\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n", "g"),
        (&[1, 4], NEW, "g"),
    ] {
        let written = place.apply(&files, parts).unwrap();
        assert_eq!(written.parts, parts);
        assert_eq!(place.read(at), text);
        assert_eq!(place.snapshot().len(), 1);
    }
    let again = place.apply(&files, &[]).unwrap();
    assert_eq!((again.parts, again.already), (vec![], vec![1, 2, 3, 4]));
    assert_eq!(again.inverse, []);
    assert_eq!(place.apply(&files, &[5]), Err(DiskError::NoSuchPart(5, 4)));
}

#[test]
fn changes_elsewhere_stay_and_changes_in_the_same_place_refuse_everything() {
    let place = Place::new(&[("f", OLD), ("g", OLD)]);
    let files = [edit("f", OLD, NEW), edit("g", OLD, NEW)];
    place.write("f", &OLD.replace("four\n", "4\nand a half\n"));
    place.write("g", &OLD.replace("one", "uno"));
    let before = place.snapshot();
    let refused = place.apply(&files, &[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "nothing was changed: `g` was changed meanwhile in the same place (part 3)"
    );
    assert_eq!(place.snapshot(), before);
    let strict = apply(
        &place.root(),
        &[],
        &files,
        &Selection::Parts(vec![1]),
        Onto::Unchanged,
    );
    assert_eq!(
        strict.unwrap_err().to_string(),
        "nothing was changed: `f` was changed meanwhile (part 1)"
    );
    let written = place.apply(&files, &[1, 2, 4]).unwrap();
    assert_eq!(place.read("f"), NEW.replace("four\n", "4\nand a half\n"));
    assert_eq!(place.read("g"), "uno\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n");
    // Taking back leaves later changes elsewhere alone, too.
    place.write("f", &place.read("f").replace("two", "2"));
    revert(&place.root(), &[], &written.inverse).unwrap();
    assert_eq!(
        place.read("f"),
        OLD.replace("four\n", "4\nand a half\n").replace("two", "2")
    );
    assert_eq!(place.read("g"), OLD.replace("one", "uno"));
}

#[test]
fn bytes_that_no_hunk_names_stay_as_they_are() {
    for (old, new) in [
        ("a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n"),
        ("\u{feff}a\nb\n", "\u{feff}a\nB\n"),
        ("a\nb", "a\nB"),
        ("a\rb\r\n", "a\rB\r\n"),
        ("", "text\n"),
        ("text\n", ""),
    ] {
        let place = Place::new(&[("f", old)]);
        place.apply(&[edit("f", old, new)], &[]).unwrap();
        assert_eq!(place.read("f"), new, "{old:?}");
    }
}

#[test]
fn what_has_no_text_to_hold_against_is_a_conflict() {
    let place = Place::new(&[("same", "text\n"), ("other", "mine\n")]);
    fs::write(place.at("binary"), b"a\0b").unwrap();
    fs::write(place.at("latin"), b"caf\xe9\n").unwrap();
    fs::create_dir(place.at("dir")).unwrap();
    let table = [
        (create("same", "text\n"), Standing::Applied),
        (delete("nowhere", "x\n"), Standing::Applied),
        (
            create("other", "text\n"),
            because("is there already, with another text"),
        ),
        (
            delete("other", "text\n"),
            because("was changed meanwhile, so it is not deleted"),
        ),
        (
            edit("nowhere", OLD, NEW),
            because("does not exist any more"),
        ),
        (edit("binary", OLD, NEW), because("is a binary file")),
        (edit("latin", OLD, NEW), because("is not UTF-8 (line 1)")),
        (edit("dir", OLD, NEW), because("is a directory")),
        (
            create("same/file", "x"),
            because("cannot be: `same` is no directory"),
        ),
        (
            edit_more("other", "mine\n", "mine\n", Some("same"), None),
            because("cannot be renamed: `same` is there already"),
        ),
    ];
    for (file, standing) in table {
        let before = place.snapshot();
        assert_eq!(
            place.standings(std::slice::from_ref(&file))[0],
            standing,
            "{file:?}"
        );
        assert_eq!(
            place.apply(&[file], &[]).is_err(),
            standing != Standing::Applied
        );
        assert_eq!(place.snapshot(), before);
    }
    fn because(why: &str) -> Standing {
        Standing::Conflict(why.to_owned())
    }
}

#[test]
fn nothing_is_written_where_nobody_may_write() {
    let place = Place::new(&[
        (".git/config", "[core]\n"),
        ("a/f", OLD),
        (".aiignore", "secret*\n"),
    ]);
    let outside = Place::new(&[("f", OLD)]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outside.root(), place.at("out")).unwrap();
        std::os::unix::fs::symlink(outside.at("f"), place.at("link")).unwrap();
    }
    let before = (place.snapshot(), outside.snapshot());
    for (at, why) in [
        (".git/config", "belongs to version control"),
        (".git/hooks/post-checkout", "belongs to version control"),
        (".GIT/config", "belongs to version control"),
        ("secret.txt", ".aiignore"),
        ("A/f", "differs only by case"),
        #[cfg(unix)]
        ("out/f", "behind the symbolic link"),
        #[cfg(unix)]
        ("link", "is a symbolic link"),
    ] {
        let changes = [
            create(at, "x\n"),
            edit(at, OLD, NEW),
            edit_more("a/f", OLD, OLD, Some(at), None),
        ];
        for change in changes {
            let error = place.apply(&[change], &[]).unwrap_err().to_string();
            // A file that cannot be looked at is as good as gone.
            assert!(
                error.contains(why) || error.contains("does not exist"),
                "{at}: {error}"
            );
            assert!(error.starts_with("nothing was changed: "), "{error}");
        }
    }
    assert_eq!((place.snapshot(), outside.snapshot()), before);
}

#[cfg(unix)]
#[test]
fn mode_and_owner_are_kept() {
    use std::os::unix::fs::MetadataExt;
    let place = Place::new(&[("f", OLD), ("g", OLD)]);
    place.set_mode("f", 0o4750);
    place.set_mode("g", 0o600);
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        std::os::unix::fs::chown(place.at("f"), Some(1234), Some(1235)).unwrap();
        place.set_mode("f", 0o4750);
    }
    let files = [
        edit("f", OLD, NEW),
        edit_more("g", OLD, NEW, Some("h"), Some(true)),
    ];
    place.apply(&files, &[]).unwrap();
    let modes: Vec<u32> = place.snapshot().into_values().map(|it| it.0).collect();
    assert_eq!(modes, [0o4750, 0o700]);
    if is_root {
        let about = fs::metadata(place.at("f")).unwrap();
        assert_eq!((about.uid(), about.gid()), (1234, 1235));
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_left_alone() {
    let place = Place::new(&[("f", OLD), ("g", OLD)]);
    place.set_mode("f", 0o444);
    let before = place.snapshot();
    let files = [edit("f", OLD, NEW), edit("g", OLD, NEW)];
    assert_eq!(
        place.apply(&files, &[]).unwrap_err().to_string(),
        "nothing was changed: `f` is read-only (part 1); `f` is read-only (part 2)"
    );
    assert!(place.apply(&[delete("f", OLD)], &[]).is_err());
    assert_eq!(place.snapshot(), before);
}

/// Root may write everywhere.
#[cfg(unix)]
#[test]
fn a_directory_that_takes_no_files_changes_nothing() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let place = Place::new(&[("a", OLD), ("dir/f", OLD)]);
    place.set_mode("dir", 0o555);
    let before = place.snapshot();
    let error = place.apply(&[edit("a", OLD, NEW), edit("dir/f", OLD, NEW)], &[]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "nothing was changed: `dir/f` cannot be written: permission denied"
    );
    assert_eq!(place.snapshot(), before);
    place.set_mode("dir", 0o755);
}

/// Changes of all kinds, and the files for them.
fn everything() -> (Place, Vec<FileChange>) {
    let place = Place::new(&[("b", OLD), ("c/c", OLD), ("d", OLD), ("e", OLD), ("f", OLD)]);
    let files = vec![
        create("a/new", "new\n"),
        edit("b", OLD, NEW),
        delete("c/c", OLD),
        edit_more("d", OLD, NEW, Some("x/d"), None),
        edit_more("e", OLD, OLD, Some("x/e"), None),
        edit_more("f", OLD, OLD, None, Some(true)),
    ];
    (place, files)
}

#[test]
fn whichever_step_fails_everything_is_as_it_was() {
    let mut steps = Vec::new();
    let (place, files) = everything();
    place
        .apply_with(&files, &mut |step, _| {
            steps.push(step);
            Ok(())
        })
        .unwrap();
    for exchanges in [true, false] {
        // Where files cannot change places, there are more steps.
        for failing in 0..steps.len() + 5 {
            let (place, files) = everything();
            let before = place.snapshot();
            let mut count = 0;
            let mut failed = None;
            let result = place.apply_with(&files, &mut |step, _| {
                count += 1;
                if count - 1 == failing {
                    failed = Some(step);
                    return Err(io::ErrorKind::StorageFull.into());
                }
                if step == Step::Exchange && !exchanges {
                    return Err(io::ErrorKind::Unsupported.into());
                }
                Ok(())
            });
            match (failed, result) {
                // Nothing more than a temporary file that stays.
                (Some(Step::CleanUp), Ok(written)) => assert_eq!(written.remarks.len(), 1),
                (Some(_), Err(DiskError::Failed { why, .. })) => {
                    assert_eq!(why, "cannot be written: the disk is full");
                    assert_eq!(place.snapshot(), before, "step {failing}, {failed:?}");
                }
                (None, Ok(written)) => assert_eq!(written.remarks, Vec::<String>::new()),
                other => panic!("step {failing}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_step_that_cannot_be_taken_back_is_told_and_loses_nothing() {
    let (place, files) = everything();
    let before = place.snapshot();
    let error = place.apply_with(&files, &mut |step, path| match step {
        Step::Mode => Err(io::ErrorKind::StorageFull.into()),
        Step::TakeBack if path.ends_with("b") => Err(io::ErrorKind::PermissionDenied.into()),
        _ => Ok(()),
    });
    let Err(DiskError::Torn { path, left, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(path.as_str(), "f");
    assert_eq!(left.len(), 1);
    let mut after = place.snapshot();
    let (kept, content) = after
        .iter()
        .find(|it| it.0.starts_with(".crosscheck-"))
        .map(|it| (it.0.clone(), it.1.clone()))
        .unwrap();
    assert!(
        left[0].starts_with(&format!("what `b` was before is in `{kept}`")),
        "{left:?}"
    );
    assert_eq!(content, before["b"]);
    after.remove(&kept);
    after.insert("b".to_owned(), before["b"].clone());
    assert_eq!(after, before);
}

/// What a user does at the same moment.
#[test]
fn what_is_saved_at_the_same_moment_is_never_lost() {
    let saved = "saved meanwhile\n";
    let in_place = |path: &Path| fs::write(path, saved).unwrap();
    let by_rename = |path: &Path| {
        let other = path.with_file_name("editor's");
        fs::write(&other, saved).unwrap();
        fs::rename(other, path).unwrap();
    };
    let saves: [&dyn Fn(&Path); 2] = [&in_place, &by_rename];
    for (number, save) in saves.iter().enumerate() {
        for moment in [Step::Prepare, Step::Check, Step::Exchange, Step::Place] {
            let place = Place::new(&[("a", OLD), ("b", OLD), ("c", OLD)]);
            let files = [edit("a", OLD, NEW), edit("b", OLD, NEW), delete("c", OLD)];
            let target = if moment == Step::Place { "c" } else { "b" };
            let mut is_saved = false;
            let result = place.apply_with(&files, &mut |step, path| {
                let is_it = step == moment
                    && (moment == Step::Place || moment == Step::Prepare || path.ends_with("b"));
                if is_it && !is_saved {
                    is_saved = true;
                    save(&place.at(target));
                }
                Ok(())
            });
            assert!(is_saved);
            let error = result.unwrap_err().to_string();
            assert!(
                error.contains(&format!(
                    "`{target}` cannot be written: it was changed at the same moment"
                )),
                "{number} {moment:?}: {error}"
            );
            assert_eq!(place.read(target), saved);
            assert_eq!(place.snapshot().len(), 3);
            assert_eq!(place.read("a"), OLD);
        }
    }
}

#[test]
fn what_is_written_to_a_file_that_is_open_already_is_not_lost_either() {
    use std::io::Write;
    let place = Place::new(&[("a", OLD), ("b", OLD)]);
    // An editor that writes in place opens the file, and writes a moment later.
    let mut open = fs::File::options()
        .append(true)
        .open(place.at("a"))
        .unwrap();
    let mut exchanged = 0;
    let error = place.apply_with(
        &[edit("a", OLD, NEW), edit("b", OLD, NEW)],
        &mut |step, path| {
            exchanged += usize::from(step == Step::Exchange);
            if step == Step::Exchange && path.ends_with("b") {
                open.write_all(b"and more\n")?;
            }
            Ok(())
        },
    );
    assert_eq!(
        (exchanged, error.unwrap_err().to_string().as_str()),
        (
            2,
            "nothing was changed: `a` cannot be written: it was changed at the same moment"
        )
    );
    assert_eq!(place.read("a"), format!("{OLD}and more\n"));
    assert_eq!(place.read("b"), OLD);
    assert_eq!(place.snapshot().len(), 2);
}

#[test]
fn a_file_that_comes_to_be_at_the_same_moment_is_not_overwritten() {
    let place = Place::new(&[("a", OLD), ("b", OLD)]);
    let files = [
        edit("a", OLD, NEW),
        edit_more("b", OLD, OLD, Some("c"), None),
        create("d", "ours\n"),
    ];
    for name in ["c", "d"] {
        let error = place.apply_with(&files, &mut |step, path| {
            if step == Step::Place && path.ends_with(name) {
                fs::write(path, "theirs\n")?;
            }
            Ok(())
        });
        assert_eq!(
            error.unwrap_err().to_string(),
            format!(
                "nothing was changed: `{}` has come to be meanwhile",
                if name == "c" { "b" } else { "d" }
            )
        );
        assert_eq!(place.read(name), "theirs\n");
        assert_eq!(
            (place.read("a").as_str(), place.read("b").as_str()),
            (OLD, OLD)
        );
        fs::remove_file(place.at(name)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_is_laid_at_the_same_moment_leads_nowhere() {
    let outside = Place::new(&[("f", OLD)]);
    let place = Place::new(&[("dir/f", OLD)]);
    let result = place.apply_with(&[edit("dir/f", OLD, NEW)], &mut |step, _| {
        if step == Step::Check {
            fs::rename(place.at("dir"), place.at("old"))?;
            std::os::unix::fs::symlink(outside.root(), place.at("dir"))?;
        }
        Ok(())
    });
    result.unwrap_err();
    assert_eq!(outside.read("f"), OLD);
    assert_eq!(outside.snapshot().len(), 1);
    assert_eq!(place.read("old/f"), OLD);
}

/// A disk that is full, not an error that is made up. Needs the right to mount one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_changes_nothing() {
    let place = Place::new(&[]);
    let mounted = rustix::mount::mount(
        "none",
        place.root(),
        "tmpfs",
        rustix::mount::MountFlags::empty(),
        Some(c"size=64k"),
    );
    if mounted.is_err() {
        return;
    }
    let long = "a line\n".repeat(4000);
    place.write("a", OLD);
    place.write("b", &long);
    let before = place.snapshot();
    let files = [
        edit("a", OLD, NEW),
        edit("b", &long, &format!("{long}{long}")),
    ];
    let error = place.apply(&files, &[]);
    let after = place.snapshot();
    rustix::mount::unmount(place.root(), rustix::mount::UnmountFlags::DETACH).unwrap();
    assert_eq!(
        error.unwrap_err().to_string(),
        "nothing was changed: `b` cannot be written: the disk is full"
    );
    assert_eq!(after, before);
}

#[test]
fn a_deleted_file_that_git_ignores_can_come_back() {
    let place = Place::new(&[(".gitignore", "*.log\n"), ("kept.log", "text\n")]);
    fs::create_dir(place.at(".git")).unwrap();
    let written = place.apply(&[delete("kept.log", "text\n")], &[]).unwrap();
    let FileAction::Create { text, .. } = &written.inverse[0].action else {
        panic!("{written:?}");
    };
    assert_eq!(*text, Text::new("text\n"));
    assert!(
        place.apply(&written.inverse, &[]).is_err(),
        "no agent may do that"
    );
    revert(&place.root(), &[], &written.inverse).unwrap();
    assert_eq!(place.read("kept.log"), "text\n");
}
