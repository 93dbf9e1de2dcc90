//! The arguments of the commands that are about decisions: dismissing, accepting, the team's baseline.

use super::{ListFormat, RootArgs};
use clap::ValueEnum;
use engine::request::Reach;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A dismissed finding stays away, whoever says it again and in whatever words, until its own text changes; \
        it survives edits around it, moves, new indentation and renamed files. What is hidden is counted in each review.\n\n\
        Exit codes: 0 dismissed; 2 there is no such finding."
)]
pub(crate) struct DismissArgs {
    /// The findings, by their names or the beginnings of them, as `crosscheck review` prints them.
    #[arg(value_name = "FINDING", required = true)]
    pub(crate) findings: Vec<String>,
    /// How far it reaches.
    #[arg(long, value_enum, default_value_t = ReachArg::Here)]
    pub(crate) reach: ReachArg,
    /// Why: `wrong`, `intended`, `not-now`, `style`, or your own words.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReachArg {
    /// This very place, wherever it moves.
    Here,
    /// The same text anywhere in the workspace.
    Text,
    /// Everything of this kind in the file.
    KindInFile,
    /// Everything of this kind in the directory of the file and below.
    KindInDirectory,
    /// Everything of this kind in the workspace.
    Kind,
}

impl From<ReachArg> for Reach {
    fn from(it: ReachArg) -> Self {
        match it {
            ReachArg::Here => Reach::Here,
            ReachArg::Text => Reach::Text,
            ReachArg::KindInFile => Reach::KindInFile,
            ReachArg::KindInDirectory => Reach::KindInDirectory,
            ReachArg::Kind => Reach::Kind,
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Accepting a finding that is hidden shows it again, and three accepted ones of a kind keep the kind from being \
        hidden.\n\nExit codes: 0 accepted; 2 there is no such finding."
)]
pub(crate) struct AcceptArgs {
    /// The findings, by their names or the beginnings of them.
    #[arg(value_name = "FINDING", required = true)]
    pub(crate) findings: Vec<String>,
    /// How far it reaches; `kind` shows a kind that was hidden after several dismissals.
    #[arg(long, value_enum, default_value_t = ReachArg::Here)]
    pub(crate) reach: ReachArg,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 done; 2 there is no such decision.")]
pub(crate) struct DismissedArgs {
    /// Take these decisions back, by the numbers in the list.
    #[arg(long, value_name = "NUMBER", num_args = 1..)]
    pub(crate) undo: Vec<i64>,
    /// How to print the list.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The baseline is .crosscheck/baseline.json; commit it, and its findings are hidden for everybody and counted in each \
        review.\n\nExit codes: 0 done; 2 the file cannot be read or written, or there is no such finding."
)]
pub(crate) struct BaselineArgs {
    /// The findings to add, by their names or the beginnings of them [default: all that are open].
    #[arg(value_name = "FINDING")]
    pub(crate) findings: Vec<String>,
    /// Remove what matches no finding any more, and add only what is named.
    #[arg(long)]
    pub(crate) prune: bool,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}
