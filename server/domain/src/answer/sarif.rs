//! SARIF 2.1.0.

use super::collect::{Collector, split_text};
use super::{Format, Replacement, Replacements, contract};
use crate::finding::{Category, RawFinding, RawPlace, Severity};
use crate::text::Encoding;
use percent_encoding::percent_decode_str;
use serde_json::Value;

mod region;
mod rule;

/// How many related places are told in the body.
const MAX_RELATED: usize = 5;
/// Longest chain of base URIs followed.
const MAX_BASES: usize = 5;

/// True for a log: it has runs with a tool or results.
pub(crate) fn fits(value: &Value) -> bool {
    let Some(runs) = value.get("runs").and_then(Value::as_array) else {
        return false;
    };
    let is_run = |it: &Value| it.get("tool").is_some() || it.get("results").is_some();
    value.get("version").is_some() || value.get("$schema").is_some() || runs.iter().any(is_run)
}

/// Reads JSON for which [`fits`] is true.
pub(super) fn read(value: &Value, out: &mut Collector) {
    out.format(Format::Sarif);
    let runs = list(value, "runs");
    if runs.is_empty() {
        out.nothing_found();
    }
    for run in runs {
        read_run(run, out);
    }
}

fn read_run(run: &Value, out: &mut Collector) {
    let tool = run
        .pointer("/tool/driver/name")
        .and_then(Value::as_str)
        .unwrap_or("the tool");
    for invocation in list(run, "invocations") {
        if invocation.get("executionSuccessful") == Some(&Value::Bool(false)) {
            let why = list(invocation, "toolExecutionNotifications")
                .iter()
                .find_map(|it| it.pointer("/message/text")?.as_str());
            out.lost(&format!(
                "{tool} says that it failed{}",
                why.map(|it| format!(": {it}")).unwrap_or_default()
            ));
        }
    }
    let Some(results) = run.get("results").and_then(Value::as_array) else {
        return out.lost(&format!("{tool} tells no results, so it did not finish"));
    };
    out.nothing_found();
    let mut left_out = LeftOut::default();
    for result in results {
        if !left_out.takes(result) {
            read_result(run, result, out);
        }
    }
    left_out.tell(out);
}

/// Results that are no findings.
#[derive(Default)]
struct LeftOut {
    suppressed: usize,
    passed: usize,
    gone: usize,
}

impl LeftOut {
    fn takes(&mut self, result: &Value) -> bool {
        let suppressions = list(result, "suppressions");
        let accepted = |it: &Value| {
            matches!(
                it.get("status").and_then(Value::as_str),
                None | Some("accepted")
            )
        };
        if !suppressions.is_empty() && suppressions.iter().all(accepted) {
            self.suppressed += 1;
        } else if !matches!(
            result.get("kind").and_then(Value::as_str),
            None | Some("fail")
        ) {
            self.passed += 1;
        } else if result.get("baselineState").and_then(Value::as_str) == Some("absent") {
            self.gone += 1;
        } else {
            return false;
        }
        true
    }
    fn tell(&self, out: &mut Collector) {
        for (count, what) in [
            (self.suppressed, "suppressed"),
            (self.passed, "no failures"),
            (self.gone, "gone since the baseline"),
        ] {
            if count > 0 {
                out.problem(&format!(
                    "results left out because they are {what}: {count}"
                ));
            }
        }
    }
}

fn read_result(run: &Value, result: &Value, out: &mut Collector) {
    if !result.is_object() {
        return out.broken("it is no object");
    }
    let rule = rule::of(run, result);
    let (text, markdown) = rule::message(run, rule, result.get("message"));
    let (title, mut body) = split_text(&text);
    if let Some(markdown) = markdown.filter(|it| *it != text) {
        body = markdown;
    }
    let physical = list(result, "locations")
        .first()
        .and_then(|it| it.get("physicalLocation"));
    let unit = column_unit(run);
    let mut finding = RawFinding {
        path: physical.and_then(|it| path(run, it.get("artifactLocation")?)),
        place: physical
            .and_then(|it| it.get("region"))
            .map(|it| region::read(it, unit))
            .unwrap_or_default(),
        severity: severity(result, rule, out),
        category: category(result, rule),
        code: rule::id(result, rule).map(str::to_owned),
        title,
        body,
        confidence: confidence(result, rule),
        ..RawFinding::default()
    };
    let symbol = result.pointer("/locations/0/logicalLocations/0");
    finding.place.symbol = symbol
        .and_then(|it| it.get("name").or_else(|| it.get("fullyQualifiedName")))
        .and_then(text_of);
    related(run, result, &mut finding.body);
    fix(run, result, unit, &mut finding, out);
    out.finding(finding);
}

/// The level, or where the rule has one, the score of how bad it is for security.
fn severity(result: &Value, rule: Option<&Value>, out: &mut Collector) -> Option<Severity> {
    let score = [Some(result), rule]
        .into_iter()
        .flatten()
        .find_map(|it| it.pointer("/properties/security-severity"));
    if let Some(severity) = score
        .and_then(super::fields::number)
        .and_then(Severity::from_score)
    {
        return Some(severity);
    }
    let level = result
        .get("level")
        .or_else(|| rule?.pointer("/defaultConfiguration/level"));
    match level.and_then(Value::as_str) {
        Some("error") => Some(Severity::Error),
        None | Some("warning") => Some(Severity::Warning),
        Some("note") => Some(Severity::Info),
        Some("none") => Some(Severity::Hint),
        Some(other) => {
            out.note(&format!("unknown level {other}"));
            Severity::parse(other)
        }
    }
}

fn category(result: &Value, rule: Option<&Value>) -> Option<Category> {
    let both = || {
        [Some(result), rule]
            .into_iter()
            .flatten()
            .filter_map(|it| it.get("properties"))
    };
    let named = both()
        .find_map(|it| it.get("category")?.as_str())
        .and_then(Category::parse);
    named.or_else(|| {
        let tags = both()
            .flat_map(|it| list(it, "tags"))
            .filter_map(Value::as_str);
        let mut known =
            tags.filter_map(|it| Category::parse(it.strip_prefix("external/cwe/").unwrap_or(it)));
        known.find(|it| !matches!(it, Category::Other(_)))
    })
}

fn confidence(result: &Value, rule: Option<&Value>) -> Option<f32> {
    let rank = result
        .get("rank")
        .and_then(Value::as_f64)
        .filter(|it| (0.0..=100.0).contains(it));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a share needs no precision"
    )]
    let rank = rank.map(|it| (it / 100.0) as f32);
    rank.or_else(|| contract::confidence_of(rule?.pointer("/properties/precision")?))
}

/// The file: relative ones decoded, absolute ones as URI.
fn path(run: &Value, artifact: &Value) -> Option<String> {
    let by_index = || {
        let index = usize::try_from(artifact.get("index")?.as_u64()?).ok()?;
        run.get("artifacts")?.get(index)?.get("location")
    };
    let location = if artifact.get("uri").is_some() {
        artifact
    } else {
        by_index()?
    };
    let mut uri = location.get("uri")?.as_str()?.trim().to_owned();
    let mut base = location.get("uriBaseId").and_then(Value::as_str);
    for _ in 0..MAX_BASES {
        let Some(id) = base.filter(|_| !uri.contains("://") && !uri.starts_with('/')) else {
            break;
        };
        let Some(definition) = run.get("originalUriBaseIds").and_then(|it| it.get(id)) else {
            break;
        };
        if let Some(prefix) = definition.get("uri").and_then(Value::as_str) {
            uri = format!("{}/{uri}", prefix.trim_end_matches('/'));
        }
        base = definition.get("uriBaseId").and_then(Value::as_str);
    }
    if uri.contains("://") || uri.starts_with("file:") {
        return Some(uri);
    }
    Some(
        percent_decode_str(&uri)
            .decode_utf8()
            .map_or_else(|_| uri.clone(), |it| it.into_owned()),
    )
}

fn column_unit(run: &Value) -> Encoding {
    match run.get("columnKind").and_then(Value::as_str) {
        Some("unicodeCodePoints") => Encoding::Utf32,
        _ => Encoding::Utf16,
    }
}

/// Adds the other places that the result names.
fn related(run: &Value, result: &Value, body: &mut String) {
    let all = list(result, "relatedLocations");
    let lines = all.iter().filter_map(|it| {
        let physical = it.get("physicalLocation")?;
        let path = path(run, physical.get("artifactLocation")?)?;
        let line = physical
            .pointer("/region/startLine")
            .and_then(Value::as_u64)
            .map(|it| format!(":{it}"));
        let text = it
            .pointer("/message/text")
            .and_then(Value::as_str)
            .map(|it| format!(" {it}"));
        Some(format!(
            "- `{path}{}`{}",
            line.unwrap_or_default(),
            text.unwrap_or_default()
        ))
    });
    let lines: Vec<String> = lines.take(MAX_RELATED).collect();
    if !lines.is_empty() {
        contract::append(body, &format!("Related:\n{}", lines.join("\n")));
    }
}

/// Takes the fix if it is the only one and replaces one region of the finding's own file.
fn fix(run: &Value, result: &Value, unit: Encoding, finding: &mut RawFinding, out: &mut Collector) {
    let fixes = list(result, "fixes");
    let [only] = fixes else {
        if !fixes.is_empty() {
            out.note("it has several fixes to choose from, which are left out");
        }
        return;
    };
    let [change] = list(only, "artifactChanges") else {
        return out.note("its fix is not of one file and is left out");
    };
    let [replacement] = list(change, "replacements") else {
        return out.note("its fix is not of one place and is left out");
    };
    let same_file = change.get("artifactLocation").and_then(|it| path(run, it)) == finding.path;
    if !same_file {
        return out.note("its fix is not of the same file and is left out");
    }
    match replaced(replacement, unit) {
        Ok((place, text)) => {
            finding.replacement = Some(text);
            finding.replacement_place = Some(place);
        }
        Err(why) => out.note(&format!("its fix {why} and is left out")),
    }
}

/// The place of a replacement, and what shall stand there.
fn replaced(replacement: &Value, unit: Encoding) -> Result<(RawPlace, String), &'static str> {
    let region = replacement.get("deletedRegion").ok_or("has no region")?;
    // Without content, the region is deleted.
    let content = replacement
        .pointer("/insertedContent/text")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if replacement.pointer("/insertedContent/binary").is_some() && content.is_empty() {
        return Err("is binary");
    }
    Ok((region::read(region, unit), content.to_owned()))
}

/// What the fixes in a log replace, in whatever files, where a result has just one.
pub(crate) fn replacements(log: &Value) -> Replacements {
    let mut all = Replacements::default();
    for run in list(log, "runs") {
        let mut left_out = LeftOut::default();
        for (number, result) in list(run, "results").iter().enumerate() {
            let made = match list(result, "fixes") {
                [] => continue,
                _ if left_out.takes(result) => continue,
                [only] => of_fix(run, only),
                _ => Err("there are several to choose from"),
            };
            match made {
                Ok(made) => all.taken.extend(made),
                Err(why) => all.problems.push(format!(
                    "the fix of result {} is left out: {why}",
                    number + 1
                )),
            }
        }
    }
    all
}

fn of_fix(run: &Value, fix: &Value) -> Result<Vec<Replacement>, &'static str> {
    let mut made = Vec::new();
    for change in list(fix, "artifactChanges") {
        let file = change
            .get("artifactLocation")
            .and_then(|it| path(run, it))
            .ok_or("it names no file")?;
        for replacement in list(change, "replacements") {
            let (place, new_text) =
                replaced(replacement, column_unit(run)).map_err(|_| "it cannot be read")?;
            made.push(Replacement {
                path: file.clone(),
                place,
                new_text,
            });
        }
    }
    Ok(made)
}

/// A list by name; empty when there is none.
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text_of(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|it| !it.trim().is_empty())
        .map(str::to_owned)
}
