//! The arguments of the commands that change files.

use super::{ListFormat, RootArgs};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Nothing is written without --write. The diff goes to standard output, everything else to standard error.\n\n\
        Exit codes: 0 a change is proposed, with --write: and written; 1 nothing is proposed; \
        2 something asked for could not be done."
)]
pub(crate) struct FixArgs {
    /// The findings, by their names or the beginnings of them, as `crosscheck review` prints them.
    #[arg(value_name = "FINDING", required_unless_present = "all")]
    pub(crate) findings: Vec<String>,
    /// Fix all findings that are remembered of this workspace.
    #[arg(long, conflicts_with = "findings")]
    pub(crate) all: bool,
    /// What to mind when fixing.
    #[arg(long, value_name = "TEXT")]
    pub(crate) instructions: Option<String>,
    #[command(flatten)]
    pub(crate) edit: EditArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "An answer in words goes to standard output, and so does the diff of a change that is proposed; everything else goes \
        to standard error. Nothing is written without --write.\n\n\
        Exit codes: 0 answered or a change is proposed, with --write: and written; 2 something asked for could not be done."
)]
pub(crate) struct AskArgs {
    /// What to answer or to do, in words.
    pub(crate) prompt: String,
    /// What it is about: `path`, `path:12` or `path:12-20` [default: the whole workspace].
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<String>,
    #[command(flatten)]
    pub(crate) edit: EditArgs,
}

/// Options of every command that has a change proposed.
#[derive(Debug, clap::Args)]
pub(crate) struct EditArgs {
    /// Ask this agent; several (repeated, or with commas) each make a proposal of their own, at the same time
    /// [default: the first of `[fix] agents`].
    #[arg(
        long = "agent",
        visible_alias = "agents",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub(crate) agents: Vec<String>,
    /// Write the change to your files, unless one of them has changed meanwhile, the check has not passed, or not all of
    /// the answer could be taken over.
    #[arg(long)]
    pub(crate) write: bool,
    /// Write also when the check has not passed, or not all of the answer could be taken over.
    #[arg(long, requires = "write")]
    pub(crate) force: bool,
    /// How to print what is proposed.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    /// Print the answer only: no progress, no remarks.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProposalsArgs {
    /// The proposals to show in full, by their names or the beginnings of them [default: list all that are open].
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// How to print them.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Changes that you made meanwhile stay; where one of them is in the same place, nothing is written at all.\n\n\
        Exit codes: 0 it is applied (or was already), 2 nothing was written."
)]
pub(crate) struct ApplyArgs {
    /// The proposal, by its name or the beginning of it.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Apply this part only; may be repeated [default: all that are not applied yet].
    #[arg(long = "part", value_name = "N", value_delimiter = ',')]
    pub(crate) parts: Vec<usize>,
    /// Print what would be written, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DiscardArgs {
    /// The proposals, by their names or the beginnings of them.
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(crate) ids: Vec<String>,
    /// Discard all open proposals of this workspace.
    #[arg(long, conflicts_with = "ids")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Changes that you made since then stay; where one of them is in the same place, nothing is written at all.\n\n\
        Exit codes: 0 it is taken back, 2 nothing was written."
)]
pub(crate) struct RevertArgs {
    /// Take back what was applied last of this proposal [default: what was applied last of any].
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

/// A file, and perhaps lines of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) path: PathBuf,
    /// First and last line, from 1.
    pub(crate) lines: Option<(usize, usize)>,
}

impl Spot {
    /// Reads `path`, `path:12` and `path:12-20`; a file that is really called so is meant as it is.
    pub(crate) fn read(said: &str) -> Self {
        let whole = Self {
            path: said.into(),
            lines: None,
        };
        if std::path::Path::new(said).exists() {
            return whole;
        }
        let Some((path, lines)) = said.rsplit_once(':') else {
            return whole;
        };
        let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if !path.is_empty() && (1..=last).contains(&first) => Self {
                path: path.into(),
                lines: Some((first, last)),
            },
            _ => whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_behind_a_path() {
        let cases = [
            ("src/a.rs", "src/a.rs", None),
            ("src/a.rs:12", "src/a.rs", Some((12, 12))),
            ("src/a.rs:12-20", "src/a.rs", Some((12, 20))),
            ("C:/a.rs:3", "C:/a.rs", Some((3, 3))),
            // Nothing that could be meant.
            ("src/a.rs:0", "src/a.rs:0", None),
            ("src/a.rs:20-12", "src/a.rs:20-12", None),
            ("src/a.rs:x", "src/a.rs:x", None),
            ("C:/a.rs", "C:/a.rs", None),
            (":3", ":3", None),
        ];
        for (said, path, lines) in cases {
            let path = path.into();
            assert_eq!(Spot::read(said), Spot { path, lines }, "{said}");
        }
    }
}
