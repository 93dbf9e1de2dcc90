//! Comments that keep findings away: a file's name, the markers of other tools that count, and the file's text, one part
//! each. What is hidden stands at a marker or in the line after comments, and our own comments are understood.
#![no_main]

use domain::finding::{Category, Finding};
use domain::suppression::{Suppressions, comment_for, foreign_names};
use domain::text::{Text, TextRange};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [path, honour, code] = fuzz::parts(data);
    let honour: Vec<String> = honour.lines().map(str::to_owned).collect();
    let text = Text::new(&code);
    let all = Suppressions::of(&path, &text, &honour);
    let has_marker = code.contains("crosscheck:") || foreign_names().any(|it| code.contains(it));
    assert!(all.is_empty() || has_marker);
    for line in 0..text.line_count().min(200) {
        let range = text.line_range(line).expect("a line");
        let finding = finding(range);
        let Some(hidden) = all.hides(&finding, &text) else {
            continue;
        };
        assert!(hidden.line < text.line_count());
        // Nothing is ever hidden but by what somebody wrote at or above its place, or for the whole file.
        assert!(has_marker);
    }
    // The comment that we write hides the line after it, whatever else is in the file.
    if let Some(comment) = comment_for(&path, "  ", &Category::Security) {
        let own = Text::new(&format!("{comment}\ncode()\n"));
        let range = own.line_range(1).expect("a line");
        let all = Suppressions::of(&path, &own, &[]);
        assert!(all.hides(&finding(range), &own).is_some(), "{comment}");
    }
});

fn finding(range: TextRange) -> Finding {
    fuzz::finding(range, Category::Security, "Secret")
}
