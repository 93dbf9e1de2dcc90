//! `crosscheck.findings`: the findings as data, for clients that list them in their own way.

use crate::proto::to;
use crate::state::State;
use domain::merge::Cluster;
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types::Range;

/// Most findings listed at once; the rest is counted.
const MAX_LISTED: usize = 10_000;

#[derive(Default, Deserialize)]
pub(super) struct Argument {
    uri: Option<String>,
    /// Whether the editor is to show also what the caps withhold; as before when missing.
    all: Option<bool>,
}

pub(super) fn run(state: &mut State, argument: &Argument) -> Value {
    let State {
        documents,
        roots,
        capabilities,
        ..
    } = state;
    let mut listed = Vec::new();
    let mut omitted = 0;
    let (mut more, mut refuted) = (0, 0);
    for root in roots.iter_mut() {
        if let Some(all) = argument.all {
            root.findings.show_all(all);
        }
        let withheld = root.findings.withheld().clone();
        more += withheld.count_more();
        refuted += withheld.count_refuted();
        for path in root.findings.paths() {
            let document = documents.at(&root.path, &path);
            let uri = document.map_or_else(|| root.uri_of(&path), |it| it.uri.clone());
            if argument.uri.as_ref().is_some_and(|it| *it != uri) {
                continue;
            }
            for cluster in root.findings.clusters(&path) {
                if listed.len() == MAX_LISTED {
                    omitted += 1;
                    continue;
                }
                let range =
                    document.map(|it| to::range(cluster.range, &it.text, capabilities.encoding));
                let is_shown = !withheld.has(&path, &cluster.id);
                listed.push(finding(cluster, &uri, range, is_shown));
            }
        }
    }
    json!({"findings": listed, "omitted": omitted, "more": more, "refuted": refuted})
}

fn finding(cluster: &Cluster, uri: &str, range: Option<Range>, is_shown: bool) -> Value {
    let primary = cluster.primary();
    json!({
        "id": cluster.id,
        "uri": uri,
        // Positions are known of open documents only; of others the line is.
        "range": range,
        "line": primary.anchor.line,
        "severity": cluster.severity,
        "category": to::category(&cluster.category),
        "title": primary.title,
        "body": primary.body,
        "code": primary.code,
        "agents": cluster.agents(),
        "asked": cluster.asked,
        "providers": cluster.providers(),
        "providers_asked": cluster.providers_asked,
        "standing": cluster.standing,
        "claimed": cluster.claimed,
        "checks": cluster.checks,
        "confidence": cluster.confidence,
        "shown": is_shown,
        "place": primary.tier,
        "fix": primary.fix.is_some(),
    })
}
