//! What an agent is asked that is to refute a finding: the remark without its author, and the code around its place.

use super::anonymous::without_names;
use super::code::{line_count, numbered_lens, write_fenced, write_numbered};
use super::words::{DATA, gap, start};
use crate::guidelines::Guideline;
use crate::scope::{Target, secrets};
use agents::Operation;
use domain::finding::{Finding, Severity};
use domain::text::{Text, TextRange};
use serde_json::{Value, json};
use std::fmt::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

/// Least bytes of code in a call, whatever the rest takes of the largest prompt.
const MIN_CODE: usize = 4 * 1024;
/// Most lines of the place that are repeated with the remark.
const MAX_QUOTE: usize = 10;
/// Bytes for headings and fences.
const SLACK: usize = 1024;

/// What a prompt is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    /// The root.
    pub(crate) root: &'a Path,
    /// The finding.
    pub(crate) finding: &'a Finding,
    /// Names of the agents that said it and of their providers; the prompt has none of them.
    pub(crate) hidden: &'a [&'a str],
    /// Its file.
    pub(crate) target: &'a Target,
    /// Its place, in bytes of the file's text; `None` where that is the whole file.
    pub(crate) place: Option<TextRange>,
    /// The team's guidelines for this file.
    pub(crate) guidelines: &'a [Guideline],
    /// How the agent is called.
    pub(crate) operation: Operation,
    /// Largest prompt, in bytes.
    pub(crate) max_bytes: usize,
    /// Hide secrets in everything that is sent.
    pub(crate) mask_secrets: bool,
}

/// A question that can be sent.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// Values for the argument templates, see [`agents::template::VARIABLES`].
    pub(crate) variables: Value,
    /// The file as the agent is shown it.
    pub(crate) seen: Text,
}

const TASK: &str = "\
Somebody reviewed the code below and made one remark on it. Many such remarks are wrong. Try to refute it. Another \
program reads your answer.

# How

- Follow the code, not the remark: what really happens at that place, with the values that can really get there? Look \
for what the remark overlooks: a check before it, a type that rules it out, a caller, a test, a document that settles it.
- `refuted` is for a remark that the code contradicts: what it says cannot happen, is dealt with, or is not so.
- `confirmed` is for a remark that holds: you can name an input or a condition under which it goes wrong, or the text \
plainly is as it says.
- `unsure` is for everything else, above all for what hangs on something that you cannot see. Do not guess: `unsure` is a \
good answer.
- Judge what it says, not how it says it or how bad it calls it. Leave out other faults that you notice.
- For `confirmed` and `refuted`, quote the few lines that decide it, letter by letter and without line numbers, each with \
the path of its file. A program looks every quote up in the files: a verdict of which one is not found counts for nothing.
- Change nothing.
";

const ANSWER: &str = "# Your answer

Answer with one JSON object of this schema and nothing else:

";

const EXAMPLE: &str = r#"
For example:

{"verdict": "refuted", "why": "The loop ends before the last item, so `items[i + 1]` is always there.", "evidence": [{"path": "src/page.rs", "quote": "    for i in 0..items.len() - 1 {"}], "failing_input": null}
"#;

const AS_FINDING: &str = "
Should the form of your answer be fixed to findings, give exactly one: its title is `Verdict: confirmed`, `Verdict: refuted` or \
`Verdict: unsure`, its body says why, and its place and quote are the lines that decide it.
";

static SCHEMA: LazyLock<(Value, String)> = LazyLock::new(|| {
    let text = |what: &str| json!({ "type": "string", "description": what });
    let quote = json!({
        "type": "object",
        "properties": {
            "path": text("The file, relative to the root."),
            "quote": text("Lines of it, copied letter by letter, without line numbers."),
        },
        "required": ["path", "quote"],
        "additionalProperties": false,
    });
    let schema = json!({
        "type": "object",
        "properties": {
            "verdict": { "type": "string", "enum": ["confirmed", "refuted", "unsure"] },
            "why": text("What decides it, in a short paragraph."),
            "evidence": { "type": "array", "items": quote },
            "failing_input": {
                "type": ["string", "null"],
                "description": "For `confirmed`: an input or condition under which it goes wrong.",
            },
        },
        "required": ["verdict", "why", "evidence", "failing_input"],
        "additionalProperties": false,
    });
    let text = schema.to_string();
    (schema, text)
});

/// Builds the question.
pub(crate) fn verify(input: &Input<'_>) -> Question {
    let masked = |text: &Text| input.mask_secrets.then(|| secrets::masked(text)).flatten();
    let text = &input.target.text;
    let seen = masked(text).unwrap_or_else(|| text.clone());
    let path = input.target.path.as_str();
    let absolute = input.root.join(path).display().to_string();
    let mut target = json!({ "path": path, "absolute_path": absolute, "text": seen.to_string() });
    if let Some(lines) = input.place.map(|it| lines(&seen, it)) {
        target["ranges"] = json!([{ "start_line": lines.start + 1, "end_line": lines.end }]);
    }
    let variables = json!({
        "prompt": compose(input, &seen, true),
        "instructions": compose(input, &seen, false),
        "root": input.root.display().to_string(),
        "targets": [target],
        "paths": [absolute],
        "files": [path],
        "diff": null,
        "base": null,
        "schema": SCHEMA.0,
        "session": null,
    });
    Question { variables, seen }
}

fn compose(input: &Input<'_>, seen: &Text, with_code: bool) -> String {
    let mut out = String::from(TASK);
    gap(&mut out);
    out.push_str(DATA);
    write_guidelines(&mut out, input);
    write_remark(&mut out, input, seen);
    start(&mut out, &format!("# The code: {}", input.target.path));
    let _ = writeln!(
        out,
        "The root is {}. Where you can read files, read whatever you need to be sure; here {} what counts as it is shown.",
        input.root.display(),
        if with_code {
            "this file is"
        } else {
            "the file that comes with this is"
        }
    );
    if with_code {
        let rest = ANSWER.len() + SCHEMA.1.len() + EXAMPLE.len() + AS_FINDING.len() + SLACK;
        let room = input
            .max_bytes
            .saturating_sub(out.len() + rest)
            .max(MIN_CODE);
        write_code(&mut out, seen, input.place, room);
    }
    gap(&mut out);
    out.push_str(ANSWER);
    let _ = writeln!(out, "{}", SCHEMA.1);
    out.push_str(EXAMPLE);
    if input.operation == Operation::Review {
        out.push_str(AS_FINDING);
    }
    out
}

fn write_remark(out: &mut String, input: &Input<'_>, seen: &Text) {
    let finding = input.finding;
    start(out, "# The remark");
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "information",
        Severity::Hint => "hint",
    };
    let lines = input.place.map(|it| lines(seen, it));
    let place = lines.as_ref().map_or_else(
        || " as a whole".to_owned(),
        |it| match it.len() {
            1 => format!(", line {}", it.start + 1),
            _ => format!(", lines {}-{}", it.start + 1, it.end),
        },
    );
    let category = finding.category.as_str();
    let _ = writeln!(
        out,
        "It is about {}{place}, and calls it {severity} ({category}):\n",
        input.target.path
    );
    let words = if finding.body.is_empty() {
        finding.title.clone()
    } else {
        format!("{}\n\n{}", finding.title, finding.body)
    };
    let context = format!("{}\n{}", input.target.path, input.target.text);
    let words = without_names(&words, input.hidden, &context);
    let masked = input
        .mask_secrets
        .then(|| secrets::masked_str(&words))
        .flatten();
    write_fenced(out, "", masked.as_deref().unwrap_or(&words));
    if let Some(lines) = lines {
        out.push_str("\nThe lines are:\n\n");
        let shown: Vec<_> = lines.take(MAX_QUOTE).map(|it| seen.line(it)).collect();
        write_fenced(out, "", &shown.join("\n"));
    }
}

fn write_guidelines(out: &mut String, input: &Input<'_>) {
    let of_file = |it: &&Guideline| it.applies_to.contains(&input.target.path);
    let mut guidelines = input.guidelines.iter().filter(of_file).peekable();
    if guidelines.peek().is_none() {
        return;
    }
    start(out, "# Guidelines of the project");
    out.push_str(
        "The remark may go back to one of these; where two differ, the later one holds.\n",
    );
    for guideline in guidelines {
        let cut = if guideline.cut {
            ", only its beginning"
        } else {
            ""
        };
        start(out, &format!("{}{cut}:", guideline.path));
        let masked = input
            .mask_secrets
            .then(|| secrets::masked_str(&guideline.text))
            .flatten();
        write_fenced(out, "", masked.as_deref().unwrap_or(&guideline.text));
    }
}

/// The whole file where there is room, else the lines around the place.
fn write_code(out: &mut String, seen: &Text, place: Option<TextRange>, room: usize) {
    let lens = numbered_lens(seen);
    let all = line_count(seen);
    let place = place.map_or(0..1, |it| lines(seen, it));
    let shown = around(&lens[..all.min(lens.len())], place, room);
    if shown.len() < all {
        let _ = writeln!(
            out,
            "\nOnly lines {}-{} of {all}, which are around the place:",
            shown.start + 1,
            shown.end
        );
    }
    out.push('\n');
    let mut code = String::new();
    write_numbered(&mut code, seen, &[shown]);
    write_fenced(out, "", &code);
}

/// As many lines around `place` as there is room for, the same number before and after it as far as there are any.
fn around(lens: &[usize], place: Range<usize>, room: usize) -> Range<usize> {
    let start = place.start.min(lens.len().saturating_sub(1));
    let (mut first, mut end, mut bytes) = (start, start, 0);
    let mut fits = |line: usize| {
        let cost = lens.get(line).copied().unwrap_or(usize::MAX);
        let fits = cost <= room.saturating_sub(bytes);
        bytes = bytes.saturating_add(if fits { cost } else { 0 });
        fits
    };
    while end < place.end && fits(end) {
        end += 1;
    }
    let (mut up, mut down) = (true, true);
    while up || down {
        up = up && first > 0 && fits(first - 1);
        first -= usize::from(up);
        down = down && end < lens.len() && fits(end);
        end += usize::from(down);
    }
    first..end
}

/// The lines that a range touches, from 0.
fn lines(text: &Text, range: TextRange) -> Range<usize> {
    let range = text.clamp(range);
    let first = text.line_of(range.start);
    first..text.line_of(range.end.saturating_sub(1).max(range.start)) + 1
}

#[cfg(test)]
mod tests;
