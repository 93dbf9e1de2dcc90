//! Random proposals against random changes on the disk, with a failure or a user's save at a random step: all that was
//! chosen is applied at the right text, or nothing at all has changed.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::testing::*;
use super::*;
use proptest::prelude::*;
use std::fs;

/// Lines of each file.
const LINES: usize = 12;
/// Files that are there at first.
const FILES: usize = 4;

/// What an agent does to one file.
#[derive(Clone, Debug)]
enum Wish {
    Edit {
        /// What it does to which lines.
        lines: Vec<(usize, Deed)>,
        moves: bool,
        runs: bool,
    },
    Delete,
    /// The file is left alone, and another one made.
    Create,
}

/// What is done to a line.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Replace,
    Delete,
    /// A line comes after it.
    Insert,
}

/// What the user did to a file before.
#[derive(Clone, Debug)]
enum Past {
    Edit(Vec<(usize, Deed)>),
    Delete,
    /// There is a file where the agent wants one.
    Occupy,
    ReadOnly,
}

/// What happens while the change is written.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Nothing,
    /// This step fails.
    Fail(usize),
    /// The user saves this file at this step.
    Save(usize, usize),
}

fn name(file: usize) -> String {
    format!("dir{}/file{file}", file % 2)
}

/// A line says where it belongs, so that one at a wrong place is noticed.
fn line(who: &str, number: usize) -> String {
    format!("{number:03} {who}\n")
}

fn base() -> String {
    (0..LINES).map(|it| line("base", it)).collect()
}

fn done(who: &str, deeds: &[(usize, Deed)]) -> String {
    done_by(&[(who, deeds)])
}

/// The base after what several have done to it, none of them to a line of another.
fn done_by(people: &[(&str, &[(usize, Deed)])]) -> String {
    let mut text = String::new();
    for number in 0..LINES {
        let mut own = line("base", number);
        let mut after = String::new();
        for (who, deeds) in people {
            match deeds.iter().find(|it| it.0 == number) {
                None => {}
                Some((_, Deed::Replace)) => own = line(who, number),
                Some((_, Deed::Delete)) => own.clear(),
                Some((_, Deed::Insert)) => after.push_str(&line(who, number)),
            }
        }
        text.push_str(&own);
        text.push_str(&after);
    }
    text
}

/// Where a file is after everything was applied, and its text; `None` when it is gone.
fn merged(file: usize, wish: &Wish, past: Option<&Past>) -> Option<(String, String)> {
    let user: &[_] = match past {
        Some(Past::Edit(lines)) => lines,
        Some(Past::Delete) => return None,
        Some(Past::Occupy | Past::ReadOnly) | None => &[],
    };
    match wish {
        Wish::Edit { lines, moves, .. } => {
            let at = if *moves {
                format!("moved/{file}")
            } else {
                name(file)
            };
            Some((at, done_by(&[("agent", lines), ("user", user)])))
        }
        Wish::Delete => None,
        Wish::Create => Some((name(file), done("user", user))),
    }
}

/// Where both have put a line after the same one, either may be the first.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn change(file: usize, wish: &Wish) -> FileChange {
    let at = name(file);
    match wish {
        Wish::Edit { lines, moves, runs } => {
            let to = format!("moved/{file}");
            let to = moves.then_some(to.as_str());
            edit_more(
                &at,
                &base(),
                &done("agent", lines),
                to,
                runs.then_some(true),
            )
        }
        Wish::Delete => delete(&at, &base()),
        Wish::Create => create(&format!("new/{file}"), "new\n"),
    }
}

fn happen(place: &Place, file: usize, past: &Past) {
    let at = place.at(&name(file));
    match past {
        Past::Edit(lines) => fs::write(at, done("user", lines)).unwrap(),
        Past::Delete => fs::remove_file(at).unwrap(),
        Past::Occupy => {
            place.write(&format!("new/{file}"), "user\n");
            place.write(&format!("moved/{file}"), "user\n");
        }
        Past::ReadOnly => {
            let mut permissions = fs::metadata(&at).unwrap().permissions();
            permissions.set_readonly(true);
            fs::set_permissions(at, permissions).unwrap();
        }
    }
}

fn deeds() -> impl Strategy<Value = Vec<(usize, Deed)>> {
    let deed = prop_oneof![Just(Deed::Replace), Just(Deed::Delete), Just(Deed::Insert)];
    prop::collection::vec((0..LINES, deed), 0..4)
}

fn wish() -> impl Strategy<Value = Wish> {
    let edit = (deeds(), any::<bool>(), any::<bool>());
    prop_oneof![
        4 => edit.prop_map(|(lines, moves, runs)| Wish::Edit { lines, moves, runs }),
        1 => Just(Wish::Delete),
        1 => Just(Wish::Create),
    ]
}

fn past() -> impl Strategy<Value = Option<Past>> {
    prop_oneof![
        4 => Just(None),
        4 => deeds().prop_map(|it| Some(Past::Edit(it))),
        1 => Just(Some(Past::Delete)),
        1 => Just(Some(Past::Occupy)),
        1 => Just(Some(Past::ReadOnly)),
    ]
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        2 => Just(Trouble::Nothing),
        1 => (0..40usize).prop_map(Trouble::Fail),
        1 => (0..40usize, 0..FILES).prop_map(|(step, file)| Trouble::Save(step, file)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn all_that_was_chosen_or_nothing(
        wishes in prop::collection::vec(wish(), FILES),
        pasts in prop::collection::vec(past(), FILES),
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        trouble in trouble(),
        exchanges in any::<bool>(),
    ) {
        let texts: Vec<(String, String)> = (0..FILES).map(|it| (name(it), base())).collect();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(a, b)| (&**a, &**b)).collect();
        let place = Place::new(&texts);
        for (file, past) in pasts.iter().enumerate() {
            if let Some(past) = past {
                happen(&place, file, past);
            }
        }
        let mut files: Vec<FileChange> = wishes.iter().enumerate().map(|(it, wish)| change(it, wish)).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let count: usize = files.iter().map(|it| it.parts().len()).sum();
        let parts: Vec<usize> = chosen.iter().filter(|_| count > 0).map(|it| it.index(count) + 1).collect();
        let selection = if parts.is_empty() { Selection::All } else { Selection::Parts(parts) };

        let mut before = place.snapshot();
        let standings = place.standings(&files);
        let root = place.root();
        let held = hold::all(&root, &[], &files, hold::Origin::Agent);
        let mut step = 0;
        let result = write(&root, &held, &selection, Onto::Now, &mut |kind, _| {
            step += 1;
            match trouble {
                Trouble::Fail(at) if at == step && kind != write::Step::CleanUp => {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                Trouble::Save(at, file) if at == step => {
                    let at = place.at(&name(file));
                    if at.exists() {
                        fs::write(&at, "saved\n").unwrap();
                    }
                }
                _ => {}
            }
            if kind == write::Step::Exchange && !exchanges {
                return Err(io::ErrorKind::Unsupported.into());
            }
            Ok(())
        });
        let after = place.snapshot();
        let saved = after.values().filter(|it| it.1.as_deref() == Some(b"saved\n")).count();
        match result {
            Ok(written) => {
                let is_chosen = |it: &usize| match &selection {
                    Selection::All => true,
                    Selection::Parts(parts) => parts.contains(it),
                };
                for (number, standing) in (1..).zip(&standings) {
                    let applied = written.parts.contains(&number);
                    prop_assert_eq!(applied, is_chosen(&number) && *standing == Standing::Open);
                }
                if selection == Selection::All && saved == 0 {
                    for (file, (wish, past)) in wishes.iter().zip(&pasts).enumerate() {
                        let Some(expected) = merged(file, wish, past.as_ref()) else { continue };
                        let found = place.read(&expected.0);
                        prop_assert_eq!(sorted(&found), sorted(&expected.1));
                    }
                }
                for (path, (_, content)) in &after {
                    let text = String::from_utf8(content.clone().unwrap_or_default()).unwrap();
                    let numbers: Vec<&str> = text.lines().filter_map(|it| it.get(..3)).collect();
                    prop_assert!(numbers.is_sorted(), "{}: {}", path, text);
                }
                // Every line of the user's is there still.
                let users = |snapshot: &Snapshot| {
                    let texts = snapshot.values().filter_map(|it| it.1.clone());
                    let all: String = texts.map(|it| String::from_utf8(it).unwrap()).collect();
                    let lines = all.lines().filter(|it| it.ends_with("user"));
                    lines.map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
                };
                if saved == 0 {
                    prop_assert_eq!(users(&after), users(&before));
                    revert(&root, &[], &written.inverse).unwrap();
                    prop_assert_eq!(place.snapshot(), before);
                }
            }
            Err(DiskError::Torn { left, .. }) => {
                // Only what the user saved is not as it was.
                prop_assert!(saved > 0, "{:?}", left);
            }
            Err(error) => {
                if let Trouble::Save(_, file) = trouble && saved > 0 {
                    let saved = before.get_mut(&name(file)).unwrap();
                    saved.1 = Some(b"saved\n".to_vec());
                }
                prop_assert_eq!(after, before, "{}", error);
            }
        }
    }
}
