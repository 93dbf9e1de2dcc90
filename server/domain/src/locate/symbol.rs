//! Finding a symbol by its name: no parser, only what definitions look like in most languages.

use super::choose::{Edge, is_word};
use super::matches::occurrences;
use super::source::Source;
use crate::text::TextRange;

/// A line that looks like the definition of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Definition {
    /// The name itself.
    pub(super) name: TextRange,
    /// The whole lines that belong to it, comments before it included.
    pub(super) block: TextRange,
    looks: Looks,
}

/// How much a line looks like a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Looks {
    /// `name(`, `name =` or `name:` at the start of a line.
    Little,
    /// `type name(` with a body.
    Likely,
    /// A keyword before the name.
    Sure,
}

/// Words that stand directly before the name they define.
const KEYWORDS: &[&str] = &[
    "fn",
    "def",
    "class",
    "struct",
    "enum",
    "trait",
    "interface",
    "function",
    "function*",
    "func",
    "fun",
    "sub",
    "proc",
    "procedure",
    "method",
    "constructor",
    "module",
    "mod",
    "namespace",
    "package",
    "type",
    "typedef",
    "union",
    "let",
    "const",
    "var",
    "val",
    "static",
    "object",
    "record",
    "protocol",
    "extension",
    "impl",
    "define",
    "macro_rules!",
    "macro",
    "defmodule",
    "defp",
    "defn",
    "actor",
    "contract",
    "service",
    "message",
    "schema",
    "table",
    "view",
    "get",
    "set",
    "mut",
    "export",
    "extends",
];
/// Words that may begin a statement but never a definition like `type name(`.
const STATEMENTS: &[&str] = &[
    "return", "await", "yield", "throw", "raise", "new", "else", "case", "if", "while", "for",
    "in", "not", "and", "or", "assert", "import", "from", "use", "using", "delete", "goto",
    "print", "switch", "match", "when",
];
/// Most lines that a block may have.
const MAX_BLOCK: usize = 5000;

/// The definitions of a name like `f`, `Type::method`, `Class.method` or `module::f()` that look most like
/// ones, in text order; those inside the named scope if there are any.
pub(super) fn find(source: &Source, said: &str) -> Vec<Definition> {
    let path = components(said);
    let Some((name, scopes)) = path.split_last() else {
        return Vec::new();
    };
    let all = definitions(source, name);
    let Some(scope) = scopes.last() else {
        return all;
    };
    let blocks = scope_blocks(source, scope);
    let scoped = |it: &&Definition| {
        let inside = |block: &TextRange| block.start <= it.name.start && it.name.end <= block.end;
        let line = source.line(source.line_of(it.name.start));
        has_word(line, scope) || blocks.iter().any(inside)
    };
    let inside: Vec<Definition> = all.iter().filter(scoped).copied().collect();
    if inside.is_empty() { all } else { inside }
}

/// `a::B<T>::c(x)` as `a`, `B`, `c`; of `fn c` and the like the last word.
fn components(said: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let plain: String = said
        .chars()
        .take(MAX_NAME)
        .filter(|c| {
            match c {
                '<' => depth += 1,
                '>' => {
                    let inside = depth > 0;
                    depth = depth.saturating_sub(1);
                    return !inside;
                }
                _ => {}
            }
            depth == 0
        })
        .collect();
    let plain = plain.split('(').next().unwrap_or("").trim();
    let last = plain.split_whitespace().next_back().unwrap_or("");
    last.split(|c: char| !is_word(c) && c != '$')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Longest symbol read, in characters.
const MAX_NAME: usize = 300;

fn definitions(source: &Source, name: &str) -> Vec<Definition> {
    let mut found: Vec<Definition> = words(source, name)
        .into_iter()
        .filter_map(|range| {
            let looks = looks(source, range)?;
            Some((range, looks))
        })
        .map(|(name, looks)| Definition {
            name,
            block: name,
            looks,
        })
        .collect();
    let best = found.iter().map(|it| it.looks).max();
    found.retain(|it| Some(it.looks) == best);
    for definition in &mut found {
        definition.block = block(source, source.line_of(definition.name.start));
    }
    found
}

/// Where a type or module named `scope` is defined, `impl` blocks of it included.
fn scope_blocks(source: &Source, scope: &str) -> Vec<TextRange> {
    let mut blocks: Vec<TextRange> = definitions(source, scope)
        .iter()
        .map(|it| it.block)
        .collect();
    let lines = words(source, scope)
        .into_iter()
        .map(|it| source.line_of(it.start));
    let implementing = lines.filter(|line| source.line(*line).trim_start().starts_with("impl"));
    blocks.extend(implementing.map(|line| block(source, line)));
    blocks
}

/// The whole words in the text that are `name`.
fn words(source: &Source, name: &str) -> Vec<TextRange> {
    occurrences(&source.whole, name, 0..source.whole.len())
        .into_iter()
        .map(|start| TextRange::new(start, start + name.len()))
        .filter(|range| Edge::of(&source.whole, *range) == Edge::Word)
        .collect()
}

pub(super) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word)
        .any(|(start, _)| Edge::of(line, TextRange::new(start, start + word.len())) == Edge::Word)
}

fn looks(source: &Source, name: TextRange) -> Option<Looks> {
    let line = source.line_range(source.line_of(name.start));
    let before = source.whole[line.start..name.start].trim();
    let after = source.whole[name.end..line.end].trim_start();
    let last_word = before.split_whitespace().next_back().unwrap_or("");
    let receiver = before.starts_with("func (") && before.ends_with(')');
    let implemented = last_word == "for" && before.starts_with("impl");
    if KEYWORDS.contains(&last_word.trim_start_matches('(')) || receiver || implemented {
        return Some(Looks::Sure);
    }
    if before.starts_with("impl") && before.ends_with('>') {
        return Some(Looks::Sure);
    }
    let called = after.starts_with(['(', '<']);
    if before.is_empty() {
        let assigned =
            after.starts_with(':') || (after.starts_with('=') && !after.starts_with("=="));
        return (called || assigned).then_some(Looks::Little);
    }
    let typed = before
        .chars()
        .all(|c| is_word(c) || " *&<>[]:,~@#?".contains(c));
    let statement = before
        .split(|c: char| !is_word(c))
        .any(|word| STATEMENTS.contains(&word));
    (called && typed && !statement && !after.trim_end().ends_with(';')).then_some(Looks::Likely)
}

/// The lines of a definition by indentation: those after it that are indented deeper, the closing one, and
/// the comments and attributes before it.
fn block(source: &Source, line: usize) -> TextRange {
    let indent = indentation(source.line(line));
    let mut first = line;
    while first > 0 && line - first < MAX_BLOCK && belongs_before(source.line(first - 1)) {
        first -= 1;
    }
    let mut last = line;
    for next in line + 1..source.line_count().min(line + MAX_BLOCK) {
        let text = source.line(next);
        let trimmed = text.trim();
        if trimmed.is_empty() {
            continue;
        }
        let deeper = indentation(text) > indent;
        let level = indentation(text) == indent;
        let goes_on = level && trimmed.starts_with(['{', ')', ']']);
        let closes =
            level && (trimmed.starts_with('}') || trimmed == "end" || trimmed.starts_with("end "));
        if !deeper && !goes_on && !closes {
            break;
        }
        last = next;
        if closes && !trimmed.ends_with('{') {
            break;
        }
    }
    source.lines_range(first, last)
}

fn belongs_before(line: &str) -> bool {
    let line = line.trim_start();
    ["//", "/*", "*", "#", "@", "--", "\"\"\""]
        .iter()
        .any(|mark| line.starts_with(mark))
}

fn indentation(line: &str) -> usize {
    line.chars()
        .take_while(|c| c.is_whitespace())
        .map(|c| if c == '\t' { 4 } else { 1 })
        .sum()
}
