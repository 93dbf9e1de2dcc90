//! Tests of diffs: their looks, and that reading them makes the same text.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::patch::{self, Action, Outcome};
use crate::proposal::ProposalId;
use crate::text::Text;
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn path(path: &str) -> RelPath {
    RelPath::try_from(path.to_owned()).unwrap()
}

fn file(name: &str, action: FileAction) -> FileChange {
    FileChange {
        path: path(name),
        action,
    }
}

fn edited(name: &str, base: &str, new: &str) -> FileChange {
    FileChange::edit(path(name), Text::new(base), &Text::new(new)).unwrap()
}

fn check(file: FileChange, expected: &Expect) {
    expected.assert_eq(&render(&[file]));
}

#[test]
fn every_kind_of_change_as_git_writes_it() {
    check(
        edited(
            "src/a.rs",
            "1\n2\n3\n4\n5\n6\n7\n8\n9",
            "1\n2\n3\n4\nfive\n6\n7\n8\nnine\n",
        ),
        &expect![[r"
            diff --git a/src/a.rs b/src/a.rs
            --- a/src/a.rs
            +++ b/src/a.rs
            @@ -2,8 +2,8 @@
             2
             3
             4
            -5
            +five
             6
             7
             8
            -9
            \ No newline at end of file
            +nine
        "]],
    );
    let created = FileAction::Create {
        text: Text::new("one\ntwo"),
        executable: true,
    };
    check(
        file("new file.sh", created),
        &expect![[r"
            diff --git a/new file.sh b/new file.sh
            new file mode 100755
            --- /dev/null
            +++ b/new file.sh	
            @@ -0,0 +1,2 @@
            +one
            +two
            \ No newline at end of file
        "]],
    );
    let deleted = FileAction::Delete {
        base: Text::new("gone\n"),
    };
    check(
        file("a\"b\\c", deleted),
        &expect![[r#"
            diff --git "a/a\"b\\c" "b/a\"b\\c"
            deleted file mode 100644
            --- "a/a\"b\\c"
            +++ /dev/null
            @@ -1 +0,0 @@
            -gone
        "#]],
    );
    let renamed = FileChange::between(
        path("old"),
        Text::new("same\n"),
        &Text::new("same\n"),
        Some(path("new")),
        Some(false),
    );
    check(
        renamed.unwrap(),
        &expect![[r"
            diff --git a/old b/new
            old mode 100755
            new mode 100644
            rename from old
            rename to new
        "]],
    );
    let empty = FileAction::Create {
        text: Text::new(""),
        executable: false,
    };
    check(
        file("empty", empty),
        &expect![[r"
            diff --git a/empty b/empty
            new file mode 100644
        "]],
    );
}

#[test]
fn parts_can_be_shown_alone() {
    let lines = |first: &str, last: &str| format!("{first}\n2\n3\n4\n5\n6\n7\n8\n9\n{last}\n");
    let proposal = Proposal {
        id: ProposalId("abcdefgh".to_owned()),
        agent: "a".to_owned(),
        provider: "a".to_owned(),
        title: String::new(),
        summary: String::new(),
        findings: Vec::new(),
        files: vec![
            edited("a", &lines("1", "10"), &lines("one", "ten")),
            edited("b", "x\n", "y\n"),
        ],
        check: None,
        problems: Vec::new(),
        usage: None,
    };
    expect![[r"
        diff --git a/a b/a
        --- a/a
        +++ b/a
        @@ -7,4 +7,4 @@
         7
         8
         9
        -10
        +ten
    "]]
    .assert_eq(&unified(&proposal, Some(&[2])));
    assert_eq!(unified(&proposal, None), render(&proposal.files));
    assert_eq!(unified(&proposal, Some(&[])), "");
}

fn some_text() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]{0,2}(\n|\r\n)", 0..14).prop_map(|it| it.concat())
}

proptest! {
    #[test]
    fn a_diff_that_is_read_makes_the_same_text(base in some_text(), new in some_text(), ended in any::<bool>()) {
        let new = if ended { new } else { new.trim_end().to_owned() };
        let base = Text::new(&base);
        let Some(change) = FileChange::edit(path("src/a.rs"), base.clone(), &Text::new(&new)) else {
            return Ok(());
        };
        // Lines that come get the ends of the file's own, and its last line keeps the end that it has.
        let plain = |text: &str| text.replace("\r\n", "\n").trim_end_matches('\n').to_owned();
        let read = patch::parse(&render(&[change]));
        let [patch] = read.files.as_slice() else {
            // Only line ends differ, and a diff that changes nothing else is told as one that changes nothing.
            prop_assert_eq!(read.problems, ["the diff of `src/a.rs` changes nothing"]);
            prop_assert_eq!(plain(&base.to_string()), plain(&new));
            return Ok(());
        };
        prop_assert_eq!(&read.problems, &Vec::<String>::new());
        prop_assert_eq!(&patch.path, "src/a.rs");
        let Action::Edit { .. } = patch.action else { panic!("{patch:?}") };
        let placed = patch::place("src/a.rs", &patch.action, Some(&base));
        // With so few words, lines stand in several places; what is placed must be right.
        if placed.problems.is_empty() {
            let edits = match placed.outcome {
                Outcome::Edits(edits) => edits,
                // Only line ends differ.
                outcome => {
                    prop_assert_eq!(outcome, Outcome::Same);
                    Vec::new()
                }
            };
            let made = edit::apply(&base, &edits).unwrap().to_string();
            prop_assert_eq!(plain(&made), plain(&new));
        }
    }
}
