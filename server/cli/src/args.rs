//! The arguments, as clap reads them.

mod edit;
mod remembered;
mod verdicts;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use domain::finding::Severity;
use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) use edit::{
    ApplyArgs, AskArgs, DiscardArgs, EditArgs, FixArgs, ProposalsArgs, RevertArgs, Spot,
};

pub(crate) use remembered::{FindingsArgs, StatsArgs};
pub(crate) use verdicts::{AcceptArgs, BaselineArgs, DismissArgs, DismissedArgs};

/// Cross-model code review in any editor, terminal and CI, by any agent that speaks MCP.
#[derive(Debug, Parser)]
#[command(name = "crosscheck", version, max_term_width = 100)]
pub(crate) struct Args {
    /// What to log on standard error, in the syntax of RUST_LOG: `debug`, `agents=trace`.
    #[arg(long, global = true, value_name = "FILTER", env = "CROSSCHECK_LOG")]
    pub(crate) log: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Review changes, files or directories, and print what the agents found.
    Review(ReviewArgs),
    /// List the findings that are remembered, where they are now.
    Findings(FindingsArgs),
    /// Have findings refuted by an agent of another provider, if it can; prints what it says, why, and what it quotes.
    Verify(VerifyArgs),
    /// Have findings fixed: ready fixes as they are, the others by an agent; prints the diff.
    Fix(FixArgs),
    /// Ask an agent to answer a question about files, or to change them; prints the answer or the diff.
    Ask(AskArgs),
    /// List the changes that are proposed, or show some of them.
    Proposals(ProposalsArgs),
    /// Write a proposed change to your files, all of it or some parts.
    Apply(ApplyArgs),
    /// Drop proposed changes.
    Discard(DiscardArgs),
    /// Take back what was applied.
    Revert(RevertArgs),
    /// Keep findings away: here, for a text, or for a kind.
    Dismiss(DismissArgs),
    /// Say that findings are right; hidden ones are shown again.
    Accept(AcceptArgs),
    /// List what was dismissed or accepted and what is hidden and why, or take decisions back.
    Dismissed(DismissedArgs),
    /// Put open findings into the team's baseline, a file to commit that hides them for everybody.
    Baseline(BaselineArgs),
    /// List the agents and where each one comes from.
    Agents(AgentsArgs),
    /// Start each agent, check its tools, make one real call, and say what to do about each failure.
    Doctor(DoctorArgs),
    /// Show what became of each agent's findings, and what an accepted one costs.
    Stats(StatsArgs),
    /// Show what calls of agents have cost, and what is left of the day's budgets.
    Usage(UsageArgs),
    /// Write a configuration file to start from.
    Init(InitArgs),
    /// Allow what this workspace's configuration would run, exactly as it is now.
    Trust(TrustArgs),
    /// Look at the configuration.
    Config(ConfigArgs),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Be a language server on standard input and output; editors run this.
    Lsp(LspArgs),
    /// Be an MCP server around an agent that has none.
    Agent(AgentArgs),
    /// End the children of a server that was killed; started by Crosscheck itself.
    #[command(hide = true)]
    Guard,
}

impl Command {
    /// Servers keep standard error for logs; the others show it to a person.
    pub(crate) fn logs_to_terminal(&self) -> bool {
        !matches!(self, Command::Lsp(_) | Command::Agent(_) | Command::Guard)
    }
}

/// Options of every command that works on a workspace.
#[derive(Debug, clap::Args)]
pub(crate) struct RootArgs {
    /// Workspace root [default: the nearest directory upwards with .git or crosscheck.toml].
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 everything was reviewed and nothing found, 1 findings, 2 something asked for could not be reviewed."
)]
pub(crate) struct ReviewArgs {
    /// Files and directories to review [default: uncommitted changes].
    pub(crate) paths: Vec<PathBuf>,
    /// Review what changed since the merge base with this revision.
    #[arg(long, value_name = "REF", group = "changes")]
    pub(crate) base: Option<String>,
    /// Review what is staged.
    #[arg(long, group = "changes")]
    pub(crate) staged: bool,
    /// Review everything that is not committed, untracked files too.
    #[arg(long, group = "changes")]
    pub(crate) uncommitted: bool,
    /// Review what this proposal would change, as if it were applied: its name, or the beginning of it.
    #[arg(long, value_name = "ID", group = "changes", conflicts_with_all = ["paths", "author", "verify"])]
    pub(crate) proposal: Option<String>,
    /// Ask this agent; may be repeated [default: `[review] agents`].
    #[arg(long = "agent", value_name = "NAME")]
    pub(crate) agents: Vec<String>,
    /// What to look at in particular.
    #[arg(long, value_name = "TEXT")]
    pub(crate) instructions: Option<String>,
    /// Who wrote it: an agent or a provider; agents of that provider are not asked.
    #[arg(long, value_name = "NAME")]
    pub(crate) author: Option<String>,
    /// Ask about everything anew, also about what was answered before.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Have what only one provider reports (`lone`), or what several report, too (`all`), checked by another agent at the end
    /// [default: `[review] verify`].
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "lone"
    )]
    pub(crate) verify: Option<VerifyWhat>,
    /// How to print the findings.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Show all findings, not only the most important ones (`[review] max_per_file` and `max_per_run`).
    #[arg(long)]
    pub(crate) all: bool,
    /// Exit with 1 when a finding is at least this severe. What one of several models says alone counts as info (as warning
    /// where it is about security or lost data); where only one provider reviews, as warning at most. What rules say counts
    /// as it is.
    #[arg(long, value_enum, default_value_t = FailOn::Hint)]
    pub(crate) fail_on: FailOn,
    /// Print findings only: no progress, no summary.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerifyWhat {
    /// Findings of some weight that only one provider reports.
    Lone,
    /// Those that several providers report, too.
    All,
    /// None.
    Off,
}

impl From<VerifyWhat> for engine::AfterReview {
    fn from(what: VerifyWhat) -> Self {
        match what {
            VerifyWhat::Lone => Self::Lone,
            VerifyWhat::All => Self::All,
            VerifyWhat::Off => Self::Off,
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The checks go to standard output, everything else to standard error.\n\n\
        Exit codes: 0 all findings were refuted, 1 some were confirmed or it cannot be told, 2 some could not be verified."
)]
pub(crate) struct VerifyArgs {
    /// The findings, by their names or the beginnings of them, as `crosscheck review` prints them.
    #[arg(value_name = "FINDING", required = true)]
    pub(crate) findings: Vec<String>,
    /// Ask this agent, which must be of another provider than those that reported the finding; of several the first that is
    /// [default: `[verify] agents`, else `[review] agents`].
    #[arg(long = "agent", value_name = "NAME")]
    pub(crate) agents: Vec<String>,
    /// The agent or the provider that wrote the code: it does not check what it wrote.
    #[arg(long, value_name = "NAME")]
    pub(crate) author: Option<String>,
    /// How to print the checks.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    /// Print the checks only: no progress, no summary.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: colours and source excerpts.
    Text,
    /// One JSON document: findings and report.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Error,
    Warning,
    Info,
    /// Any finding.
    Hint,
    /// No finding, however severe.
    Never,
}

impl FailOn {
    /// True when a finding of this severity must fail the run.
    pub(crate) fn fails(self, severity: Severity) -> bool {
        match self {
            FailOn::Error => severity >= Severity::Error,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Info => severity >= Severity::Info,
            FailOn::Hint => true,
            FailOn::Never => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AgentsArgs {
    /// How to print the list.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// The agents to examine [default: all].
    pub(crate) agents: Vec<String>,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UsageArgs {
    /// Of so many days, today among them; days are those of UTC.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) days: u32,
    /// Only calls in this workspace.
    #[arg(long)]
    pub(crate) here: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// Write your own configuration file instead of the project's.
    #[arg(long)]
    pub(crate) user: bool,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrustArgs {
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Take all trust in this workspace back.
    #[arg(long, conflicts_with = "yes")]
    pub(crate) revoke: bool,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the JSON Schema of the configuration file, for editors' completion.
    Schema,
    /// Read the configuration and print what is wrong with it.
    Check(RootArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct LspArgs {
    /// Communicate over standard input and output, which is the only way; accepted because editors pass it.
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
    /// End when this process ends.
    #[arg(long = "clientProcessId", value_name = "PID", hide = true)]
    pub(crate) client_process_id: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AgentArgs {
    #[command(subcommand)]
    pub(crate) command: AgentCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// The embedded agent: misspelt words, conflict markers, committed secrets. No model, no network.
    Builtin,
    /// Codex, OpenAI's command-line agent.
    Codex(CliAgentArgs),
    /// Claude Code, Anthropic's command-line agent.
    Claude(CliAgentArgs),
    /// Any endpoint with OpenAI's chat completions protocol, a model on this machine among them.
    Chat(ChatArgs),
    /// Any command that reads a prompt on standard input and answers on standard output.
    Exec(ExecArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct CliAgentArgs {
    /// The agent's program, where it is not on PATH under its own name.
    #[arg(long, value_name = "PATH")]
    pub(crate) program: Option<OsString>,
    /// The model [default: the one that the agent is configured for].
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ChatArgs {
    /// The endpoint's base, up to and with its version: `http://127.0.0.1:11434/v1`.
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// The model [default: the only one that the endpoint has].
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// The environment variable that holds the key, where the endpoint wants one.
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) key_env: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExecArgs {
    /// Stop the command after this many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub(crate) timeout: u64,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<String>,
}

/// Prints the completion script of a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> anyhow::Result<u8> {
    clap_complete::generate(
        shell,
        &mut Args::command(),
        "crosscheck",
        &mut std::io::stdout(),
    );
    Ok(crate::CLEAN)
}
