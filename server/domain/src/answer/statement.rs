//! Reading what an agent says of one finding that it was told to refute: confirmed, refuted or unsure, why, and what it quotes for it.
//!
//! Lenient on form as the rest of this module: structured content, JSON in fences or in the midst of prose, a finding whose title is
//! the outcome, or prose with a line such as `Verdict: refuted`. Strict on meaning: two outcomes are none.

use super::fields::Fields;
use super::json;
use super::place::regex;
use super::{MAX_BYTES, Usage, envelope};
use crate::check::Outcome;
use crate::sanitize;
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// Most quotes taken; the rest is counted in the problems.
const MAX_QUOTES: usize = 20;
/// Longest quote taken, in bytes. A longer one is a file, not a reason, and left out.
const MAX_QUOTE: usize = 16 * 1024;
/// Longest explanation taken, in bytes; the rest is cut.
const MAX_WHY: usize = 64 * 1024;
/// Longest path taken, in bytes.
const MAX_PATH: usize = 4096;
/// Most objects looked at in one answer.
const MAX_OBJECTS: usize = 1000;

/// What an agent says of a finding. Nothing in it is checked yet.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Statement {
    /// What it says; `None` when it says nothing that is an outcome, or two different ones.
    pub outcome: Option<Outcome>,
    /// Why.
    pub why: String,
    /// What it quotes.
    pub quotes: Vec<Quote>,
    /// An input or condition under which the finding shows.
    pub failing_input: Option<String>,
    /// What could not be read, in words for a person; where there is no outcome, the first one says why.
    pub problems: Vec<String>,
    /// Use of tokens and money, where told.
    pub usage: Option<Usage>,
}

/// A piece of a file in the agent's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The file, as the agent names it; `None` for the one that it was asked about.
    pub path: Option<String>,
    /// What it claims to stand there.
    pub text: String,
}

/// Reads structured content where there is an outcome in it, else the text parts.
///
/// Never fails: what cannot be understood is among the problems.
pub fn read_statement(structured: Option<&Value>, texts: &[String]) -> Statement {
    let usage = super::parse(structured, texts, super::Format::Findings).usage;
    let mut reader = Reader::default();
    if let Some(value) = structured {
        reader.value(value, 0);
    }
    if reader.said.is_empty() {
        let joined = texts.join("\n");
        let end = joined.floor_char_boundary(MAX_BYTES);
        if end < joined.len() {
            let cut = joined.len() - end;
            reader.problems.push(format!(
                "the answer is too long; its last {cut} bytes were not read"
            ));
        }
        reader.text(&joined[..end], 0);
    }
    Statement {
        usage,
        ..reader.finish(structured, texts)
    }
}

/// Gathers all statements in an answer.
#[derive(Default)]
struct Reader {
    said: Vec<Statement>,
    problems: Vec<String>,
    objects: usize,
}

impl Reader {
    fn value(&mut self, value: &Value, depth: usize) {
        if depth > envelope::MAX_DEPTH || self.objects >= MAX_OBJECTS {
            return;
        }
        self.objects += 1;
        match value {
            Value::String(text) => self.text(text, depth + 1),
            Value::Array(items) => items.iter().for_each(|it| self.value(it, depth + 1)),
            Value::Object(_) => self.object(value, depth),
            _ => {}
        }
    }

    fn object(&mut self, value: &Value, depth: usize) {
        let Some(fields) = Fields::of(value) else {
            return;
        };
        if fields.get(&["iserror"]).and_then(Value::as_bool) == Some(true) {
            let why = fields.text(&["result", "error", "text", "message"]);
            let why = sanitize::line(why.unwrap_or("no reason given"), 150);
            self.problems
                .push(format!("the agent says that it failed: {why}"));
            return;
        }
        if let Some(said) = statement(&fields) {
            self.said.push(said);
            return;
        }
        if let Some([finding]) = fields.list(&["findings"]).map(Vec::as_slice) {
            self.said.extend(as_finding(finding));
            return;
        }
        for name in envelope::CARRIERS {
            if let Some(inner) = fields.get(&[name]) {
                self.value(inner, depth + 1);
            }
        }
    }

    fn text(&mut self, text: &str, depth: usize) {
        if depth > envelope::MAX_DEPTH || text.trim().is_empty() {
            return;
        }
        let before = self.said.len();
        let data = match json::whole(text) {
            Some(found) => found.values,
            None => {
                let fenced = json::fenced(text);
                if fenced.is_empty() {
                    json::scattered(text).values
                } else {
                    fenced
                }
            }
        };
        data.iter().for_each(|it| self.value(it, depth + 1));
        if self.said.len() == before {
            self.prose(text);
        }
    }

    fn prose(&mut self, text: &str) {
        let lines: Vec<&str> = text.lines().filter(|it| !it.trim().is_empty()).collect();
        let mut outcomes: Vec<Option<Outcome>> = lines.iter().filter_map(|it| stated(it)).collect();
        let below_heading = lines.windows(2).filter(|it| is_heading(it[0]));
        outcomes.extend(below_heading.map(|it| opening(it[1])));
        if outcomes.is_empty() {
            outcomes.extend(lines.first().and_then(|it| opening(it)).map(Some));
        }
        outcomes.dedup();
        match outcomes[..] {
            [] => {}
            [Some(outcome)] => self.said.push(Statement {
                outcome: Some(outcome),
                why: cut(text, MAX_WHY).trim().to_owned(),
                quotes: fenced_quotes(text),
                ..Statement::default()
            }),
            [None] => self
                .problems
                .push("its verdict is in words that are not known".to_owned()),
            _ => self.problems.push("it gives different verdicts".to_owned()),
        }
    }

    /// All statements as one; several that differ are none.
    fn finish(self, structured: Option<&Value>, texts: &[String]) -> Statement {
        let mut said = self.said.into_iter();
        let mut one = said.next().unwrap_or_default();
        let mut differs = false;
        for other in said {
            differs |= other.outcome != one.outcome;
            one.problems.extend(other.problems);
            if !one.quotes.iter().eq(&other.quotes) {
                one.quotes.extend(other.quotes);
            }
            // The last word of an agent is the one it has thought over.
            if !other.why.is_empty() {
                one.why = other.why;
            }
            one.failing_input = other.failing_input.or(one.failing_input);
        }
        let mut problems = self.problems;
        if differs {
            one.outcome = None;
            problems.insert(0, "it gives different verdicts".to_owned());
        }
        let beyond = one.quotes.len().saturating_sub(MAX_QUOTES);
        if beyond > 0 {
            one.quotes.truncate(MAX_QUOTES);
            problems.push(format!("{beyond} more quotes were not looked at"));
        }
        problems.extend(one.problems);
        if one.outcome.is_none() {
            if one.why.is_empty() {
                one.why = cut(&texts.join("\n"), MAX_WHY).trim().to_owned();
            }
            if problems.is_empty() {
                let is_empty = structured.is_none() && one.why.is_empty();
                let why = if is_empty {
                    "its answer is empty"
                } else {
                    "it gives no verdict"
                };
                problems.push(why.to_owned());
            }
        }
        problems.truncate(MAX_QUOTES);
        Statement { problems, ..one }
    }
}

/// Reads an object that has an outcome, be it of words that are not known.
fn statement(fields: &Fields<'_>) -> Option<Statement> {
    const NAMES: &[&str] = &[
        "verdict",
        "status",
        "conclusion",
        "decision",
        "judgment",
        "judgement",
    ];
    let mut problems = Vec::new();
    let outcome = match fields.text(&["verdict"]) {
        Some(word) => {
            let outcome = Outcome::parse(word);
            if outcome.is_none() {
                let word = sanitize::line(word, 80);
                problems.push(format!("`{word}` is no verdict"));
            }
            outcome
        }
        // Under any other name, only a word for an outcome makes it one.
        None => Some(
            NAMES
                .iter()
                .find_map(|it| Outcome::parse(fields.text(&[it])?))?,
        ),
    };
    let why = fields.text(&[
        "why",
        "reason",
        "reasoning",
        "explanation",
        "rationale",
        "body",
        "justification",
        "summary",
        "details",
    ]);
    let input = fields.text(&[
        "failinginput",
        "failingcase",
        "counterexample",
        "reproduction",
        "repro",
        "input",
        "trigger",
    ]);
    let evidence = fields.get(&[
        "evidence",
        "quotes",
        "quote",
        "proof",
        "citations",
        "references",
    ]);
    let mut quotes = Vec::new();
    if let Some(evidence) = evidence {
        read_quotes(evidence, &mut quotes, &mut problems);
    }
    Some(Statement {
        outcome,
        why: cut(why.unwrap_or_default(), MAX_WHY).to_owned(),
        quotes,
        failing_input: input.map(|it| cut(it, MAX_WHY).to_owned()),
        problems,
        usage: None,
    })
}

/// An outcome that was pressed into the form of a finding, by an agent that knows no other.
fn as_finding(value: &Value) -> Option<Statement> {
    let fields = Fields::of(value)?;
    let title = fields.text(&["title", "message", "summary"])?;
    let outcome = match stated(title) {
        Some(outcome) => outcome,
        None => Some(opening(title)?),
    };
    let mut quotes = Vec::new();
    let mut problems = Vec::new();
    read_quotes(value, &mut quotes, &mut problems);
    let body = fields.text(&["body", "description", "explanation", "details"]);
    // What else it quotes stands in the text.
    quotes.extend(fenced_quotes(body.unwrap_or_default()));
    Some(Statement {
        outcome,
        why: cut(body.unwrap_or_default(), MAX_WHY).to_owned(),
        quotes,
        problems,
        ..Statement::default()
    })
}

/// Reads a list of quotes, one of them, or mere text.
fn read_quotes(value: &Value, quotes: &mut Vec<Quote>, problems: &mut Vec<String>) {
    let (path, text) = match value {
        Value::Array(items) => {
            return items
                .iter()
                .take(MAX_OBJECTS)
                .filter(|it| !it.is_array())
                .for_each(|it| read_quotes(it, quotes, problems));
        }
        Value::String(text) => (None, text.as_str()),
        _ => {
            let Some(fields) = Fields::of(value) else {
                return;
            };
            let path = fields.text(&["path", "file", "filename", "filepath", "uri"]);
            let text = fields.text(&["quote", "code", "text", "snippet", "content", "excerpt"]);
            let Some(text) = text else { return };
            (path, text)
        }
    };
    if text.trim().is_empty() {
        return;
    }
    if text.len() > MAX_QUOTE || path.is_some_and(|it| it.len() > MAX_PATH) {
        problems.push("a quote is too long and was not looked at".to_owned());
        return;
    }
    quotes.push(Quote {
        path: path.map(bare_path),
        text: text.to_owned(),
    });
}

/// A path without the line that stands behind it.
fn bare_path(said: &str) -> String {
    let spot = super::spot_of(said).and_then(|it| it.0);
    spot.unwrap_or_else(|| said.trim().to_owned())
}

/// The fenced blocks of prose; the line before one may name its file.
fn fenced_quotes(text: &str) -> Vec<Quote> {
    let blocks = json::fences(text).into_iter();
    let wanted = blocks.filter(|it| !it.trim().is_empty() && it.len() <= MAX_QUOTE);
    let quote = |block: &str| {
        // The block is a part of the text.
        let start = block.as_ptr() as usize - text.as_ptr() as usize;
        let before = text[..start].trim_end_matches('\n');
        let opening = before.rfind('\n').map_or("", |it| &before[..it]);
        let named = opening.trim_end().lines().next_back().unwrap_or_default();
        let named = named.trim().trim_end_matches([':', '.']);
        let path = super::spot_of(named).and_then(|it| it.0);
        Quote {
            path: path.filter(|it| it.len() <= MAX_PATH),
            text: block.to_owned(),
        }
    };
    wanted.map(quote).take(MAX_QUOTES + 1).collect()
}

/// `Verdict: refuted …`, `**Verdict:** confirmed.`, `## Verdict — unsure`.
static STATED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^[\s>#*_`-]*(?i:(?:my |the |final |overall )*(?:verdict|conclusion))[\s*_`]*(?::|=|-|–|—|\bis\b)[\s*_`:]*(?P<rest>.*)$",
    )
});

/// A line that announces the outcome and does not tell it.
fn is_heading(line: &str) -> bool {
    let bare = line.trim_matches(|it: char| !it.is_alphanumeric());
    line.len() <= 200
        && ["verdict", "conclusion"]
            .iter()
            .any(|it| bare.eq_ignore_ascii_case(it))
}

/// The outcome that a line states; `None` inside when it states one in words that are not known.
fn stated(line: &str) -> Option<Option<Outcome>> {
    if line.len() > 2000 {
        return None;
    }
    let found = STATED.captures(line)?;
    let rest = found["rest"].trim();
    // A heading; what it announces stands below.
    if rest.is_empty() {
        return None;
    }
    Some(first_words(rest))
}

/// `REFUTED`, `**Confirmed.** Because …`, `False positive: …` at the start of an answer.
fn opening(line: &str) -> Option<Outcome> {
    let line = line.trim().trim_start_matches(['#', '>', ' ']);
    let bold = line.strip_prefix("**").and_then(|it| it.split_once("**"));
    let head = match bold {
        Some((bold, _)) => bold,
        None => line.split(['.', ':', '—', '–', '!', ',', ';']).next()?,
    };
    Outcome::parse(head)
}

/// The outcome that a sentence starts with, unless its next words take it back (`confirmed false positive`).
fn first_words(text: &str) -> Option<Outcome> {
    let head = cut(text, 200).split(['.', ':', ',', ';', '(', '—', '–', '!']);
    let head = head.into_iter().next()?;
    if let Some(outcome) = Outcome::parse(head) {
        return Some(outcome);
    }
    let (first, rest) = head.trim().split_once(char::is_whitespace)?;
    let outcome = Outcome::parse(first).filter(|it| {
        let first = first.trim_matches(|it: char| !it.is_alphanumeric());
        first.eq_ignore_ascii_case(it.as_str())
    })?;
    let next = Outcome::parse(rest);
    (next.is_none() || next == Some(outcome)).then_some(outcome)
}

fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests;
