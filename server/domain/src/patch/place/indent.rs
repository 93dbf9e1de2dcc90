//! The indentation of lines that come, where the hunk is indented otherwise than the file.

use super::super::{Line, LineHunk};
use super::page::Page;
use super::search::At;
use crate::locate::Tier;

/// How a hunk and the file differ in indentation, line by line.
pub(super) struct Indents {
    /// For each old line that is not blank: its index in the hunk, the hunk's indentation, the file's.
    pairs: Vec<(usize, String, String)>,
}

impl Indents {
    pub(super) fn of(page: &Page<'_>, hunk: &LineHunk, at: At) -> Self {
        let mut pairs = Vec::new();
        if at.tier > Tier::TrailingSpace {
            let mut line = at.line;
            for (index, of_hunk) in hunk.lines.iter().enumerate() {
                let (Line::Context(text) | Line::Removed(text)) = of_hunk else {
                    continue;
                };
                if !text.trim().is_empty() {
                    pairs.push((
                        index,
                        indent(text).to_owned(),
                        indent(page.line(line)).to_owned(),
                    ));
                }
                line += 1;
            }
        }
        pairs.retain(|(_, hunk, _)| hunk.chars().all(|c| matches!(c, ' ' | '\t')));
        Self { pairs }
    }

    /// A line that comes, as the file would have it. `index` is its place in the hunk.
    pub(super) fn fitted(&self, index: usize, line: &str) -> String {
        let own = indent(line);
        let rest = &line[own.len()..];
        if rest.is_empty() || self.pairs.iter().all(|(_, hunk, file)| hunk == file) {
            return line.to_owned();
        }
        let near = |pair: &&(usize, String, String)| pair.0.abs_diff(index);
        // A line as deep as this one says how deep it is in the file.
        if let Some((_, _, file)) = self.pairs.iter().filter(|it| it.1 == own).min_by_key(near) {
            return format!("{file}{rest}");
        }
        let Some((_, hunk, file)) = self.pairs.iter().min_by_key(near) else {
            return line.to_owned();
        };
        if let Some(deeper) = own.strip_prefix(hunk.as_str()) {
            let deeper = converted(deeper, hunk, file, self);
            return format!("{file}{deeper}{rest}");
        }
        let shallower = hunk.strip_prefix(own).and_then(|missing| {
            let missing = converted(missing, hunk, file, self);
            file.strip_suffix(missing.as_str())
        });
        format!("{}{rest}", shallower.unwrap_or(own))
    }

    /// Blanks that stand for one tab, where the hunk has blanks and the file has tabs.
    fn blanks_for_tab(&self) -> Option<usize> {
        self.pairs.iter().find_map(|(_, hunk, file)| {
            let all = |text: &str, c| !text.is_empty() && text.chars().all(|it| it == c);
            (all(hunk, ' ') && all(file, '\t') && hunk.len() % file.len() == 0)
                .then(|| hunk.len() / file.len())
        })
    }

    /// The same the other way round.
    fn blanks_of_tab(&self) -> Option<usize> {
        self.pairs.iter().find_map(|(_, hunk, file)| {
            let all = |text: &str, c| !text.is_empty() && text.chars().all(|it| it == c);
            (all(hunk, '\t') && all(file, ' ') && file.len() % hunk.len() == 0)
                .then(|| file.len() / hunk.len())
        })
    }
}

/// More indentation, in the file's way of writing it.
fn converted(deeper: &str, hunk: &str, file: &str, indents: &Indents) -> String {
    let uses_tabs = file.contains('\t') || (file.is_empty() && indents.blanks_for_tab().is_some());
    if let Some(blanks) = indents.blanks_for_tab().filter(|_| uses_tabs)
        && !hunk.contains('\t')
    {
        return deeper.replace(&" ".repeat(blanks), "\t");
    }
    if let Some(blanks) = indents.blanks_of_tab().filter(|_| !file.contains('\t')) {
        return deeper.replace('\t', &" ".repeat(blanks));
    }
    deeper.to_owned()
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}
