//! Answers of agents: whatever they say is read within the limits, as any format, and no verdict counts without its evidence.
#![no_main]

use domain::answer::{Format, MAX_FINDINGS, Parsed, Statement, parse, read_statement};
use domain::check::{Outcome, weigh};
use domain::path::RelPath;
use domain::text::Text;
use libfuzzer_sys::fuzz_target;

const FORMATS: &[Format] = &[
    Format::Auto,
    Format::Findings,
    Format::CodexReview,
    Format::ReportFindings,
    Format::Sarif,
    Format::Rdjson,
    Format::Rdjsonl,
    Format::Checkstyle,
    Format::Lsp,
    Format::Eslint,
    Format::Text,
];
/// Most problems of one answer beside one for each finding.
const MAX_PROBLEMS: usize = 110;

fuzz_target!(|data: &[u8]| {
    let texts: [String; 2] = fuzz::parts(data);
    let texts: Vec<String> = texts.into_iter().filter(|it| !it.is_empty()).collect();
    let value: Option<serde_json::Value> = serde_json::from_slice(data).ok();
    check_statement(&read_statement(value.as_ref(), &texts));
    // The length chooses, so that the input stays what an agent would say.
    for format in [Format::Auto, FORMATS[data.len() % FORMATS.len()]] {
        check(&parse(None, &texts, format));
        if value.is_some() {
            check(&parse(value.as_ref(), &[], format));
        }
    }
});

fn check(parsed: &Parsed) {
    assert!(parsed.findings.len() <= MAX_FINDINGS);
    assert!(parsed.problems.len() <= MAX_PROBLEMS + parsed.findings.len());
    assert!(!parsed.clean || parsed.findings.is_empty());
    for problem in &parsed.problems {
        assert!(!problem.chars().any(fuzz::is_hostile), "{problem:?}");
        assert!(problem.chars().count() <= 300);
    }
    assert!(
        parsed
            .summary
            .as_ref()
            .is_none_or(|it| it.len() <= 64 * 1024)
    );
    for finding in &parsed.findings {
        assert!(!finding.title.trim().is_empty());
        assert!(finding.title.len() <= 1000 && finding.body.len() <= 64 * 1024);
        assert!(finding.path.as_ref().is_none_or(|it| it.len() <= 4096));
        assert!(
            finding
                .replacement
                .as_ref()
                .is_none_or(|it| it.len() <= 256 * 1024)
        );
        assert!(
            finding
                .confidence
                .is_none_or(|it| (0.0..=1.0).contains(&it))
        );
    }
}

fn check_statement(said: &Statement) {
    assert!(said.quotes.len() <= 20 && said.problems.len() <= 20);
    assert!(said.why.len() <= 64 * 1024);
    assert!(said.outcome.is_some() || !said.problems.is_empty());
    let nothing = Text::new("");
    let weighed = weigh(said, |_| {
        let path = RelPath::parse("/root", "a.rs").map_err(|it| it.to_string())?;
        Ok((path, nothing.clone()))
    });
    assert!(weighed.outcome == Outcome::Unsure && weighed.evidence.is_empty());
    assert!(!weighed.why.chars().any(|it| !matches!(it, '\n' | '\t') && fuzz::is_hostile(it)));
}
