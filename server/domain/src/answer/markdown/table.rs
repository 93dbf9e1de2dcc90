//! Tables with a column for the file or the line.

use super::super::collect::split_text;
use super::super::place::{spot, undecorated};
use super::super::plain;
use super::plain_word;
use crate::finding::{Category, RawFinding};

/// Which column holds what.
#[derive(Default)]
pub(super) struct Columns {
    file: Option<usize>,
    line: Option<usize>,
    severity: Option<usize>,
    category: Option<usize>,
    title: Option<usize>,
    more: Vec<usize>,
}

/// The cells of a row.
pub(super) fn cells(line: &str) -> Vec<&str> {
    let line = line.trim().trim_start_matches('|');
    let line = line.strip_suffix('|').unwrap_or(line);
    line.split('|').map(str::trim).collect()
}

impl Columns {
    /// Reads the row of headings.
    pub(super) fn of(headings: &[&str]) -> Self {
        let mut columns = Self::default();
        for (at, heading) in headings.iter().enumerate() {
            let slot = match undecorated(heading).to_lowercase().as_str() {
                "file" | "path" | "location" | "where" | "file:line" | "place" => &mut columns.file,
                "line" | "lines" | "line(s)" => &mut columns.line,
                "severity" | "priority" | "level" | "sev" => &mut columns.severity,
                "category" | "type" | "kind" => &mut columns.category,
                "issue" | "finding" | "problem" | "title" | "message" | "summary"
                | "description"
                    if columns.title.is_none() =>
                {
                    &mut columns.title
                }
                "description" | "details" | "suggestion" | "fix" | "recommendation"
                | "explanation" | "message" | "impact" => {
                    columns.more.push(at);
                    continue;
                }
                _ => continue,
            };
            slot.get_or_insert(at);
        }
        columns
    }

    /// Reads a row; `None` for the rule below the headings and where file and line are missing.
    pub(super) fn finding(&self, cells: &[&str], file: Option<&str>) -> Option<RawFinding> {
        let cell = |at: Option<usize>| cells.get(at?).copied().filter(|it| !it.is_empty());
        if cells
            .iter()
            .all(|it| it.chars().all(|it| matches!(it, '-' | ':' | ' ')))
        {
            return None;
        }
        let mut place = match cell(self.file) {
            Some(text) => spot(text)?,
            None => super::Spot {
                path: Some(file?.to_owned()),
                ..super::Spot::default()
            },
        };
        if let Some(lines) =
            cell(self.line).and_then(|it| super::super::place::from_value(&undecorated(it).into()))
        {
            place.place = lines;
        }
        place.place.start_line?;
        let message = plain::message(cell(self.title)?);
        let (title, mut body) = split_text(&message.text);
        for text in self.more.iter().filter_map(|at| cell(Some(*at))) {
            super::super::contract::append(&mut body, text);
        }
        Some(RawFinding {
            path: place.path,
            place: place.place,
            severity: cell(self.severity)
                .and_then(plain_word)
                .or(message.severity),
            category: cell(self.category).and_then(Category::parse),
            code: message.code,
            title,
            body,
            ..RawFinding::default()
        })
    }
}
