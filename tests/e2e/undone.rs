//! What was applied in an editor is undone there, or taken back: the proposal is open again and so is what it settled, in the
//! editor, after a restart, and in a terminal.

use serde_json::{Value, json};
use tests::Sandbox;
use tests::editor::Editor;

const FILE: &str = "src/main.rs";
const CODE: &str = "fn main() {\n    let one = 1;\n    let two = 1;\n}\n";
/// What is wrong with it: the second remark is settled by the change of another line.
const FINDS_BOTH: &str = r#"tools review
on call
answer {"findings":[{"path":"src/main.rs","start_line":3,"end_line":3,"quote":"two = 1","severity":"warning","category":"correctness","title":"two is not one","body":""},{"path":"src/main.rs","start_line":2,"end_line":2,"quote":"one = 1","severity":"warning","category":"style","title":"all are alike","body":""}]}
"#;
const SETTLES_BOTH: &str =
    "tools edit\non call\nreplace src/main.rs two = 1 => two = 2\ntext Both are settled.\n";
/// Where the change is, and what it is.
const PLACE: [u32; 4] = [2, 14, 2, 15];

fn is_proposal(it: &Value) -> bool {
    it["code"] == "proposal"
}

/// Two findings that are shown, and a proposal for both.
fn proposed(sandbox: &Sandbox) -> (Editor, String) {
    let mut editor = Editor::start(sandbox);
    editor.configured();
    editor.open(FILE);
    editor.review(FILE);
    let found = editor.diagnostics_until(FILE, |it| it.len() == 2);
    let ids: Vec<&Value> = found.iter().map(|it| &it["data"]).collect();
    let argument = json!({"uri": editor.uri(FILE), "ids": ids});
    editor.execute("crosscheck.fix", argument);
    editor.progress_end();
    editor.wait("window/showMessage");
    let shown = editor.diagnostics_until(FILE, |it| it.iter().any(is_proposal));
    let proposal = shown.iter().find(|it| is_proposal(it)).unwrap();
    let id = proposal["data"]["proposal"].as_str().unwrap().to_owned();
    (editor, id)
}

fn sandbox() -> Sandbox {
    reviewed_by(&["alpha"])
}

/// The same with several who say the same.
fn reviewed_by(agents: &[&str]) -> Sandbox {
    let mut sandbox = tests::sandbox!();
    sandbox.file(FILE, CODE);
    for agent in agents {
        sandbox.agent(agent, FINDS_BOTH);
    }
    sandbox.agent("beta", SETTLES_BOTH);
    let config = format!("[review]\nagents = {agents:?}\n[fix]\nagents = [\"beta\"]");
    sandbox.config(&config);
    sandbox
}

fn apply(editor: &mut Editor, id: &str) {
    editor.execute("crosscheck.apply", json!({"id": id}));
    editor.applies();
    editor.change(FILE, PLACE, "2");
    editor.diagnostics_until(FILE, <[Value]>::is_empty);
}

/// Both findings and the proposal are shown.
fn everything_is_there(editor: &mut Editor) {
    editor.diagnostics_until(FILE, |it| it.len() == 3 && it.iter().any(is_proposal));
}

/// Waits until the ledger has it so: how many findings and open proposals a terminal lists.
fn terminal_lists(sandbox: &Sandbox, findings: usize, proposals: usize) {
    crate::until("the terminal lists it", || {
        let said = sandbox.crosscheck(&["findings", "--format", "json"]);
        let said: Value = serde_json::from_str(&said.stdout).unwrap();
        let open = sandbox.crosscheck(&["proposals", "--format", "json"]);
        let open: Value = serde_json::from_str(&open.stdout).unwrap();
        let count = |it: &Value, key: &str| it[key].as_array().unwrap().len();
        (count(&said, "findings"), count(&open, "proposals")) == (findings, proposals)
    });
}

/// What was applied is saved: everything is settled for good.
fn save_applied(editor: &mut Editor, sandbox: &Sandbox) {
    sandbox.file(FILE, CODE.replace("two = 1", "two = 2"));
    editor.save(FILE);
    terminal_lists(sandbox, 0, 0);
}

/// The text becomes what it was and is saved: everything is open again.
fn is_as_before(editor: &mut Editor, sandbox: &Sandbox) {
    editor.change(FILE, PLACE, "1");
    everything_is_there(editor);
    sandbox.file(FILE, CODE);
    editor.save(FILE);
    terminal_lists(sandbox, 2, 1);
}

#[test]
fn undone_in_the_editor() {
    let sandbox = sandbox();
    let (mut editor, id) = proposed(&sandbox);
    apply(&mut editor, &id);
    terminal_lists(&sandbox, 1, 0);
    editor.change(FILE, PLACE, "1");
    everything_is_there(&mut editor);
    terminal_lists(&sandbox, 2, 1);
    assert_eq!(editor.shutdown(), 0);

    let mut editor = Editor::start(&sandbox);
    editor.open(FILE);
    everything_is_there(&mut editor);
    // The same when it was saved in between.
    apply(&mut editor, &id);
    save_applied(&mut editor, &sandbox);
    is_as_before(&mut editor, &sandbox);
    assert_eq!(editor.shutdown(), 0);
}

#[test]
fn taken_back_after_a_restart() {
    let sandbox = sandbox();
    let (mut editor, id) = proposed(&sandbox);
    apply(&mut editor, &id);
    save_applied(&mut editor, &sandbox);
    assert_eq!(editor.shutdown(), 0);

    let mut editor = Editor::start(&sandbox);
    editor.configured();
    editor.open(FILE);
    crate::until("it can be taken back", || {
        let listed = editor.execute("crosscheck.proposals", json!({}));
        listed["applications"][0]["reverted"] == false
    });
    editor.execute("crosscheck.revert", json!({}));
    editor.applies();
    is_as_before(&mut editor, &sandbox);
    assert_eq!(editor.shutdown(), 0);
}

#[test]
fn a_ready_fix_that_was_saved() {
    let mut sandbox = crate::workspace(crate::FINDS_ADD);
    sandbox.config("[review]\nagents = [\"alpha\"]");
    let mut editor = Editor::start(&sandbox);
    editor.open(FILE);
    editor.review(FILE);
    editor.diagnostics_until(FILE, |it| it.len() == 1);
    editor.change(FILE, [1, 16, 1, 25], "1 + 2");
    editor.diagnostics_until(FILE, <[Value]>::is_empty);
    sandbox.file(FILE, crate::CODE.replace("add(1, 2)", "1 + 2"));
    editor.save(FILE);
    terminal_lists(&sandbox, 0, 0);
    editor.change(FILE, [1, 16, 1, 21], "add(1, 2)");
    editor.diagnostics_until(FILE, |it| it.len() == 1);
    sandbox.file(FILE, crate::CODE);
    editor.save(FILE);
    terminal_lists(&sandbox, 1, 0);
    assert_eq!(editor.shutdown(), 0);
    let mut editor = Editor::start(&sandbox);
    editor.open(FILE);
    editor.diagnostics_until(FILE, |it| it.len() == 1);
    assert_eq!(editor.shutdown(), 0);
}

#[test]
fn what_two_agents_said() {
    let sandbox = reviewed_by(&["alpha", "gamma"]);
    let (mut editor, id) = proposed(&sandbox);
    apply(&mut editor, &id);
    editor.change(FILE, PLACE, "1");
    let by_both = |it: &&Value| it["message"].as_str().unwrap().contains("(2/2 agents)");
    editor.diagnostics_until(FILE, |it| it.iter().filter(by_both).count() == 2);
    terminal_lists(&sandbox, 2, 1);
    assert_eq!(editor.shutdown(), 0);
}
