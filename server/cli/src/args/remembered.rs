//! The arguments of the commands that show what the ledger remembers.

use super::{ListFormat, RootArgs};
use clap::ValueEnum;
use domain::finding::Severity;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Findings whose text is gone are left out; nothing is asked of any agent.\n\n\
        Exit codes: 0 listed, also when there are none; 2 they cannot be read, or what is named is not there."
)]
pub(crate) struct FindingsArgs {
    /// Only these: the beginnings of their names, or files and directories.
    #[arg(value_name = "FINDING|PATH")]
    pub(crate) what: Vec<String>,
    /// Only what this agent says; may be repeated.
    #[arg(long = "agent", value_name = "NAME")]
    pub(crate) agents: Vec<String>,
    /// Only what is at least this severe.
    #[arg(long, value_enum)]
    pub(crate) severity: Option<Least>,
    /// Only of this category: `correctness`, `security`, …; may be repeated.
    #[arg(long = "category", value_name = "CATEGORY")]
    pub(crate) categories: Vec<String>,
    /// Also those that are hidden, and why.
    #[arg(long)]
    pub(crate) hidden: bool,
    /// Without limits (`[review] max_per_file` and `max_per_run`), and also those that another agent refuted.
    #[arg(long)]
    pub(crate) all: bool,
    /// How to print the list.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Least {
    Error,
    Warning,
    Info,
    Hint,
}

impl From<Least> for Severity {
    fn from(it: Least) -> Self {
        match it {
            Least::Error => Self::Error,
            Least::Warning => Self::Warning,
            Least::Info => Self::Info,
            Least::Hint => Self::Hint,
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Accepted are findings that you accept or whose fix you apply; dollars are those of the calls for reviews. Settled findings are \
        kept 90 days, applied fixes 30.\n\nExit codes: 0 shown; 2 the ledger cannot be read."
)]
pub(crate) struct StatsArgs {
    /// Of so many days, today among them; days are those of UTC.
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    pub(crate) days: u32,
    /// Of all workspaces, not only of this one.
    #[arg(long)]
    pub(crate) everywhere: bool,
    /// How to print them.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}
