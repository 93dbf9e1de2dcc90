//! One check: what the agent is asked, what it says, and what that is worth.

use super::News;
use super::choose::operations;
use super::prepare::{Shared, Wanted};
use crate::budget::Ticket;
use crate::budget::gate::Gate;
use crate::engine::Root;
use crate::event::{Checked, RunId};
use crate::prompt::verify::{self, Question};
use crate::read;
use crate::run::calling::{self, Calling, Failed};
use crate::run::manner::Manner;
use crate::scope::{Target, secrets};
use agents::{AgentSpec, Answer, CallProgress, Operation};
use domain::answer::{Usage, read_statement};
use domain::check::{Check, Weighed, text_key, weigh};
use domain::path::RelPath;
use domain::sanitize;
use domain::text::Text;
use serde_json::Value;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// Longest problem told, in characters.
const MAX_PROBLEM: usize = 200;

/// What a check works with.
pub(super) struct Single {
    pub(super) run: RunId,
    /// Its place among those of the run.
    pub(super) item: usize,
    pub(super) spec: AgentSpec,
    pub(super) wanted: Wanted,
    pub(super) shared: Arc<Shared>,
    pub(super) root: Arc<Root>,
    /// What the call passes.
    pub(super) gate: Arc<Gate>,
    /// Ends the call.
    pub(super) cancel: CancellationToken,
    /// Ends the calls to the agent that have not reached it, once it has refused one for want of quota.
    pub(super) short: CancellationToken,
    pub(super) news: UnboundedSender<News>,
}

/// A check that was made.
pub(super) struct Done {
    pub(super) checked: Checked,
    pub(super) usage: Option<Usage>,
    pub(super) problems: Vec<String>,
}

impl Single {
    /// Makes the check. The gate knows before the call what it takes.
    ///
    /// # Errors
    /// When the agent did not answer.
    pub(super) async fn check(self) -> Result<Done, Failed> {
        let operation = self.operation().await;
        let this = Arc::new(self);
        let building = this.clone();
        let fault = |error| format!("it failed because of a fault in crosscheck: {error}");
        // Large files are masked and cut here, and the workers have other runs to serve.
        let building = tokio::task::spawn_blocking(move || building.question(operation));
        let question = building.await.map_err(fault).and_then(|it| {
            let gone = || "its file is not there any more".to_owned();
            it.ok_or_else(gone)
        });
        let bytes_of = |it: &Question| calling::bytes_of(&this.spec, operation, &it.variables);
        let bytes: Vec<usize> = question.iter().map(bytes_of).collect();
        // Also when there is none: nobody goes before all have said what they need.
        this.gate.foresee(this.item, &this.spec, operation, &bytes);
        let Question { variables, seen } = question?;
        let (answer, ticket) = this.call(operation, variables).await?;
        let reading = this.clone();
        let reading = tokio::task::spawn_blocking(move || reading.read(&answer, &seen));
        let done = reading.await.map_err(fault)?;
        ticket.settle(done.usage.as_ref());
        Ok(done)
    }

    /// What the agent is called for.
    async fn operation(&self) -> Operation {
        let ways = operations(&self.spec);
        let offered = calling::offered(&self.root.pool, &self.spec, &self.root.path, &ways);
        let way = tokio::select! {
            biased;
            () = self.cancel.cancelled() => None,
            way = offered => way,
        };
        way.or(ways.first().copied()).unwrap_or(Operation::Ask)
    }

    fn target(&self) -> Option<&Target> {
        self.shared.gathered.targets.get(self.wanted.target)
    }

    fn question(&self, operation: Operation) -> Option<Question> {
        let hidden: Vec<&str> = self.wanted.hidden.iter().map(String::as_str).collect();
        Some(verify::verify(&verify::Input {
            root: &self.root.path,
            finding: &self.wanted.finding,
            hidden: &hidden,
            target: self.target()?,
            place: self.wanted.place,
            guidelines: &self.shared.guidelines,
            operation,
            max_bytes: self.shared.limits.prompt_bytes,
            mask_secrets: Manner::of(&self.spec, operation).mask_secrets,
        }))
    }

    /// The one place where a verifier is called.
    async fn call(
        &self,
        operation: Operation,
        variables: Value,
    ) -> Result<(Answer, Ticket), Failed> {
        let calling = Calling {
            gate: &self.gate,
            pool: &self.root.pool,
            run: self.run,
            spec: &self.spec,
            operation,
            root: &self.root.path,
            place: None,
            cancel: &self.cancel,
            short: &self.short,
        };
        calling.make(variables, |news| self.tell(news)).await
    }

    fn tell(&self, news: CallProgress) {
        let working = || format!("verifying {}", self.wanted.spot);
        let (text, fraction) = calling::in_words(news, working);
        // The conductor may have gone; then nobody wants to know.
        let _ = self.news.send(News {
            item: self.item,
            text,
            fraction,
        });
    }

    /// Reads an answer and holds it against the files. Blocks.
    fn read(&self, answer: &Answer, seen: &Text) -> Done {
        let said = read_statement(answer.structured.as_ref(), &answer.texts);
        let Weighed {
            outcome,
            why,
            mut evidence,
            failing_input,
            caveat,
        } = weigh(&said, |named| self.snapshot(named, seen));
        for it in &mut evidence {
            // Of files that it read by itself it may quote what is nobody's business.
            if let Some(masked) = secrets::masked_str(&it.quote) {
                it.quote = masked;
            }
        }
        let finding = &self.wanted.finding;
        let text = self
            .target()
            .map_or_else(String::new, |it| text_key(&it.text, self.wanted.place));
        let left_out = answer.left_out.iter();
        let left_out = left_out.map(|it| format!("left out of the answer: {it}"));
        let problems = said.problems.iter().cloned().chain(left_out);
        Done {
            checked: Checked {
                finding: finding.id.clone(),
                path: finding.path.clone(),
                text,
                check: Check {
                    agent: self.spec.name.clone(),
                    provider: self.spec.provider.clone(),
                    outcome,
                    why,
                    evidence,
                    failing_input,
                    caveat,
                },
                at: SystemTime::now(),
            },
            usage: said.usage,
            problems: problems
                .map(|it| sanitize::line(&it, MAX_PROBLEM))
                .collect(),
        }
    }

    /// A file as the agent saw it: the one that was sent, or another one of the root as it is now.
    fn snapshot(&self, named: Option<&str>, seen: &Text) -> Result<(RelPath, Text), String> {
        let own = &self.wanted.finding.path;
        let Some(named) = named else {
            return Ok((own.clone(), seen.clone()));
        };
        let root = self.root.path.to_string_lossy();
        let path = RelPath::parse(&root, named).map_err(|it| it.to_string())?;
        let bare = path.as_str();
        let undiffed = bare.strip_prefix("a/").or_else(|| bare.strip_prefix("b/"));
        let is_own = path == *own || undiffed == Some(own.as_str());
        if is_own {
            return Ok((own.clone(), seen.clone()));
        }
        if let Some(buffer) = self.shared.open.get(&path) {
            return Ok((path, buffer.text.clone()));
        }
        let text = read::open_inside(&self.root.path, path.as_str())
            .map_err(|it| it.to_string())
            .and_then(|(file, _)| file.text(self.shared.limits.file_bytes));
        match text {
            Ok(text) => Ok((path, text)),
            // Agents shorten paths.
            Err(_) if own.as_str().ends_with(&format!("/{path}")) => {
                Ok((own.clone(), seen.clone()))
            }
            Err(why) => Err(format!("`{path}` {why}")),
        }
    }
}
