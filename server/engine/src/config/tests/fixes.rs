//! `[fix]` and `[[actions]]`.

use super::*;
use expect_test::expect;

/// Agents that can edit, answer, only review.
const AGENTS: &str = r#"
[agents.both]
command = ["both"]
edit = { tool = "edit" }
ask = { tool = "ask" }
[agents.answers]
command = ["answers"]
ask = { tool = "ask" }
[agents.reviews]
command = ["reviews"]
review = { tool = "review" }
"#;

/// What was loaded of fixes, problems and untrusted things.
fn of_fixes(fixture: &Fixture) -> String {
    let loaded = fixture.load();
    let rendered = rendered(&loaded);
    let review = rendered.find("\nreview: ").unwrap() + 1;
    let (_, rest) = rendered[review..].split_once('\n').unwrap();
    fixture.clean(rest)
}

#[cfg(unix)]
#[test]
fn who_fixes() {
    for (user, agents, offered) in [
        ("", &[][..], &["codex"][..]),
        (
            "[agents.builtin]\nedit = { tool = \"edit\" }",
            &[],
            &["codex"],
        ),
        ("[agents.eslint]", &[], &["codex"]),
        ("[agents.codex]", &["codex"], &[]),
        // Those that edit come first.
        (AGENTS, &["both", "answers"], &[]),
        ("[agents.codex]\nenabled = false", &[], &[]),
        ("[fix]\nagents = []", &[], &[]),
        (
            "[fix]\nagents = [\"builtin\"]\n[agents.builtin]\nask = { tool = \"a\" }",
            &["builtin"],
            &[],
        ),
    ] {
        let fixture = Fixture::new().user(user).program("codex");
        let fix = fixture.load().config.fix;
        assert_eq!(fix.agents, agents, "{user}");
        assert_eq!(fix.offered, offered, "{user}");
    }
}

#[test]
fn later_layers_win_key_by_key_and_actions_add_up() {
    let user = r#"
[fix]
check = ["cargo", "check", "${env:TOKEN}", "${workspaceFolder}"]
check_timeout = "1m"
link = ["target"]
copy = [".env", "./config/local/"]
instructions = "user"
[[actions]]
title = "Explain"
prompt = "user"
[[actions]]
title = "Write doc comments"
prompt = """
Add doc comments.
Change no code.
"""
agents = ["both", "answers", "both"]
"#;
    let fixture = Fixture::new()
        .user(&format!("{AGENTS}{user}"))
        .project(
            r#"
[fix]
agents = ["both"]
check = ["ci/check", "--fast"]
link = ["node_modules"]
[[actions]]
title = "Explain"
prompt = "project"
agent = "answers"
"#,
        )
        .settings(json!({
            "fix": { "checkTimeout": "2m", "confirm": true, "copy": [] },
            "actions": [{ "title": "Shorten", "prompt": "settings", "agent": null }],
            "limits": { "worktrees": 2, "worktreeSize": "2GB" },
        }));
    expect![[r#"
        fix: both; check ["cargo", "check", "s3cret", "…/root"]; within 120s; confirm; link target; "user"
        action "Explain" of []: "user"
        action "Write doc comments" of ["both", "answers"]: "Add doc comments.\nChange no code."
        action "Shorten" of []: "settings"
        LimitsConfig { file_bytes: 1048576, files: 2000, prompt_bytes: 204800, run: 1800s, approval: 120s, worktrees: 2, worktree_bytes: 2147483648 }
        untrusted: what agents change would be checked by running: ci/check --fast (crosscheck.toml)
        untrusted: the disposable copies that agents edit would have a link to your own "node_modules" (crosscheck.toml)
        untrusted: the action "Explain" would tell agent "answers": "project" (crosscheck.toml)
    "#]].assert_eq(&of_fixes(&fixture));
    let hash = fixture.load().untrusted.unwrap().hash;
    fixture.trust().grant(&fixture.root, &hash).unwrap();
    expect![[r#"
        fix: both; check ["ci/check", "--fast"]; within 120s; confirm; link node_modules; "user"
        action "Explain" of ["answers"]: "project"
        action "Write doc comments" of ["both", "answers"]: "Add doc comments.\nChange no code."
        action "Shorten" of []: "settings"
        LimitsConfig { file_bytes: 1048576, files: 2000, prompt_bytes: 204800, run: 1800s, approval: 120s, worktrees: 2, worktree_bytes: 2147483648 }
    "#]].assert_eq(&of_fixes(&fixture));
    let fixture = fixture.settings(json!({ "fix": { "check": [] } }));
    assert_eq!(fixture.load().config.fix.check, None);
}

#[test]
fn problems() {
    let mut table = String::new();
    let long = "x".repeat(16 * 1024 + 1);
    for text in [
        "[fix]\nagents = [\"both\", \"boht\", \"reviews\", \"codex\"]",
        "[fix]\ncheck = [\"\"]",
        "[fix]\ncheck = \"cargo check\"",
        "[fix]\ncheck = [\"./check\"]",
        "[fix]\ncheck = [\"sub/check\"]",
        "[fix]\ncheck = [\"${userHome}/check\", \"\\u0000\"]",
        "[fix]\ncheck = [\"a\", \"${env:NONE}\"]",
        "[fix]\ncheck_timeout = 10\nconfirm = \"yes\"\nchek = []",
        "[fix]\nlink = [\"/etc\", \"~/x\", \"C:\\\\x\", \"../x\", \"a/../../x\", \"a\\\\..\\\\..\\\\x\", \"\", \".\", \"a//b\"]",
        "[fix]\nlink = [\".git\", \"a/.GIT/hooks\", \".git \", \"GIT~1\", \".git::$INDEX_ALLOCATION\", \".github\"]",
        "[fix]\nlink = [\"a/b\", \"a/b/c\", \"a\", \"a/b/\", \"a/bc\", \"**/x\"]\ncopy = [\"A/BC/d\", \"a\\nb\"]",
        "[[actions]]",
        "[[actions]]\ntitle = \"a\"",
        "[[actions]]\nprompt = \"a\"",
        "[[actions]]\ntitle = \"a\\nb\"\nprompt = \"a\"",
        "[[actions]]\ntitle = \"a\\u202eb\"\nprompt = \"a\"",
        "[[actions]]\ntitle = \" \"\nprompt = \"a\"",
        &format!("[[actions]]\ntitle = \"{}\"\nprompt = \"a\"", &long[..80]),
        &format!("[[actions]]\ntitle = \"{}\"\nprompt = \"a\"", &long[..81]),
        &format!("[[actions]]\ntitle = \"a\"\nprompt = \"{}\"", &long[1..]),
        &format!("[[actions]]\ntitle = \"a\"\nprompt = \"{long}\""),
        &format!("[fix]\ninstructions = \"{long}\""),
        "[[actions]]\ntitle = \"a\"\nprompt = \"a\"\nagent = \"boht\"\n[[actions]]\ntitle = \"b\"\nprompt = \"b\"\nagents = [\"both\", \"reviews\"]",
        "[[actions]]\ntitle = \"a\"\nprompt = \"a\"\nagent = \"x\"\nagents = [\"both\"]",
        // The others hold.
        "[[actions]]\ntitle = \"a\"\nprompt = 1\n[[actions]]\ntitle = \"b\"\npromt = \"b\"\n[[actions]]\ntitle = \"c\"\nprompt = \"c\"\nagents = [1]",
        "[[actions]]\ntitle = \"a\"\nprompt = \"1\"\n[[actions]]\ntitle = \" a \"\nprompt = \"2\"",
        "actions = [1]",
        "[actions]\ntitle = \"a\"",
        "[limits]\nworktrees = 0\nworktree_size = \"2TB\"",
        "[limits]\nworktree_size = \"2000GB\"",
    ] {
        let shown = text.replace(&long[1..], "…").replace(&long[..80], "x…80…x");
        let shown = shown.replace('\n', " ⏎ ");
        writeln!(table, "── {shown}").unwrap();
        let text = format!("{text}\n{AGENTS}");
        table.push_str(&of_fixes(&Fixture::new().user(&text)));
    }
    expect![[r#"
        ── [fix] ⏎ agents = ["both", "boht", "reviews", "codex"]
        error: …/home/.config/crosscheck/config.toml:2: fix.agents: there is no agent "boht"; did you mean "both"?
        error: …/home/.config/crosscheck/config.toml:2: fix.agents: agent "reviews" can neither edit nor answer: name its tool in [agents.reviews.edit] or [agents.reviews.ask]
        error: …/home/.config/crosscheck/config.toml:2: fix.agents: agent "codex" is not configured; add the table [agents.codex] to use the preset of this name
        ── [fix] ⏎ check = [""]
        error: …/home/.config/crosscheck/config.toml:2: fix.check: the check is left out: the name of the program is empty; write the program and its arguments
        ── [fix] ⏎ check = "cargo check"
        error: …/home/.config/crosscheck/config.toml:2: fix.check: expected a list, found string "cargo check"; the key is ignored
        ── [fix] ⏎ check = ["./check"]
        error: …/home/.config/crosscheck/config.toml:2: fix.check: the check is left out: the path of a program must be absolute, since a relative one would mean another file in each workspace; write `${userHome}/…`, or put the check in the project file
        ── [fix] ⏎ check = ["sub/check"]
        error: …/home/.config/crosscheck/config.toml:2: fix.check: the check is left out: the path of a program must be absolute, since a relative one would mean another file in each workspace; write `${userHome}/…`, or put the check in the project file
        ── [fix] ⏎ check = ["${userHome}/check", "\u0000"]
        error: …/home/.config/crosscheck/config.toml:2: fix.check: the check is left out: there is a null character in the command
        ── [fix] ⏎ check = ["a", "${env:NONE}"]
        error: …/home/.config/crosscheck/config.toml:2: fix.check: the check is left out: the environment variable `NONE` is not set; set it before Crosscheck starts
        ── [fix] ⏎ check_timeout = 10 ⏎ confirm = "yes" ⏎ chek = []
        error: …/home/.config/crosscheck/config.toml:2: fix.check_timeout: expected a duration with a unit, like "90s" or "10m", found integer `10`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:3: fix.confirm: expected `true` or `false`, found string "yes"; the key is ignored
        warning: …/home/.config/crosscheck/config.toml:4: fix.chek: unknown key, ignored; did you mean `check`?
        ── [fix] ⏎ link = ["/etc", "~/x", "C:\\x", "../x", "a/../../x", "a\\..\\..\\x", "", ".", "a//b"]
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "/etc" is left out: the path must be relative to the root
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "~/x" is left out: the path must be relative to the root
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "C:\\x" is left out: the path must be relative to the root
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "../x" is left out: the path must not leave the root
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "a/../../x" is left out: the path must not leave the root
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "a\\..\\..\\x" is left out: the path must not leave the root
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "" is left out: this is no path of a file or directory below the root
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "." is left out: this is no path of a file or directory below the root
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "a//b" is left out: this is no path of a file or directory below the root
        ── [fix] ⏎ link = [".git", "a/.GIT/hooks", ".git ", "GIT~1", ".git::$INDEX_ALLOCATION", ".github"]
        fix: both, answers; link .github
        error: …/home/.config/crosscheck/config.toml:2: fix.link: ".git" is left out: what belongs to git is not for agents
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "a/.GIT/hooks" is left out: what belongs to git is not for agents
        error: …/home/.config/crosscheck/config.toml:2: fix.link: ".git " is left out: what belongs to git is not for agents
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "GIT~1" is left out: what belongs to git is not for agents
        error: …/home/.config/crosscheck/config.toml:2: fix.link: ".git::$INDEX_ALLOCATION" is left out: what belongs to git is not for agents
        ── [fix] ⏎ link = ["a/b", "a/b/c", "a", "a/b/", "a/bc", "**/x"] ⏎ copy = ["A/BC/d", "a\nb"]
        fix: both, answers; link a/b; copy A/BC/d
        error: …/home/.config/crosscheck/config.toml:3: fix.copy: "a\nb" is left out: this is no path of a file or directory below the root
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "a/b/c" is left out: it is the same as "a/b", or one is inside of the other
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "a" is left out: it is the same as "A/BC/d", or one is inside of the other
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "a/bc" is left out: it is the same as "A/BC/d", or one is inside of the other
        error: …/home/.config/crosscheck/config.toml:2: fix.link: "**/x" is left out: there are no patterns here; name the file or directory
        ── [[actions]]
        error: …/home/.config/crosscheck/config.toml:1: actions.0: the action is left out: it has no `title`
        ── [[actions]] ⏎ title = "a"
        error: …/home/.config/crosscheck/config.toml:1: actions.0: the action "a" is left out: it has no `prompt` that says what the agent shall do
        ── [[actions]] ⏎ prompt = "a"
        error: …/home/.config/crosscheck/config.toml:1: actions.0: the action is left out: it has no `title`
        ── [[actions]] ⏎ title = "a\nb" ⏎ prompt = "a"
        error: …/home/.config/crosscheck/config.toml:2: actions.0.title: the action is left out: a title is one line of 1 to 80 visible characters
        ── [[actions]] ⏎ title = "a\u202eb" ⏎ prompt = "a"
        error: …/home/.config/crosscheck/config.toml:2: actions.0.title: the action is left out: a title is one line of 1 to 80 visible characters
        ── [[actions]] ⏎ title = " " ⏎ prompt = "a"
        error: …/home/.config/crosscheck/config.toml:2: actions.0.title: the action is left out: a title is one line of 1 to 80 visible characters
        ── [[actions]] ⏎ title = "x…80…x" ⏎ prompt = "a"
        action "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" of []: "a"
        ── [[actions]] ⏎ title = "x…80…xx" ⏎ prompt = "a"
        error: …/home/.config/crosscheck/config.toml:2: actions.0.title: the action is left out: a title is one line of 1 to 80 visible characters
        ── [[actions]] ⏎ title = "a" ⏎ prompt = "…"
        action "a" of []: 16384 bytes
        ── [[actions]] ⏎ title = "a" ⏎ prompt = "…x"
        error: …/home/.config/crosscheck/config.toml:3: actions.0.prompt: the action "a" is left out: its prompt is longer than 16384 bytes
        ── [fix] ⏎ instructions = "…x"
        error: …/home/.config/crosscheck/config.toml:2: fix.instructions: the instructions are longer than 16384 bytes and are left out; put them in a guideline file such as AGENTS.md
        ── [[actions]] ⏎ title = "a" ⏎ prompt = "a" ⏎ agent = "boht" ⏎ [[actions]] ⏎ title = "b" ⏎ prompt = "b" ⏎ agents = ["both", "reviews"]
        action "a" of ["boht"]: "a"
        action "b" of ["both", "reviews"]: "b"
        error: …/home/.config/crosscheck/config.toml:4: actions.0.agent: there is no agent "boht"; did you mean "both"?
        error: …/home/.config/crosscheck/config.toml:8: actions.1.agents: agent "reviews" can neither edit nor answer: name its tool in [agents.reviews.edit] or [agents.reviews.ask]
        ── [[actions]] ⏎ title = "a" ⏎ prompt = "a" ⏎ agent = "x" ⏎ agents = ["both"]
        action "a" of ["both"]: "a"
        error: …/home/.config/crosscheck/config.toml:4: actions.0.agent: an action has an `agent` or `agents`, not both; `agent` is ignored
        ── [[actions]] ⏎ title = "a" ⏎ prompt = 1 ⏎ [[actions]] ⏎ title = "b" ⏎ promt = "b" ⏎ [[actions]] ⏎ title = "c" ⏎ prompt = "c" ⏎ agents = [1]
        action "c" of []: "c"
        error: …/home/.config/crosscheck/config.toml:3: actions.0.prompt: expected a string, found integer `1`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:10: actions.2.agents: expected a string, found integer `1`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:1: actions.0: the action "a" is left out: it has no `prompt` that says what the agent shall do
        error: …/home/.config/crosscheck/config.toml:4: actions.1: the action "b" is left out: it has no `prompt` that says what the agent shall do
        warning: …/home/.config/crosscheck/config.toml:6: actions.1.promt: unknown key, ignored; did you mean `prompt`?
        ── [[actions]] ⏎ title = "a" ⏎ prompt = "1" ⏎ [[actions]] ⏎ title = " a " ⏎ prompt = "2"
        action "a" of []: "2"
        error: …/home/.config/crosscheck/config.toml:5: actions.1.title: there is another action "a" before; this one takes its place
        ── actions = [1]
        error: …/home/.config/crosscheck/config.toml:1: actions: expected a table, found integer `1`; the key is ignored
        ── [actions] ⏎ title = "a"
        error: …/home/.config/crosscheck/config.toml:1: actions: expected a list, found a table; the key is ignored
        ── [limits] ⏎ worktrees = 0 ⏎ worktree_size = "2TB"
        error: …/home/.config/crosscheck/config.toml:2: limits.worktrees: expected a whole number above zero, found integer `0`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:3: limits.worktree_size: `2TB` is not a size; write a number with a unit, like `512B`, `200KB` or `1MB`; the key is ignored
        ── [limits] ⏎ worktree_size = "2000GB"
        error: …/home/.config/crosscheck/config.toml:2: limits.worktree_size: the size is too large; 1024GB is the most; the key is ignored
    "#]].assert_eq(&table);
}

#[test]
fn what_is_too_much_is_counted() {
    let mut text = String::new();
    for n in 0..52 {
        writeln!(text, "[[actions]]\ntitle = \"{n}\"\nprompt = \"x\"").unwrap();
    }
    let paths: Vec<String> = (0..103).map(|n| format!("\"{n}\"")).collect();
    writeln!(text, "[fix]\nlink = [{}]", paths.join(", ")).unwrap();
    let loaded = Fixture::new().user(&text).load();
    assert_eq!(loaded.config.actions.len(), 50);
    assert_eq!(loaded.config.fix.link.len(), 100);
    let problems = loaded.problems.iter().map(|it| it.message.as_str());
    expect![[r#"
        3 paths are left out: 100 is the most
        2 actions are left out: 50 is the most"#]]
    .assert_eq(&problems.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_check_with_a_problem_falls_back_to_the_layer_below() {
    let fixture = Fixture::new()
        .user("[fix]\ncheck = [\"make\"]")
        .settings(json!({ "fix": { "check": ["./check"] } }));
    expect![[r#"
        fix: ; check ["make"]
        error: settings: fix.check: the check is left out: the path of a program must be absolute, since a relative one would mean another file in each workspace; write `${userHome}/…`, or put the check in the project file
    "#]].assert_eq(&of_fixes(&fixture));
}

/// Agents that only trust would bring are no mistake of the user's.
#[test]
fn an_action_may_name_what_waits_for_trust() {
    let fixture = Fixture::new()
        .user("[fix]\nagents = [\"evil\"]\n[[actions]]\ntitle = \"a\"\nprompt = \"a\"\nagent = \"evil\"")
        .project("[agents.evil]\ncommand = [\"evil\"]");
    expect![[r#"
        action "a" of ["evil"]: "a"
        untrusted: agent "evil" would start: evil (crosscheck.toml)
    "#]]
    .assert_eq(&of_fixes(&fixture));
}

#[test]
fn a_project_may_only_have_less_verified_until_it_is_trusted() {
    for (user, project, expected) in [
        (
            "",
            "[review]\nverify = \"all\"\n[verify]\nlimit = 50\n",
            (AfterReview::Off, 10),
        ),
        (
            "[review]\nverify = \"all\"\n[verify]\nlimit = 20\n",
            "[review]\nverify = \"lone\"\n[verify]\nlimit = 5\n",
            (AfterReview::Lone, 5),
        ),
        (
            "[review]\nverify = \"all\"\n[verify]\nlimit = 20\n",
            "[verify]\nlimit = 21\n",
            (AfterReview::All, 20),
        ),
    ] {
        let fixture = Fixture::new().user(user).project(project);
        let verify = fixture.load().config.verify;
        assert_eq!((verify.after_review, verify.limit), expected, "{project}");
    }
}
