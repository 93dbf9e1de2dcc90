//! Changes by agents that edit files themselves, in a copy of real repositories.

use super::*;
use crate::git::testing::Repo;
use crate::run::tests::CODE;
use domain::proposal::{CheckOutcome, FileAction};

/// Makes the project a repository with everything in it committed.
fn repository(machine: &Machine) {
    git(machine, &["init", "-q", "-b", "main"]);
    git(machine, &["add", "-A"]);
    git(machine, &["commit", "-q", "-m", "first"]);
}

fn git(machine: &Machine, args: &[&str]) -> String {
    Repo::none().git_in(&machine.root, args)
}

/// What the user's git says of the user's files.
fn status(machine: &Machine) -> String {
    git(
        machine,
        &["status", "--porcelain=v2", "--branch", "--show-stash"],
    )
}

fn actions(proposal: &Proposal) -> Vec<String> {
    let told = proposal.files.iter().map(|file| match &file.action {
        FileAction::Edit {
            hunks,
            rename,
            executable,
            ..
        } => {
            let rename = rename
                .as_ref()
                .map(|it| format!(" to {it}"))
                .unwrap_or_default();
            let mode = executable
                .map(|it| format!(" executable {it}"))
                .unwrap_or_default();
            format!("{}{rename}{mode}, {} hunks", file.path, hunks.len())
        }
        FileAction::Create { text, .. } => format!("{} created: {:?}", file.path, text.to_string()),
        FileAction::Delete { .. } => format!("{} deleted", file.path),
    });
    told.collect()
}

#[test]
fn what_an_agent_edits_in_its_copy_is_proposed_and_the_users_files_stay_as_they_are() {
    let script = "sed -i s/teh/the/ src/main.rs; mkdir new; printf 'x\\n' > new/file.txt; rm gone.txt; \
                  mv old.txt moved.txt; printf 'built\\n' > out.log; git add -A; git -c user.name=B -c \
                  user.email=b@example.org commit -qm theirs; git stash list; printf 'y\\n' >> untracked.txt";
    let machine = Machine::new(&[("alpha", &["edit", script])]);
    machine.write("gone.txt", "one\n");
    machine.write("old.txt", "a line of some length\nanother one\n");
    machine.write(".gitignore", "*.log\n");
    repository(&machine);
    machine.write("untracked.txt", "mine\n");
    let before = status(&machine);
    let door = machine.door();
    let (proposals, report) = propose(&door, edit(&door));
    assert_eq!(report.error, None);
    assert_eq!(
        actions(&proposals[0]),
        [
            "gone.txt deleted",
            r#"new/file.txt created: "x\n""#,
            "old.txt to moved.txt, 0 hunks",
            "src/main.rs, 1 hunks",
            "untracked.txt, 1 hunks",
        ]
    );
    assert_eq!(proposals[0].summary, "Edited.");
    assert!(
        proposals[0]
            .problems
            .iter()
            .any(|it| it.contains("out.log")),
        "{proposals:?}"
    );
    assert_eq!(status(&machine), before);
    assert_eq!(machine.read("src/main.rs"), CODE);
}

#[test]
fn an_agent_sees_unsaved_text_and_the_next_one_a_clean_copy() {
    let script = "sed -i s/unsaved/seen/ src/main.rs; echo left > left.txt";
    let machine = Machine::new(&[("alpha", &["edit", script])]);
    repository(&machine);
    let door = machine.door();
    for version in [3, 4] {
        let buffer = Buffer {
            text: Text::new(&format!("// unsaved {version}\n{CODE}")),
            version,
        };
        let edit = Edit {
            open: OpenBuffers::from([(path("src/main.rs"), buffer)]),
            ..edit(&door)
        };
        let (proposals, _) = propose(&door, edit);
        assert_eq!(
            actions(&proposals[0]),
            [r#"left.txt created: "left\n""#, "src/main.rs, 1 hunks"],
            "{version}"
        );
        let base = proposals[0].files[1].base().unwrap().to_string();
        assert!(
            base.starts_with(&format!("// unsaved {version}\n")),
            "{base}"
        );
    }
}

#[test]
fn a_failed_check_is_mended_once_and_both_are_told() {
    let machine = Machine::new(&[]);
    let check = "[fix]\ncheck = [\"sh\", \"-c\", \"grep -q right src/main.rs || { echo wrong word; exit 3; }\"]\n";
    for (second, expected) in [
        ("sed -i s/wrong/right/ src/main.rs", CheckOutcome::Passed),
        ("true", CheckOutcome::Failed("exit code 3".to_owned())),
    ] {
        let agent = ["edit", "sed -i s/teh/wrong/ src/main.rs", second];
        machine.configure(&[("alpha", &agent)], check);
        let door = machine.door();
        let (proposals, report) = propose(&door, edit(&door));
        let check = proposals[0]
            .check
            .as_ref()
            .unwrap_or_else(|| panic!("{report:?}"));
        assert_eq!(check.outcome, expected);
        assert!(check.repaired);
        let is_passed = expected == CheckOutcome::Passed;
        assert_eq!(check.output, if is_passed { "" } else { "wrong word" });
        assert!(
            hunk(&proposals[0])
                .1
                .contains(if is_passed { "right" } else { "wrong" })
        );
    }
}

#[test]
fn answers_in_text_are_checked_in_a_copy_as_well() {
    let machine = Machine::new(&[]);
    let answer = ANSWER.replace('\n', "\\n");
    machine.configure(
        &[("alpha", &["say", &answer])],
        "[fix]\ncheck = [\"grep\", \"-q\", \"let the\", \"src/main.rs\"]\n",
    );
    repository(&machine);
    let door = machine.door();
    let (proposals, _) = propose(&door, edit(&door));
    assert_eq!(
        proposals[0].check.as_ref().unwrap().outcome,
        CheckOutcome::Passed
    );
    assert_eq!(machine.read("src/main.rs"), CODE);
}

#[test]
fn two_agents_work_at_the_same_time_each_in_a_copy_of_its_own() {
    let machine = Machine::new(&[]);
    // Each waits until the other has begun.
    let meet = |own: &str, other: &str| {
        let here = machine.root.parent().unwrap().display().to_string();
        format!(
            "touch {here}/{own}; while [ ! -e {here}/{other} ]; do sleep 0.01; done; sed -i s/teh/{own}/ src/main.rs"
        )
    };
    let (first, second) = (meet("one", "two"), meet("two", "one"));
    machine.configure(
        &[("alpha", &["edit", &first]), ("beta", &["edit", &second])],
        "",
    );
    repository(&machine);
    let door = machine.door();
    let edit = Edit {
        agents: ["alpha", "beta"].map(str::to_owned).to_vec(),
        ..edit(&door)
    };
    let (mut proposals, _) = propose(&door, edit);
    proposals.sort_by(|a, b| a.agent.cmp(&b.agent));
    let results: Vec<String> = proposals.iter().map(|it| hunk(it).1).collect();
    assert_eq!(results, ["    let one = 1;\n", "    let two = 1;\n"]);
}
