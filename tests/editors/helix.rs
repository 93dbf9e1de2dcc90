//! Helix, with the configuration of this repository, by keys in a terminal.

use crate::desk::{FILE, WORDS, pasted, repository};
use crate::{Desk, Terminal};

/// What Helix says to a request that comes before the server is there, or before it knows the file.
const NOT_YET: &[&str] = &["No configured language server", "No code actions available"];
/// Shows how many columns are selected, and where the cursor is.
const STATUS_LINE: &str =
    "[editor.statusline]\nright = [\"primary-selection-length\", \"position\"]\n";
/// The end of the full explanation.
const EXPLANATION: &str = "builtin · information · spelling";
/// How the titles of code actions begin.
const VERBS: &[&str] = &[
    "Replace with",
    "Dismiss",
    "Apply",
    "Review",
    "List",
    "Ignore",
];

#[test]
fn a_review_a_fix_its_undo_and_a_dismissal() {
    let Some(desk) = helix(&["tmux"]) else { return };
    desk.misspelt_file();
    let terminal = Terminal::open(&desk, &[FILE]);
    review_and_fix(&terminal);
    dismiss_and_save(&terminal);
    terminal.ends();

    let [(first, _), (second, _), (_, third)] = WORDS;
    assert_eq!(
        desk.sandbox.read(FILE),
        format!(
            "// We {first} data.\nfn main() {{\n    // Größe: it {second}.\n    let {third} = 1;\n}}\n"
        )
    );
    let again = Terminal::open(&desk, &[FILE]);
    let screen = again.shows(&says(0));
    assert!(
        !screen.contains("should be `occurred`"),
        "it was dismissed:\n{screen}"
    );
    assert!(!screen.contains("findings by"), "a review ran:\n{screen}");
    again.press(&["g", "g", "]", "d"]);
    again.shows("7 chars  1:13");
    again.type_text(":q\r");
    again.ends();
    desk.everything_ended();
}

/// Reviews the file, reads the first finding, fixes it and undoes that.
fn review_and_fix(terminal: &Terminal<'_>) {
    terminal.shows(WORDS[0].0);
    pick(terminal, "Review this file");
    for number in 0..WORDS.len() {
        terminal.shows(&says(number));
    }
    terminal.shows("3 findings by builtin");
    terminal.press(&["g", "g", "]", "d"]);
    terminal.shows("7 chars  1:13");
    terminal.press(&["Space", "k"]);
    terminal.shows(EXPLANATION);
    terminal.press(&["Escape"]);
    terminal.hides(EXPLANATION);
    pick(terminal, "Replace with");
    terminal.shows("// We receive data.");
    terminal.hides(&says(0));
    terminal.press(&["u"]);
    terminal.shows(&says(0));
    terminal.shows(WORDS[0].0);
}

/// Dismisses the second finding, fixes the third, writes the file and quits.
fn dismiss_and_save(terminal: &Terminal<'_>) {
    terminal.press(&["g", "g", "]", "d", "]", "d"]);
    // Behind letters of two bytes.
    terminal.shows("7 chars  3:24");
    pick(terminal, "Dismiss");
    terminal.hides(&says(1));
    terminal.press(&["g", "g", "]", "d", "]", "d"]);
    terminal.shows("8 chars  4:16");
    pick(terminal, "Replace with");
    terminal.shows("let separate = 1;");
    terminal.hides(&says(2));
    terminal.press(&["Space", "d"]);
    let list = terminal.shows("1/1");
    assert!(
        list.contains("INFO     crosscheck (builtin) spelling"),
        "{list}"
    );
    terminal.press(&["Escape"]);
    terminal.hides("1/1");
    terminal.type_text(":wq\r");
}

#[test]
fn a_dismissal_with_a_reason_is_asked_for_and_listed() {
    let Some(desk) = helix(&["tmux"]) else { return };
    desk.misspelt_file();
    let terminal = Terminal::open(&desk, &[FILE]);
    terminal.shows(WORDS[0].0);
    pick(&terminal, "Review this file");
    terminal.shows("3 findings by builtin");
    terminal.press(&["g", "g", "]", "d"]);
    terminal.shows("7 chars  1:13");
    // A prompt that is closed dismisses nothing.
    let title = format!("Dismiss “{}”: choose", says(0));
    pick(&terminal, &title);
    terminal.shows("how far?");
    terminal.press(&["Escape"]);
    terminal.hides("how far?");
    terminal.shows(&says(0));
    pick(&terminal, &title);
    terminal.shows("how far?");
    // The first one is chosen already.
    terminal.press(&["Down", "Enter"]);
    terminal.shows("for this text everywhere?");
    terminal.press(&["Enter"]);
    terminal.hides(&says(0));
    pick(&terminal, "List hidden findings");
    let list = terminal.shows("1 finding is not shown.");
    let [(wrong, right), ..] = WORDS;
    let line = format!("src/main.rs:1: `{wrong}` should be `{right}`");
    assert!(list.contains(&line), "{list}");
    let why = "said by builtin; dismissed for this text everywhere: wrong";
    assert!(list.contains(why), "{list}");
    terminal.type_text(":qa\r");
    terminal.ends();
    desk.everything_ended();
}

#[test]
fn a_plain_text_file() {
    let Some(desk) = helix(&["tmux"]) else { return };
    desk.sandbox
        .file("notes.txt", format!("We {} data.\n", WORDS[0].0));
    let terminal = Terminal::open(&desk, &["notes.txt"]);
    terminal.shows(WORDS[0].0);
    pick(&terminal, "Review this file");
    terminal.shows(&says(0));
    // As when the window is closed.
    drop(terminal);
    desk.everything_ended();
}

#[test]
fn each_language_of_the_configuration_has_its_servers() {
    let Some(desk) = helix(&[]) else { return };
    let languages = std::fs::read_to_string(repository("helix/languages.toml")).unwrap();
    let mut count = 0;
    for entry in languages.split("[[language]]").skip(1) {
        let key = |key: &str| entry.lines().find_map(|it| it.strip_prefix(key)).unwrap();
        let name = key("name = ").trim_matches('"');
        let wanted: Vec<String> = serde_json::from_str(key("language-servers = ")).unwrap();
        let output = desk
            .command(&desk.editor)
            .args(["--health", name])
            .output()
            .unwrap();
        let health = String::from_utf8(output.stdout).unwrap();
        // Helix leaves out servers that no configuration defines, and all when it cannot read the file.
        let listed: Vec<&str> = health
            .lines()
            .skip(1)
            .take_while(|it| it.starts_with("  "))
            .filter_map(|it| it.split(": ").next()?.split_whitespace().last())
            .collect();
        assert_eq!(listed, wanted, "{name}:\n{health}");
        let ours = health
            .lines()
            .find(|it| it.contains("crosscheck: "))
            .unwrap();
        assert!(ours.contains('✓'), "{ours}");
        count += 1;
    }
    assert!(count > 20, "{count} languages");
}

/// What the editor shows at the end of a misspelt line, by its number from 0.
fn says(number: usize) -> String {
    let (wrong, right) = WORDS[number];
    format!("`{wrong}` should be `{right}`")
}

/// A desk where Helix has this repository's `languages.toml` and the settings that its README names.
fn helix(others: &[&str]) -> Option<Desk> {
    let desk = Desk::with("hx", others)?;
    let languages = std::fs::read_to_string(repository("helix/languages.toml")).unwrap();
    desk.dotfile("helix/languages.toml", &languages);
    let config = pasted("helix/README.md", "toml", 0) + STATUS_LINE;
    desk.dotfile("helix/config.toml", &config);
    Some(desk)
}

/// Opens the menu of code actions, and picks the one whose title begins so.
fn pick(terminal: &Terminal<'_>, title: &str) {
    let screen = terminal.ask(&["Space", "a"], title, NOT_YET);
    let rows: Vec<&str> = screen.lines().collect();
    let row = rows.iter().position(|it| it.contains(title)).unwrap();
    let column = rows[row].split(title).next().unwrap().chars().count();
    let is_entry = |row: &&&str| {
        let text: String = row.chars().skip(column).collect();
        VERBS.iter().any(|verb| text.starts_with(verb))
    };
    let above = rows[..row].iter().rev().take_while(is_entry).count();
    terminal.press(&[vec!["Down"; above], vec!["Enter"]].concat());
    terminal.hides(title);
}
