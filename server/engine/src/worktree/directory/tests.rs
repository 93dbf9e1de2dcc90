//! Tests of directories, with handles and without: that nothing is reached through a link, and all of it is deleted.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use tempfile::TempDir;

/// A directory to work in, and one beside it that nothing may touch.
struct Place {
    _directory: TempDir,
    inside: std::path::PathBuf,
    outside: std::path::PathBuf,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let (inside, outside) = (
        directory.path().join("inside"),
        directory.path().join("outside"),
    );
    fs::create_dir(&inside).unwrap();
    fs::create_dir_all(outside.join("sub")).unwrap();
    fs::write(outside.join("precious"), "p").unwrap();
    fs::write(outside.join("sub/precious"), "p").unwrap();
    Place {
        _directory: directory,
        inside,
        outside,
    }
}

impl Place {
    fn is_untouched(&self) -> bool {
        let mode = |name: &str| {
            let about = fs::metadata(self.outside.join(name)).unwrap();
            about.permissions().mode() & 0o777
        };
        fs::read(self.outside.join("precious")).is_ok_and(|it| it == b"p")
            && fs::read(self.outside.join("sub/precious")).is_ok_and(|it| it == b"p")
            && mode("sub") == 0o755
            && fs::read_dir(&self.outside).unwrap().count() == 2
    }
}

/// What a random agent leaves.
#[derive(Clone, Debug)]
enum Left {
    File,
    Unwritable,
    Pipe,
    LinkToFile,
    LinkToDirectory,
    HardLink,
    Directory(Vec<(String, Left)>),
    Locked(Vec<(String, Left)>),
}

fn left() -> impl Strategy<Value = Left> {
    let leaf = prop::sample::select(vec![
        Left::File,
        Left::Unwritable,
        Left::Pipe,
        Left::LinkToFile,
        Left::LinkToDirectory,
        Left::HardLink,
    ]);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let names = prop::collection::btree_map("[a-c]", inner, 0..4);
        let names = names.prop_map(|it| it.into_iter().collect::<Vec<_>>());
        prop_oneof![
            names.clone().prop_map(Left::Directory),
            names.prop_map(Left::Locked)
        ]
    })
}

fn leave(path: &Path, left: &Left, outside: &Path) {
    match left {
        Left::File => fs::write(path, "x").unwrap(),
        Left::Unwritable => {
            fs::write(path, "x").unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
        }
        Left::Pipe => {
            let kind = rustix::fs::FileType::Fifo;
            rustix::fs::mknodat(rustix::fs::CWD, path, kind, 0o600.into(), 0).unwrap();
        }
        Left::LinkToFile => symlink(outside.join("precious"), path).unwrap(),
        Left::LinkToDirectory => symlink(outside.join("sub"), path).unwrap(),
        Left::HardLink => fs::hard_link(outside.join("precious"), path).unwrap(),
        Left::Directory(names) | Left::Locked(names) => {
            fs::create_dir(path).unwrap();
            for (name, left) in names {
                leave(&path.join(name), left, outside);
            }
            if matches!(left, Left::Locked(_)) {
                fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
            }
        }
    }
}

fn clears<D: Handle>(left: &Left) {
    let place = place();
    leave(&place.inside.join("x"), left, &place.outside);
    let directory = D::open(&place.inside).unwrap();
    directory.clear(b"x").unwrap();
    assert_eq!(fs::read_dir(&place.inside).unwrap().count(), 0, "{left:?}");
    assert!(place.is_untouched(), "{left:?}");
}

proptest! {
    #[test]
    fn whatever_was_left_is_deleted_and_nothing_else(left in left()) {
        clears::<Directory>(&left);
        clears::<portable::Directory>(&left);
    }
}

fn is_deep<D: Handle>() {
    let place = place();
    let directory = D::open(&place.inside).unwrap();
    // Deeper than there may be open files, and longer than a path may be.
    let mut at = D::open(&place.inside).unwrap();
    for _ in 0..40 {
        for _ in 0..50 {
            at.make(b"name that is long").unwrap();
            at = at.child(b"name that is long").unwrap();
        }
        at.create(b"file", 0o600).unwrap();
    }
    directory.clear(b"name that is long").unwrap();
    assert_eq!(fs::read_dir(&place.inside).unwrap().count(), 0);
}

#[test]
fn depth_is_no_hindrance() {
    is_deep::<Directory>();
}

fn refuses_links<D: Handle>() {
    let place = place();
    symlink(&place.outside, place.inside.join("link")).unwrap();
    symlink(place.outside.join("precious"), place.inside.join("file")).unwrap();
    let directory = D::open(&place.inside).unwrap();
    assert!(directory.child(b"link").is_err());
    assert!(directory.open_file(b"file").is_err());
    assert!(directory.open_file(b"link").is_err());
    assert!(directory.create(b"file", 0o644).is_err());
    assert_eq!(directory.stat(b"link").unwrap().kind, Kind::Link);
    let target = directory.read_link(b"file").unwrap();
    assert!(target.ends_with(b"outside/precious"));
    // A directory is wanted: the link goes, what it led to does not.
    let new = directory.child_or_new(b"link").unwrap();
    new.create(b"f", 0o644).unwrap();
    assert!(place.inside.join("link/f").is_file());
    assert!(place.is_untouched());
    assert!(D::open(&place.inside.join("file")).is_err());
    assert!(directory.clear(b"not there").is_ok());
    // One that is replaced while it is open.
    fs::rename(place.inside.join("link"), place.inside.join("moved")).unwrap();
    symlink(&place.outside, place.inside.join("link")).unwrap();
    let _ = new.create(b"g", 0o644);
    assert!(place.is_untouched());
}

#[test]
fn links_are_not_followed() {
    refuses_links::<Directory>();
    refuses_links::<portable::Directory>();
}

#[test]
fn a_walker_keeps_open_what_paths_share() {
    let place = place();
    let mut walker = Walker::new(&place.inside).unwrap();
    walker.enter_or_make(b"a/b").unwrap();
    walker.enter_or_make(b"a/c/d").unwrap();
    assert!(walker.is_at(b"a/c/d"));
    walker.enter(b"").unwrap();
    walker.enter(b"a/b").unwrap();
    assert!(walker.enter(b"ab").is_err());
    // A failed step leaves it where it can go on from.
    assert!(walker.enter(b"a/c/none/x").is_err());
    walker.enter(b"a/c").unwrap();
    assert!(place.inside.join("a/c/d").is_dir());
}

fn is_made_by_all<D: Handle>() {
    const THREADS: usize = 4;
    for round in 0..200 {
        let place = place();
        if round % 2 == 0 {
            symlink(&place.outside, place.inside.join("a")).unwrap();
        }
        let start = std::sync::Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for number in 0..THREADS {
                let (start, place) = (&start, &place);
                scope.spawn(move || {
                    let here = D::open(&place.inside).unwrap();
                    start.wait();
                    let made = here.child_or_new(b"a").unwrap();
                    let below = made.child_or_new(b"b").unwrap();
                    below.create(format!("{number}").as_bytes(), 0o600).unwrap();
                });
            }
        });
        let files = fs::read_dir(place.inside.join("a/b")).unwrap();
        assert_eq!(files.count(), THREADS);
        assert!(place.is_untouched());
    }
}

#[test]
fn threads_that_make_the_same_directory_all_have_it() {
    is_made_by_all::<Directory>();
    is_made_by_all::<portable::Directory>();
}

#[test]
fn a_stamp_is_racy_when_a_change_could_have_the_same() {
    let stat = |changed: i64| Stat {
        kind: Kind::File,
        size: 0,
        modified: 0,
        changed,
        inode: 0,
        mode: 0,
    };
    let at = 100 * SECOND + 500;
    let cases = [
        (at, true),
        (at + 5 * SECOND, true),
        (at - 10_000_000, true),
        (at - 30_000_000, false),
        // The clock of its file system counts whole seconds.
        (99 * SECOND, true),
        (96 * SECOND, false),
    ];
    for (changed, expected) in cases {
        assert_eq!(stat(changed).is_racy(at), expected, "{changed}");
    }
}
