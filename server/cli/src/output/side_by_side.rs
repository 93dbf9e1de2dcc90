//! What several agents propose for the same, side by side.

use crate::output::proposal::{Count, Shown, outcome};
use crate::output::{plural, style};
use domain::path::RelPath;
use domain::proposal::{FileAction, FileChange, Proposal, Relation, compare};
use std::collections::BTreeSet;

/// Most parts told that are the same or clash; the rest is counted.
const MAX_RELATIONS: usize = 20;
/// Between two columns.
const GAP: usize = 3;

/// A table of the files that each of them changes.
pub(crate) fn table(proposals: &[&Shown]) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let row = |name: &str, cell: &dyn Fn(&Shown) -> String| -> Vec<String> {
        let cells = proposals.iter().map(|it| cell(it));
        std::iter::once(name.to_owned()).chain(cells).collect()
    };
    rows.push(row("", &|it| it.proposal.agent.clone()));
    for path in paths(proposals) {
        rows.push(row(path.as_str(), &|it| {
            let file = it.proposal.files.iter().find(|file| file.path == *path);
            file.map_or("—".to_owned(), change)
        }));
    }
    if proposals.iter().any(|it| it.proposal.check.is_some()) {
        rows.push(row("check", &|it| {
            it.proposal.check.as_ref().map_or("—".to_owned(), outcome)
        }));
    }
    rows.push(row("proposal", &|it| it.proposal.id.0.clone()));
    let mut out = layout(&rows);
    let relations = relations(&proposals.iter().map(|it| &*it.proposal).collect::<Vec<_>>());
    let left = relations.len().saturating_sub(MAX_RELATIONS);
    for relation in relations.iter().take(MAX_RELATIONS) {
        out.push_str(relation);
        out.push('\n');
    }
    if left > 0 {
        out.push_str(&format!("and {left} more\n"));
    }
    out
}

/// Which parts are the same or clash, a line each; those that are not named can be taken from both.
fn relations(proposals: &[&Proposal]) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, ours) in proposals.iter().enumerate() {
        for theirs in &proposals[index + 1..] {
            for (number, relation) in (1..).zip(compare(ours, theirs)) {
                let part = format!("part {number} of {}", ours.agent);
                match relation {
                    Relation::Same(other) => lines.push(format!(
                        "{part} is the same as part {other} of {}",
                        theirs.agent
                    )),
                    Relation::Clash(others) => {
                        let others: Vec<String> = others.iter().map(usize::to_string).collect();
                        let parts = if others.len() == 1 { "part" } else { "parts" };
                        let others = others.join(", ");
                        lines.push(format!(
                            "{part} clashes with {parts} {others} of {}",
                            theirs.agent
                        ));
                    }
                    Relation::Apart => {}
                }
            }
        }
    }
    lines
}

fn paths<'s>(proposals: &[&'s Shown]) -> BTreeSet<&'s RelPath> {
    let files = proposals.iter().flat_map(|it| &it.proposal.files);
    files.map(|it| &it.path).collect()
}

/// `2 parts +3 −1`.
fn change(file: &FileChange) -> String {
    let count = Count::of(file);
    match &file.action {
        FileAction::Create { .. } => format!("new {count}"),
        FileAction::Delete { .. } => format!("deleted {count}"),
        FileAction::Edit { .. } => format!("{} {count}", plural(count.parts, "part")),
    }
}

/// Columns under each other; the first row and the first column are heads.
fn layout(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|it| it.get(column));
        cells.map(|it| it.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for (number, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let space = if column + 1 == row.len() {
                0
            } else {
                widths[column] + GAP - cell.chars().count()
            };
            let shown = match (number, column) {
                (0, _) => style::strong(cell),
                (_, 0) => style::dim(cell),
                _ => cell.clone(),
            };
            line.push_str(&shown);
            line.push_str(&" ".repeat(space));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [
            ["", "alpha", "b"],
            ["src/main.rs", "2 parts +3 −1", "1 part +1 −1"],
            ["proposal", "k3v9x0ab", "x"],
        ];
        let rows = rows.map(|it| it.map(str::to_owned).to_vec());
        let table = anstream::adapter::strip_str(&layout(&rows)).to_string();
        assert_eq!(
            table,
            "              alpha           b\n\
             src/main.rs   2 parts +3 −1   1 part +1 −1\n\
             proposal      k3v9x0ab        x\n"
        );
    }
}
