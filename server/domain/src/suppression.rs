//! Comments in code that keep findings away: `crosscheck: ignore <category> — reason`, and, where the user wants it, the
//! markers of other tools.
//!
//! A comment counts only in the comment syntax of its file. It holds for its own line, and one that stands alone for the
//! next line with code.

use crate::finding::{Category, Finding};
use crate::locate::Tier;
use crate::text::Text;

#[cfg(test)]
mod tests;

/// What begins our comments.
const MARKER: &str = "crosscheck:";
/// Most comments of one file that are heeded.
const MAX_COMMENTS: usize = 10_000;
/// Longest line that is read, in bytes.
const MAX_LINE: usize = 4096;
/// In a place with no more lines than this a comment on any of them counts; in a longer one only on the first.
const MAX_SPAN: usize = 3;

/// What begins a comment, by file name extension. Files not named here may use any of [`OTHERS`].
const SYNTAXES: &[(&[&str], &[&str])] = &[
    (
        &[
            "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "cs", "dart", "go", "groovy", "java",
            "js", "jsx", "mjs", "cjs", "jsonc", "json5", "kt", "kts", "less", "m", "mm", "proto",
            "rs", "scala", "scss", "sol", "swift", "ts", "tsx", "mts", "cts", "zig", "v", "sv",
            "glsl",
        ],
        &["//", "/*", "*", "///", "//!", "/**", "{/*"],
    ),
    (&["css"], &["/*", "*"]),
    (&["php"], &["//", "#", "/*", "*"]),
    (
        &[
            "awk", "bash", "cmake", "cfg", "conf", "cr", "ex", "exs", "fish", "gd", "graphql",
            "jl", "mk", "nim", "pl", "pm", "py", "pyi", "r", "rb", "sh", "tcl", "toml", "yaml",
            "yml", "zsh",
        ],
        &["#"],
    ),
    (&["tf", "hcl", "nix"], &["#", "//", "/*", "*"]),
    (&["ps1", "psm1"], &["#", "<#"]),
    (&["lua"], &["--", "--[["]),
    (&["sql"], &["--", "/*", "*", "#"]),
    (&["hs", "elm", "purs"], &["--", "{-"]),
    (&["ada", "adb", "ads", "vhd", "vhdl"], &["--"]),
    (
        &["clj", "cljs", "cljc", "el", "lisp", "lsp", "rkt", "scm"],
        &[";", ";;", ";;;", "#|"],
    ),
    (&["asm", "s"], &[";", "#", "//", "/*", "@"]),
    (&["ini"], &[";", "#"]),
    (&["erl", "hrl", "tex", "sty", "m4", "pro"], &["%", "%%"]),
    (&["ml", "mli", "fs", "fsi", "fsx"], &["(*", "//"]),
    (&["pas", "pp", "dpr"], &["//", "{", "(*"]),
    (&["f90", "f95", "f03", "f08"], &["!"]),
    (&["vb", "bas", "vbs"], &["'"]),
    (&["vim"], &["\""]),
    (
        &[
            "htm", "html", "md", "markdown", "svg", "xml", "xhtml", "xsd", "xsl",
        ],
        &["<!--", ".."],
    ),
    (&["rst"], &["..", "<!--"]),
    (&["vue", "svelte", "astro"], MIXED),
    (&["j2", "jinja", "jinja2", "twig", "njk"], &["{#", "<!--"]),
    (&["hbs", "mustache"], &["{{!", "{{!--", "<!--"]),
];

/// What begins a comment in files of several languages.
const MIXED: &[&str] = &["<!--", "//", "/*", "*"];
/// Files without an extension in which `#` begins a comment.
const HASHED: &[&str] = &[
    "Containerfile",
    "Dockerfile",
    "GNUmakefile",
    "Gemfile",
    "Makefile",
    "Rakefile",
    "justfile",
    "makefile",
];

/// What begins a comment in files that are not in the table.
const OTHERS: &[&str] = &["//", "#", "/*", "*", "--", ";", "<!--"];

/// A marker of another tool, and the line that it is about.
struct Foreign {
    name: &'static str,
    /// True when it is about the next line, false when about its own. One alone on its line is always about the next.
    next: bool,
}

/// The markers of other tools that can be honoured, by the words they are written with.
const FOREIGN: &[Foreign] = &[
    Foreign {
        name: "nosemgrep",
        next: false,
    },
    Foreign {
        name: "noqa",
        next: false,
    },
    Foreign {
        name: "nosec",
        next: false,
    },
    Foreign {
        name: "NOSONAR",
        next: false,
    },
    Foreign {
        name: "NOLINT",
        next: false,
    },
    Foreign {
        name: "NOLINTNEXTLINE",
        next: true,
    },
    Foreign {
        name: "eslint-disable-line",
        next: false,
    },
    Foreign {
        name: "eslint-disable-next-line",
        next: true,
    },
    Foreign {
        name: "biome-ignore",
        next: true,
    },
    Foreign {
        name: "ts-ignore",
        next: true,
    },
    Foreign {
        name: "pylint: disable",
        next: false,
    },
    Foreign {
        name: "type: ignore",
        next: false,
    },
    Foreign {
        name: "nolint",
        next: false,
    },
    Foreign {
        name: "noinspection",
        next: true,
    },
    Foreign {
        name: "rubocop:disable",
        next: false,
    },
    Foreign {
        name: "shellcheck disable",
        next: true,
    },
];

/// The names of other tools' markers that can be honoured.
pub fn foreign_names() -> impl Iterator<Item = &'static str> {
    FOREIGN.iter().map(|it| it.name)
}

/// The comments of one file that keep findings away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suppressions {
    /// By line, in order.
    lines: Vec<OnLine>,
    /// What holds for the whole file.
    whole: Vec<Suppression>,
}

#[derive(Clone, Debug, PartialEq)]
struct OnLine {
    /// 0-based.
    line: usize,
    what: Suppression,
}

/// A comment that keeps findings away.
#[derive(Clone, Debug, PartialEq)]
pub struct Suppression {
    /// 0-based line of the comment.
    pub line: usize,
    /// The categories or codes that it is about, in lower case; all when empty.
    pub kinds: Vec<String>,
    /// Why, in its author's words; may be empty.
    pub reason: String,
}

impl Suppressions {
    /// Reads the comments of a file named `path`. `honour` names the markers of other tools that count as well.
    pub fn of(path: &str, text: &Text, honour: &[String]) -> Self {
        let openers = openers(path);
        let foreign: Vec<&Foreign> = FOREIGN
            .iter()
            .filter(|it| honour.iter().any(|name| name == it.name))
            .collect();
        let mut all = Self::default();
        // Nearly no file has any, and looking for words costs less than reading lines.
        let whole = text.to_string();
        let is_there = |word: &str| whole.contains(word);
        if !is_there(MARKER) && !foreign.iter().any(|it| is_there(it.name)) {
            return all;
        }
        // Comments that stand alone wait for the next line with code.
        let mut waiting: Vec<Suppression> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if all.lines.len() + waiting.len() + all.whole.len() >= MAX_COMMENTS {
                break;
            }
            let line = &line[..line.floor_char_boundary(MAX_LINE)];
            let comment = comment(line, number, openers, &foreign);
            let is_alone = openers.iter().any(|it| line.trim_start().starts_with(it));
            if !line.trim().is_empty() && !is_alone {
                let held = waiting.drain(..);
                all.lines
                    .extend(held.map(|what| OnLine { line: number, what }));
            }
            match comment {
                Some(Comment {
                    what,
                    holds: Holds::File,
                }) => all.whole.push(what),
                Some(Comment {
                    what,
                    holds: Holds::Line,
                }) if !is_alone => {
                    all.lines.push(OnLine { line: number, what });
                }
                Some(Comment { what, .. }) => waiting.push(what),
                None => {}
            }
        }
        all
    }
    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.whole.is_empty()
    }
    /// The comment that keeps a finding of this file away.
    pub fn hides(&self, finding: &Finding, text: &Text) -> Option<&Suppression> {
        let whole = self.whole.iter().find(|it| it.is_about(finding));
        if whole.is_some() || self.lines.is_empty() || finding.tier == Tier::File {
            return whole;
        }
        let first = text.line_of(finding.range.start);
        let last = text.line_of(finding.range.end.saturating_sub(1).max(finding.range.start));
        let last = if last - first < MAX_SPAN { last } else { first };
        let start = self.lines.partition_point(|it| it.line < first);
        let here = self.lines[start..].iter().take_while(|it| it.line <= last);
        here.map(|it| &it.what).find(|it| it.is_about(finding))
    }
}

impl Suppression {
    fn is_about(&self, finding: &Finding) -> bool {
        let code = finding.code.as_deref();
        self.kinds.is_empty()
            || self.kinds.iter().any(|kind| {
                kind == "all"
                    || Category::parse(kind).as_ref() == Some(&finding.category)
                    || code.is_some_and(|code| code.eq_ignore_ascii_case(kind))
            })
    }
}

/// The comment that keeps findings of a category away, for a line of a file named `path` that is indented by `indent`:
/// a line of its own to stand before it, with no line end. `None` where it is not known what a comment looks like on a
/// line of its own: in other files, and in those of several languages, where that depends on the place.
pub fn comment_for(path: &str, indent: &str, category: &Category) -> Option<String> {
    let open = match known_openers(path) {
        Some(MIXED) => return None,
        Some(openers) => openers.first()?,
        None if HASHED.contains(&name_of(path)) => &"#",
        None => return None,
    };
    let close = match *open {
        "/*" => " */",
        "<!--" => " -->",
        "(*" => " *)",
        "{#" => " #}",
        "{{!" => " }}",
        _ => "",
    };
    let category = category.as_str();
    Some(format!("{indent}{open} {MARKER} ignore {category}{close}"))
}

fn openers(path: &str) -> &'static [&'static str] {
    known_openers(path).unwrap_or(OTHERS)
}

fn known_openers(path: &str) -> Option<&'static [&'static str]> {
    let extension = name_of(path).rsplit_once('.')?.1.to_lowercase();
    let mut known = SYNTAXES.iter();
    let (_, openers) = known.find(|(extensions, _)| extensions.contains(&extension.as_str()))?;
    Some(openers)
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

struct Comment {
    what: Suppression,
    holds: Holds,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Line,
    Next,
    File,
}

/// What a line says, if it says anything of the kind.
fn comment(line: &str, number: usize, openers: &[&str], foreign: &[&Foreign]) -> Option<Comment> {
    let ours = line
        .match_indices(MARKER)
        .find_map(|(at, marker)| opens(&line[..at], openers).then(|| &line[at + marker.len()..]));
    if let Some((what, holds)) = ours.and_then(|it| read(it, number)) {
        return Some(Comment { what, holds });
    }
    foreign.iter().find_map(|it| {
        let (at, _) = line.match_indices(it.name).find(|(at, _)| {
            let after = line[at + it.name.len()..].chars().next();
            let ends = after.is_none_or(|it| !it.is_alphanumeric() && !matches!(it, '-' | '_'));
            // TypeScript writes an `@` before.
            ends && opens(line[..*at].trim_end_matches('@'), openers)
        })?;
        let what = Suppression {
            line: number,
            kinds: Vec::new(),
            reason: line[at..].trim().to_owned(),
        };
        let holds = if it.next { Holds::Next } else { Holds::Line };
        Some(Comment { what, holds })
    })
}

/// True when what stands before a marker opens a comment.
fn opens(before: &str, openers: &[&str]) -> bool {
    let before = before.trim_end();
    openers.iter().any(|it| before.ends_with(it))
}

/// Reads what follows our marker.
fn read(said: &str, line: usize) -> Option<(Suppression, Holds)> {
    let said = said.trim_start();
    let end = said
        .find(|it: char| !it.is_ascii_alphabetic() && it != '-')
        .unwrap_or(said.len());
    let holds = match said[..end].trim_end_matches('-') {
        "ignore" => Holds::Line,
        "ignore-file" => Holds::File,
        _ => return None,
    };
    let rest = said[end..].trim_end();
    let rest = [
        "*/", "-->", "#}", "*)", "-}", "--}}", "}}", "#>", "]]", "|#", "}",
    ]
    .iter()
    .find_map(|it| rest.strip_suffix(it))
    .unwrap_or(rest);
    let (kinds, reason) = parted(rest);
    let kinds = kinds.split([' ', '\t', ',']).filter(|it| !it.is_empty());
    let what = Suppression {
        line,
        kinds: kinds.map(str::to_lowercase).collect(),
        reason: reason.trim().to_owned(),
    };
    Some((what, holds))
}

/// Categories and reason: parted by a dash with white space before it, or a colon with white space after it.
fn parted(said: &str) -> (&str, &str) {
    let separators = ["—", "–", " -- ", " - ", ": "];
    let found = separators
        .iter()
        .filter_map(|it| Some((said.find(it)?, it.len())))
        .min();
    match found {
        Some((at, len)) => (&said[..at], &said[at + len..]),
        None => (said.trim_end_matches([':', '-']), ""),
    }
}
