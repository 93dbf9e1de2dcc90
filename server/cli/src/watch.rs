//! Watching a run at a terminal until its report is there: progress, the questions of its agents, Ctrl-C.

use crate::progress::Progress;
use crate::questions::{self, Questions};
use crate::workspace::Workspace;
use anyhow::bail;
use engine::{AgentOutcome, Event, Report, RunEvent, RunId};

/// Says whether somebody can answer questions here. To be called before a run is started.
pub(crate) fn prepare(workspace: &Workspace) {
    if !questions::can_ask() {
        workspace
            .engine
            .leave_unattended("there is no terminal to ask at");
    }
}

/// Follows a run to its end. What it brings (findings, proposals) goes to `take` as it comes.
///
/// # Errors
/// When the engine ends before the run.
pub(crate) async fn watch(
    workspace: &mut Workspace,
    run: RunId,
    quiet: bool,
    mut take: impl FnMut(RunEvent),
) -> anyhow::Result<Report> {
    let mut progress = Progress::new(quiet);
    let mut questions = Questions::default();
    let mut notices: Vec<String> = Vec::new();
    let report = loop {
        let event = tokio::select! {
            event = workspace.events.recv() => event,
            (question, reply) = questions.answered() => {
                workspace.engine.answer(question, reply);
                if !questions.is_asking() {
                    progress.resume();
                }
                continue;
            }
            // The end of a cancelled run comes at once, so a second interrupt finds nothing to do.
            _ = tokio::signal::ctrl_c() => {
                progress.say("cancelling");
                workspace.engine.cancel(run);
                continue;
            }
        };
        match event {
            Some(Event::Run { run: of, event }) if of == run => match event {
                RunEvent::Started { agents, files } => progress.start(&agents, files),
                RunEvent::Estimated(estimate) if estimate.is_large => {
                    progress.note(&format!("this takes {}", estimate.in_words()));
                }
                RunEvent::Estimated(_) => {}
                RunEvent::Progress { message, fraction } => progress.update(&message, fraction),
                RunEvent::Ended(report) => break report,
                other => take(other),
            },
            Some(Event::Question(question)) => {
                progress.pause();
                questions.add(*question);
            }
            Some(Event::QuestionClosed { id, unanswered }) => {
                questions.close(id, unanswered.is_some());
                if !questions.is_asking() {
                    progress.resume();
                }
            }
            Some(Event::Notice(text)) => progress.note(&text),
            Some(Event::Agent(engine::AgentEvent::Notice { text, .. })) => {
                progress.say(&text);
                notices.push(text);
            }
            Some(_) => {}
            None => bail!("the engine ended before its work was done"),
        }
    };
    for notice in notices.iter().filter(|it| !is_told(it, &report)) {
        progress.note(notice);
    }
    progress.finish();
    questions.finish().await;
    Ok(report)
}

/// True when the report says the same of an agent: the reasons of its failures are those of the notices, in other words
/// around them.
fn is_told(notice: &str, report: &Report) -> bool {
    report.agents.iter().any(|it| match &it.outcome {
        AgentOutcome::Partial(why) | AgentOutcome::Failed(why) => {
            let reason = why.split_once(": ").map_or(why.as_str(), |it| it.1);
            notice.contains(&format!("`{}`", it.agent)) && notice.contains(reason)
        }
        AgentOutcome::TakenOver { .. } | AgentOutcome::Answered | AgentOutcome::Cancelled => false,
    })
}
