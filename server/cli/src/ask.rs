//! `crosscheck ask`: a question or a wish in words, answered in words or by a change.

use crate::args::{AskArgs, Spot};
use crate::proposed::{self, Asked, Proposed};
use crate::watch;
use crate::workspace::{Workspace, block_on, root_for};
use anyhow::{Context, bail};
use domain::path::RelPath;
use domain::sanitize;
use domain::text::{Text, TextRange};
use engine::{Edit, EditTarget};
use std::path::Path;

/// Longest title made of the prompt, in characters.
const MAX_TITLE: usize = 72;

/// Asks, and prints the answer.
pub(crate) fn run(args: &AskArgs) -> anyhow::Result<u8> {
    block_on(ask(args))
}

async fn ask(args: &AskArgs) -> anyhow::Result<u8> {
    if args.prompt.trim().is_empty() {
        bail!("nothing is asked; say in words what to answer or to do");
    }
    proposed::one_agent_or_no_writing(&args.edit)?;
    let spots: Vec<Spot> = args.files.iter().map(|it| Spot::read(it)).collect();
    let first = spots.first().map(|it| it.path.as_path());
    let root = root_for(args.edit.root.root.as_deref(), first);
    let mut workspace = Workspace::open(root.as_deref()).await?;
    if !args.edit.quiet {
        workspace.print_config_remarks();
    }
    let targets = spots
        .iter()
        .filter_map(|it| target(&workspace.root, it).transpose());
    let edit = Edit {
        root: workspace.root.clone(),
        title: sanitize::line(&args.prompt, MAX_TITLE),
        instructions: args.prompt.clone(),
        remarks: Vec::new(),
        targets: targets.collect::<anyhow::Result<_>>()?,
        agents: args.edit.agents.clone(),
        open: Default::default(),
    };
    watch::prepare(&workspace);
    let run = workspace.engine.edit(edit);
    let mut proposed = Proposed::default();
    proposed.watch(&mut workspace, run, args.edit.quiet).await?;
    proposed::finish(&mut workspace, &args.edit, Asked::Ask, proposed).await
}

/// The file or directory that is meant, and the part of it; `None` for the workspace itself.
fn target(root: &Path, spot: &Spot) -> anyhow::Result<Option<EditTarget>> {
    let said = spot.path.display();
    let full =
        std::fs::canonicalize(&spot.path).with_context(|| format!("no such file: {said}"))?;
    let inside = full
        .strip_prefix(root)
        .ok()
        .and_then(Path::to_str)
        .with_context(|| {
            format!(
                "{said} is not in {}; name its root by --root",
                root.display()
            )
        })?;
    if inside.is_empty() {
        return Ok(None);
    }
    let path = RelPath::try_from(inside.replace(std::path::MAIN_SEPARATOR, "/"))?;
    let Some((first, last)) = spot.lines else {
        return Ok(Some(EditTarget { path, range: None }));
    };
    let text = std::fs::read_to_string(&full).with_context(|| format!("{said} cannot be read"))?;
    let text = Text::new(&text);
    let (Some(start), Some(end)) = (text.line_range(first - 1), text.line_range(last - 1)) else {
        bail!("{said} has only {} lines", text.line_count());
    };
    let range = Some(TextRange::new(start.start, end.end));
    Ok(Some(EditTarget { path, range }))
}
