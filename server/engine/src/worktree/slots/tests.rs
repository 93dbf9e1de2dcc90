//! Tests of slots: who gets which, how many there may be, and what is deleted.
#![allow(clippy::unwrap_used)]

use super::*;
use std::time::Duration;
use tempfile::TempDir;

const A: &str = "aaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbb";

struct Place {
    directory: TempDir,
    slots: Slots,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let slots = Slots::new(directory.path().join("worktrees"));
    Place { directory, slots }
}

impl Place {
    fn take(&self, key: &str, most: usize) -> Result<Slot, WorktreeError> {
        let wish = Wish {
            key,
            once: false,
            most,
        };
        self.slots
            .take_within(wish, &CancellationToken::new(), Duration::ZERO)
    }

    fn take_once(&self, key: &str) -> Slot {
        let wish = Wish {
            key,
            once: true,
            most: 9,
        };
        self.slots.take(wish, &CancellationToken::new()).unwrap()
    }

    /// The slots that exist, by the first letter of their repository and their number.
    fn names(&self) -> String {
        let mut all: Vec<String> = self
            .slots
            .contents()
            .unwrap()
            .slots
            .iter()
            .map(|it| format!("{}{}", &it.key[..1], it.path.file_name().unwrap().display()))
            .collect();
        all.sort();
        all.join(" ")
    }
}

fn set_used(slot: &Path, seconds_ago: u64) {
    let lock = File::options().write(true).open(lock_of(slot)).unwrap();
    let time = SystemTime::now() - Duration::from_secs(seconds_ago);
    lock.set_modified(time).unwrap();
}

#[test]
fn a_free_slot_of_the_repository_is_used_again_the_warmest_first() {
    let place = place();
    let (first, second) = (place.take(A, 9).unwrap(), place.take(A, 9).unwrap());
    let paths = [first.path().to_owned(), second.path().to_owned()];
    assert_ne!(paths[0], paths[1]);
    drop(first);
    drop(second);
    set_used(&paths[0], 10);
    set_used(&paths[1], 20);
    assert_eq!(place.take(A, 9).unwrap().path(), paths[0]);
    set_used(&paths[0], 30);
    assert_eq!(place.take(A, 9).unwrap().path(), paths[1]);
    assert_eq!(place.names(), "a0 a1");
}

#[test]
fn at_the_limit_the_one_that_nobody_missed_longest_goes() {
    let place = place();
    let paths: Vec<PathBuf> = (0..2)
        .map(|_| place.take(A, 3).unwrap())
        .collect::<Vec<_>>()
        .iter()
        .map(|it| it.path().to_owned())
        .collect();
    set_used(&paths[0], 20);
    set_used(&paths[1], 10);
    let busy = place.take(B, 3).unwrap();
    assert_eq!(place.names(), "a0 a1 b0");
    let other = place.take(B, 3).unwrap();
    assert_eq!(place.names(), "a1 b0 b1");
    drop((busy, other));
}

#[test]
fn when_all_are_in_use_one_waits_and_is_told_so() {
    let place = place();
    let first = place.take(A, 1).unwrap();
    let error = place.take(B, 1).unwrap_err();
    let words = "all 1 worktrees that agents may have at once were in use for 0 s; wait until another run has ended, or \
                 allow more worktrees";
    assert_eq!(error.to_string(), words);
    let path = first.path().to_owned();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let wish = Wish {
                key: B,
                once: false,
                most: 1,
            };
            place.slots.take(wish, &CancellationToken::new()).unwrap()
        });
        drop(first);
        waiting.join().unwrap();
    });
    assert!(!path.exists());
    let _held = place.take(A, 1).unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let wish = Wish {
        key: A,
        once: false,
        most: 1,
    };
    let error = place.slots.take(wish, &cancel).unwrap_err();
    assert!(matches!(error, WorktreeError::Cancelled));
}

#[test]
fn what_a_crash_left_is_not_used_and_goes_at_the_next_start() {
    let place = place();
    for start in [true, false] {
        let path = place.take(A, 9).unwrap().path().to_owned();
        fs::write(path.join("tree"), "half").unwrap();
        fs::write(path.join(BUSY), "1").unwrap();
        let once = place.take_once(B);
        let once_path = once.path().to_owned();
        // Still in use by somebody, who does not tidy up.
        std::mem::forget(once);
        if start {
            let remarks = place.slots.tidy().unwrap();
            assert_eq!(remarks, ["1 worktree that a crash had left was deleted."]);
            assert!(!path.exists() && once_path.exists());
        } else {
            let slot = place.take(A, 9).unwrap();
            assert!(!slot.path().join("tree").exists());
        }
    }
}

#[test]
fn a_slot_that_is_used_once_is_gone_afterwards() {
    let place = place();
    let (slot, other) = (place.take_once(A), place.take_once(A));
    let path = slot.path().to_owned();
    drop(slot);
    assert!(!path.exists() && other.path().exists());
    drop(other);
    assert_eq!(place.names(), "");
    assert!(!place.slots.directory().join(A).exists());
}

#[test]
fn what_is_not_ours_is_left_alone_and_told() {
    let place = place();
    drop(place.take(A, 9).unwrap());
    let directory = place.slots.directory();
    for path in [
        "notes",
        "aaaaaaaaaaaaaaaa/7",
        "trash-mine",
        "aaaaaaaaaaaaaaaa/x.lock",
    ] {
        fs::create_dir_all(directory.join(path)).unwrap();
        fs::write(directory.join(path).join("precious"), "p").unwrap();
    }
    fs::write(directory.join("file"), "p").unwrap();
    std::os::unix::fs::symlink(place.directory.path(), directory.join(B)).unwrap();
    let mut remarks = place.slots.tidy().unwrap();
    remarks.sort();
    assert_eq!(remarks.len(), 6, "{remarks:#?}");
    assert!(remarks.iter().all(|it| it.ends_with("is left alone.")));
    assert!(directory.join("aaaaaaaaaaaaaaaa/7/precious").exists());
    // Its number is not taken either.
    let held: Vec<Slot> = (0..9).map(|_| place.take(A, 20).unwrap()).collect();
    assert!(held.iter().all(|it| !it.path().ends_with("7")));
    assert!(place.take(B, 20).is_err(), "a link leads somewhere else");
}

#[test]
fn old_and_half_deleted_ones_go_at_the_next_start() {
    let place = place();
    let path = place.take(A, 9).unwrap().path().to_owned();
    set_used(&path, UNUSED.as_secs() + 60);
    let trash = place.slots.directory().join("trash-1-2-3");
    fs::create_dir(&trash).unwrap();
    fs::write(trash.join(MARKER), MARK).unwrap();
    fs::create_dir(trash.join("tree")).unwrap();
    assert!(place.slots.tidy().unwrap().is_empty());
    assert!(!path.exists() && !trash.exists());
    let nowhere = Slots::new(place.directory.path().join("none"));
    assert!(nowhere.tidy().unwrap().is_empty());
    assert!(!nowhere.directory().exists());
}

#[test]
fn room_is_made_by_those_used_longest_ago() {
    let place = place();
    let slots: Vec<Slot> = (0..4).map(|_| place.take(A, 9).unwrap()).collect();
    let paths: Vec<PathBuf> = slots.iter().map(|it| it.path().to_owned()).collect();
    let mut slots = slots.into_iter();
    let kept = slots.next().unwrap();
    drop(slots);
    for (path, ago) in paths[1..].iter().zip([10, 30, 20]) {
        note_bytes(&path.join(BYTES), 100);
        set_used(path, ago);
    }
    place.slots.make_room(kept.path(), 100, 250).unwrap();
    assert_eq!(place.names(), "a0 a1");
}
