//! The configuration file as it is written: the one place that says which keys there are. The reader, the JSON
//! Schema and the table in `docs/configuration.md` all come from these types and their comments.

use super::approve::ApproveKey;
use super::units::{DiskSize, Dollars, Period, Size};
use agents::spec::{Operation, Reads};
use domain::answer::Format;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::{NonZeroU8, NonZeroU16, NonZeroU32};

/// Configuration of Crosscheck.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ConfigFile {
    /// Address of the JSON Schema, for editors; not read.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// The agents by name.
    pub agents: BTreeMap<String, AgentTable>,
    /// What is reviewed, and by whom.
    pub review: ReviewTable,
    // Left out of what is hashed for trust while nothing is said, so that trust outlasts new keys.
    /// How agents change code.
    #[serde(skip_serializing_if = "FixTable::is_empty")]
    pub fix: FixTable,
    /// How findings are checked by agents of other providers.
    #[serde(skip_serializing_if = "VerifyTable::is_empty")]
    pub verify: VerifyTable,
    /// Your own code actions: agents do to the selected code what the prompt says. The lists of all layers add up; an
    /// action with the title of an earlier one replaces it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionTable>,
    /// What is too much. What a limit leaves out is counted and told.
    pub limits: LimitsTable,
    /// What calls may cost, all agents and all windows together. Your file and your editor's settings say your budgets; what the
    /// project's file says holds beside them, for calls in this project, so that it never raises yours.
    #[serde(skip_serializing_if = "BudgetTable::is_empty")]
    pub budget: BudgetTable,
    /// Prices by how the names of models begin, beside the built-in ones: `"gpt-5" = { input = 1.25, output = 10 }`, in US dollars
    /// per million tokens.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, PriceTable>,
    /// MCP server lists of other tools whose servers become agents; the first one that has a name wins.
    #[schemars(extend("default" = []))]
    pub import: Option<Vec<Import>>,
}

/// An agent: an MCP server that reviews, edits or answers. The name of a preset needs no key at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AgentTable {
    /// The preset that this agent is built on; by default the one of the agent's name.
    pub preset: Option<String>,
    /// The vendor of the model behind the agent. Two agents of one provider are not independent reviewers. By
    /// default what the preset says, else the agent's name.
    pub provider: Option<String>,
    /// The agent goes by fixed rules and has no model: a linter, a spell checker. What it says needs nobody who agrees.
    /// By default what the preset says, else `true` where its reviews come in a linter's shape (`sarif`, `rdjson`,
    /// `rdjsonl`, `checkstyle`, `eslint`, `semgrep`).
    pub rules: Option<bool>,
    /// Program and arguments of an MCP server that speaks on its standard streams. It is started without a shell.
    pub command: Option<Vec<String>>,
    /// Environment variables set over those that Crosscheck itself was started with.
    pub env: BTreeMap<String, String>,
    /// Working directory of the program; relative to the workspace root, which is the default.
    pub cwd: Option<String>,
    /// Address of a streamable HTTP MCP server, instead of `command`.
    pub url: Option<String>,
    /// HTTP headers sent with each request to `url`.
    pub headers: BTreeMap<String, String>,
    /// File with certificates in PEM form that are trusted for `url` beside the system's.
    pub ca: Option<String>,
    /// How to log in at `url`, where the server wants OAuth. Without any key, what is needed is found out.
    pub oauth: Option<OAuthTable>,
    /// Longest time of a whole call.
    #[schemars(extend("default" = "10m"))]
    pub timeout: Option<Period>,
    /// Longest time of a call without a sign of progress.
    #[schemars(extend("default" = "2m"))]
    pub idle: Option<Period>,
    /// Longest time from starting the program to the end of the handshake.
    #[schemars(extend("default" = "20s"))]
    pub start: Option<Period>,
    /// Calls at the same time; more wait for their turn.
    #[schemars(extend("default" = 4))]
    pub concurrency: Option<NonZeroU8>,
    /// What the agent may do without asking you, where it asks for approval at all: nothing, and it is denied (`never`), nothing
    /// without you (`ask`), or what fits one of these patterns: a command (`cargo check*`), files (`files:src/**`), a tool
    /// (`tool:NAME`).
    #[schemars(extend("default" = "ask"))]
    pub approve: Option<ApproveKey>,
    /// `false` takes the agent away, wherever it was configured or found.
    #[schemars(extend("default" = true))]
    pub enabled: Option<bool>,
    /// The agent that takes over calls when this one is out of quota, at its rate limit or overloaded. It never takes over what it is
    /// asked about already.
    pub fallback: Option<String>,
    /// What calls of this agent may cost, beside `[budget]`.
    pub budget: Option<AgentBudgetTable>,
    /// How to ask for a review.
    pub review: Option<OperationTable>,
    /// How to ask for an edit.
    pub edit: Option<OperationTable>,
    /// How to ask a question.
    pub ask: Option<OperationTable>,
}

impl AgentTable {
    /// A table without keys.
    pub(super) fn nothing() -> &'static Self {
        static NOTHING: std::sync::LazyLock<AgentTable> =
            std::sync::LazyLock::new(AgentTable::default);
        &NOTHING
    }
    /// How it asks for `operation`.
    pub(super) fn operation(&self, operation: Operation) -> Option<&OperationTable> {
        match operation {
            Operation::Review => self.review.as_ref(),
            Operation::Edit => self.edit.as_ref(),
            Operation::Ask => self.ask.as_ref(),
        }
    }
}

/// How to log in at an HTTP agent by OAuth. What is not set is found out, or registered at the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OAuthTable {
    /// The client that the authorization server knows Crosscheck as. By default Crosscheck registers itself.
    pub client_id: Option<String>,
    /// The secret of that client, best as `${env:NAME}`.
    pub client_secret: Option<String>,
    /// Address of a client metadata document, for servers that take such an address as client.
    pub client_metadata_url: Option<String>,
    /// What to ask for. By default what the server says that it needs.
    #[schemars(extend("default" = []))]
    pub scopes: Option<Vec<String>>,
    /// Port on this machine that the browser comes back to, for servers that know only one. By default any.
    pub redirect_port: Option<NonZeroU16>,
}

/// All operations, in the order in which they are shown.
pub(super) const OPERATIONS: [(Operation, &str); 3] = [
    (Operation::Review, "review"),
    (Operation::Edit, "edit"),
    (Operation::Ask, "ask"),
];

/// How one operation is asked for, and how the answer is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OperationTable {
    /// Name of the MCP tool to call.
    pub tool: Option<String>,
    /// Arguments of the call. Strings in it are templates.
    pub arguments: Option<serde_json::Map<String, serde_json::Value>>,
    /// Shape of the answer.
    #[schemars(schema_with = "answer_schema", extend("default" = "auto"))]
    pub answer: Option<Format>,
    /// `text`: the agent sees the text it is sent, unsaved changes included. `disk`: it reads the files itself.
    #[schemars(schema_with = "reads_schema", extend("default" = "text"))]
    pub reads: Option<Reads>,
}

/// What is reviewed, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ReviewTable {
    /// Names of the agents that review when none is named. By default all agents with an `[agents.NAME]` table
    /// that can review, else `["builtin"]`.
    pub agents: Option<Vec<String>>,
    /// What the plain review command looks at: uncommitted `changes`, or the current `file`.
    #[schemars(extend("default" = "changes"))]
    pub scope: Option<ScopeName>,
    /// Review a file each time it is saved.
    #[serde(alias = "onSave")]
    #[schemars(extend("default" = false))]
    pub on_save: Option<bool>,
    /// Most remarks of models that are shown of one file, the most important ones first; the others are counted, and shown
    /// when you ask for all. `0` shows all. What rules say is always shown.
    #[serde(alias = "maxPerFile")]
    #[schemars(extend("default" = 5))]
    pub max_per_file: Option<u32>,
    /// The same of all files together.
    #[serde(alias = "maxPerRun")]
    #[schemars(extend("default" = 20))]
    pub max_per_run: Option<u32>,
    /// Files that no agent ever gets, in the syntax of `.gitignore`, beside what the ignore files leave out. The
    /// lists of all layers add up.
    #[schemars(extend("default" = []))]
    pub exclude: Option<Vec<String>>,
    /// Comments of other tools that keep findings away like `crosscheck: ignore`: `nosemgrep`, `noqa`, `NOLINT`,
    /// `eslint-disable-line`, …
    #[schemars(extend("default" = []))]
    pub honour: Option<Vec<String>>,
    /// Tell agents what guideline files such as `AGENTS.md` say.
    #[schemars(extend("default" = true))]
    pub guidelines: Option<bool>,
    /// Extra instructions for every review, in plain words.
    pub instructions: Option<String>,
    /// What agents of other providers check at the end of a review, see `[verify]`: nothing (`off`), the findings of some weight
    /// that only one provider reports (`lone`), or those of several providers, too (`all`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "off"))]
    pub verify: Option<VerifyName>,
}

/// What is checked at the end of a review.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum VerifyName {
    Off,
    Lone,
    All,
}

/// How findings are checked: another agent is told to refute them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct VerifyTable {
    /// Names of the agents that check, the preferred ones first: the first one that is of another provider than those that
    /// reported the finding. By default those of `[review] agents` that have a model behind them.
    pub agents: Option<Vec<String>>,
    /// Most findings that are checked at the end of one review, the most severe ones first.
    #[schemars(extend("default" = 10))]
    pub limit: Option<NonZeroU32>,
}

impl VerifyTable {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What the plain review command looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum ScopeName {
    Changes,
    File,
}

/// How agents change code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FixTable {
    /// Names of the agents that fix. When you name none, the first one is asked. By default all agents with an
    /// `[agents.NAME]` table that can edit or answer, those that can edit first; never `builtin`.
    pub agents: Option<Vec<String>>,
    /// Program and arguments of a command that checks the result before it is proposed, run in the disposable copy
    /// without a shell. An empty list takes away the one of a lower layer.
    pub check: Option<Vec<String>>,
    /// Longest time of one check.
    #[serde(alias = "checkTimeout")]
    #[schemars(extend("default" = "10m"))]
    pub check_timeout: Option<Period>,
    /// Have the editor ask about each change before it is made, where it can.
    #[schemars(extend("default" = false))]
    pub confirm: Option<bool>,
    /// Files and directories, relative to the root, that git ignores and a check needs: the disposable copy has links
    /// to your own, so what is written there is written to yours.
    #[schemars(extend("default" = []))]
    pub link: Option<Vec<String>>,
    /// The same as copies. Slower, and nothing gets back.
    #[schemars(extend("default" = []))]
    pub copy: Option<Vec<String>>,
    /// Extra instructions for every fix, in plain words.
    pub instructions: Option<String>,
}

impl FixTable {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A code action of your own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("required" = ["title", "prompt"]))]
pub(super) struct ActionTable {
    /// What the menu shows, at most 80 characters.
    pub title: Option<String>,
    /// What the agent is told to do with the selected code, in plain words.
    pub prompt: Option<String>,
    /// Name of the agent that is asked. By default the one that fixes.
    pub agent: Option<String>,
    /// The same for several agents: each makes a proposal of its own.
    pub agents: Option<Vec<String>>,
}

/// What is too much. What a limit leaves out is counted and told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsTable {
    /// Largest file that is reviewed.
    #[serde(alias = "fileSize")]
    #[schemars(extend("default" = "1MB"))]
    pub file_size: Option<Size>,
    /// Most files in one run.
    #[schemars(extend("default" = 2000))]
    pub files: Option<NonZeroU32>,
    /// Largest prompt; what is larger goes in several calls.
    #[serde(alias = "promptSize")]
    #[schemars(extend("default" = "200KB"))]
    pub prompt_size: Option<Size>,
    /// Longest run.
    #[schemars(extend("default" = "30m"))]
    pub run: Option<Period>,
    /// How long an agent's question waits for your answer; then it is denied.
    #[schemars(extend("default" = "2m"))]
    pub approval: Option<Period>,
    /// Most disposable copies that are kept of one repository for agents to edit in.
    #[schemars(extend("default" = 8))]
    pub worktrees: Option<NonZeroU32>,
    /// Most space on disk for these.
    #[serde(alias = "worktreeSize")]
    #[schemars(extend("default" = "4GB"))]
    pub worktree_size: Option<DiskSize>,
}

/// What calls may cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BudgetTable {
    /// One run: a review, a fix, a question.
    pub run: Option<AmountTable>,
    /// A day, from midnight to midnight UTC: all runs of all windows and terminals together.
    pub day: Option<AmountTable>,
    /// A run that is estimated to take more than this is asked about first, where somebody can be asked.
    pub confirm: Option<AmountTable>,
}

impl BudgetTable {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What calls of one agent may cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AgentBudgetTable {
    /// One run.
    pub run: Option<AmountTable>,
    /// A day, from midnight to midnight UTC.
    pub day: Option<AmountTable>,
}

/// An amount in up to four units; what is not said is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AmountTable {
    /// Calls of agents. Agents without a model behind them do not count.
    pub calls: Option<u32>,
    /// Tokens read and written.
    pub tokens: Option<u64>,
    /// US dollars. Calls whose dollars are not known do not count, and are told.
    pub usd: Option<Dollars>,
    /// Minutes that agents work; of calls at the same time, the sum.
    pub minutes: Option<u32>,
}

/// What a model costs, in US dollars per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceTable {
    /// Tokens read.
    pub input: Dollars,
    /// Tokens written.
    pub output: Dollars,
}

/// A tool whose MCP server list can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Import {
    Claude,
    Vscode,
    Cursor,
    Codex,
    Zed,
}

/// The words for [`Format`], which itself knows nothing of schemas.
pub(super) const ANSWERS: [&str; 12] = [
    "auto",
    "findings",
    "codex-review",
    "report-findings",
    "sarif",
    "rdjson",
    "rdjsonl",
    "checkstyle",
    "lsp",
    "eslint",
    "semgrep",
    "text",
];

fn answer_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ANSWERS })
}

fn reads_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["text", "disk"] })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails to compile when a shape is added, so that [`ANSWERS`] is thought of.
    fn word(format: Format) -> &'static str {
        match format {
            Format::Auto => "auto",
            Format::Findings => "findings",
            Format::CodexReview => "codex-review",
            Format::ReportFindings => "report-findings",
            Format::Sarif => "sarif",
            Format::Rdjson => "rdjson",
            Format::Rdjsonl => "rdjsonl",
            Format::Checkstyle => "checkstyle",
            Format::Lsp => "lsp",
            Format::Eslint => "eslint",
            Format::Semgrep => "semgrep",
            Format::Text => "text",
        }
    }

    #[test]
    fn the_words_for_answers_are_those_that_are_read() {
        for answer in ANSWERS {
            let format = serde_json::from_value::<Format>(answer.into());
            assert!(format.is_ok_and(|it| word(it) == answer), "{answer}");
        }
    }
}
