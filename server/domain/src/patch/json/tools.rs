//! What tools would fix (SARIF, rdjson, ESLint), and findings of reviewers with a replacement.

use super::super::Hunk;
use super::super::draft::Draft;
use crate::answer::{self, Format, Replacements, eslint, sarif};
use serde_json::Value;

/// Reads the fixes in a value of such a shape; false where there are none.
pub(super) fn read(value: &Value, draft: &mut Draft) -> bool {
    if sarif::fits(value) {
        return take(sarif::replacements(value), draft);
    }
    if eslint::fits(value) {
        return take(eslint::replacements(value), draft);
    }
    // An answer that is a wrapper is looked into by others.
    let has_findings = value.is_array()
        || value.as_object().is_some_and(|it| {
            it.values().any(Value::is_array)
                || it.contains_key("location")
                || it.contains_key("replacement")
        });
    has_findings && findings(value, draft)
}

fn take(replacements: Replacements, draft: &mut Draft) -> bool {
    let Replacements { taken, problems } = replacements;
    let any = !taken.is_empty() || !problems.is_empty();
    problems.into_iter().for_each(|it| draft.problem(it));
    for it in taken {
        let hunk = Hunk::Place {
            place: it.place,
            new_text: it.new_text,
            counted: true,
        };
        draft.edit(&it.path, hunk);
    }
    any
}

/// Takes the replacements of findings. Without a quote, only a tool's own numbers say where one belongs.
fn findings(value: &Value, draft: &mut Draft) -> bool {
    let parsed = answer::parse(Some(value), &[], Format::Auto);
    let counted = matches!(
        parsed.format,
        Format::Rdjson | Format::Rdjsonl | Format::Sarif | Format::Eslint
    );
    let mut any = false;
    for (number, finding) in parsed.findings.into_iter().enumerate() {
        let (Some(path), Some(new_text)) = (finding.path, finding.replacement) else {
            continue;
        };
        any = true;
        let place = finding.replacement_place.unwrap_or(finding.place);
        let is_contract = parsed.format == Format::Findings;
        if is_contract && place.quote.as_deref().is_none_or(|it| it.trim().is_empty()) {
            draft.problem(format!(
                "the replacement of finding {} in `{path}` is left out: it quotes nothing of the file",
                number + 1
            ));
            continue;
        }
        draft.edit(
            &path,
            Hunk::Place {
                place,
                new_text,
                counted,
            },
        );
    }
    let left_out = parsed
        .problems
        .into_iter()
        .filter(|it| it.contains("left out"));
    for problem in left_out {
        any = true;
        draft.problem(problem);
    }
    any
}
