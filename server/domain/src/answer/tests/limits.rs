//! Limits, and that nothing makes the reader panic.

use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Parsed {
    parse(None, &[text.to_owned()], Format::Auto)
}

#[test]
fn many_findings_are_counted() {
    let one = r#"{"path":"a.rs","line":1,"title":"t"}"#;
    let parsed = read(&format!("[{}]", vec![one; 1500].join(",")));
    assert_eq!(parsed.findings.len(), MAX_FINDINGS);
    assert_eq!(
        parsed.problems,
        ["500 more findings left out; the limit is 1000"]
    );
}

#[test]
fn many_problems_are_counted() {
    let parsed = read(&format!("{{\"findings\":[{}]}}", vec!["{}"; 300].join(",")));
    assert_eq!(parsed.problems.len(), 101);
    assert_eq!(parsed.problems[100], "200 more problems");
    assert!(!parsed.clean);
}

#[test]
fn long_text_is_cut() {
    let long = "x ".repeat(MAX_BYTES / 2);
    let parsed = parse(None, &["No findings.".to_owned(), long], Format::Auto);
    assert!(!parsed.clean);
    assert!(
        parsed.problems[0].starts_with("the answer is too long; its last 12 bytes"),
        "{:?}",
        parsed.problems[0]
    );
}

#[test]
fn long_fields_are_cut_but_code_is_not() {
    let text = "y".repeat(300_000);
    let parsed = read(&format!(
        r#"[{{"path":"a","line":1,"title":"{text}","body":"{text}","quote":"q","replacement":"{text}"}}]"#
    ));
    let it = &parsed.findings[0];
    assert_eq!(
        (it.title.len(), it.body.len(), &it.replacement),
        (1000, 65536, &None)
    );
    assert_eq!(
        parsed.problems,
        [
            "finding 1: its quote or replacement is too long and was dropped",
            "2 overlong fields cut"
        ]
    );
}

#[test]
fn deep_nesting_is_a_problem() {
    for text in [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "[{\"findings\":".repeat(50_000),
    ] {
        let parsed = read(&text);
        assert!(!parsed.clean && !parsed.problems.is_empty());
    }
}

#[test]
fn hostile_text_is_read_in_time() {
    for text in [
        "`".repeat(200_000),
        "{\"".repeat(200_000),
        "- a — ".repeat(50_000),
        "**".repeat(200_000),
        "[a](".repeat(100_000),
        "a.rs:1: x\n".repeat(50_000),
        "| a.rs:1 ".repeat(100_000),
        "no no no ".repeat(50_000),
        "```\n".repeat(100_000),
        "# a.rs\n".repeat(50_000),
    ] {
        let start = std::time::Instant::now();
        read(&text);
        // Linear work takes milliseconds; this is only to notice what never ends.
        assert!(start.elapsed().as_secs() < 20, "{}", &text[..20]);
    }
}

const SAMPLES: &[&str] = &[
    r#"{"findings":[{"path":"src/ä.rs","start_line":12,"quote":"if i <= n {","severity":"error","title":"Off \"by\" one","confidence":0.8,"replacement":"x"}],"usage":{"input_tokens":1}}"#,
    r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"l","rules":[{"id":"R"}]}},"results":[{"ruleId":"R","message":{"id":"x","arguments":["ü"]},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a%20b"},"region":{"startLine":1,"endColumn":3}}}],"fixes":[{"artifactChanges":[{"artifactLocation":{"uri":"a%20b"},"replacements":[{"deletedRegion":{"charOffset":3}}]}]}]}]}]}"#,
    r#"{"diagnostics":[{"message":"m","location":{"path":"a","range":{"start":{"line":1,"column":2}}},"suggestions":[{"text":"t"}]}]}"#,
    r#"{"uri":"file:///a","diagnostics":[{"range":{"start":{"line":0,"character":4},"end":{"line":0,"character":7}},"message":"m"}]}"#,
    r#"[{"filePath":"/a.js","messages":[{"ruleId":"r","severity":2,"message":"m","line":1,"column":7,"fix":{"range":[0,3],"text":""}}]}]"#,
    "<?xml version=\"1.0\"?><checkstyle><file name=\"a\"><error line=\"1\" message=\"&lt;ö&#65;\"/></file></checkstyle>",
    "Text:\n\n```json\n[{\"file\":\"a\",\"line\":1,\"title\":\"\\ud83d\\ude00\"}]\n```\n",
    "Why.\n\nFull review comments:\n\n- [P1] **Tïtle** — /r/a.rs:1-2\n  body\n  ```suggestion\n  x\n  ```\n",
    "### `src/a.rs`\n\n- Line 12: ünknown\n1. [High] x (`b.rs#L1-L2`)\n\n| File | Line | Issue |\n|--|--|--|\n| a.rs | 3-4 | é |\n\n**File:** a.rs:3\na.rs(1,2): error X1: y\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn any_marks(text in r#"([{}\[\]",:|`*#_<>()\\ \n\-—äp0-9]|a\.rs:1|\\u|\[P1\]|"findings"|"line":1|: error: ){0,60}"#) {
        read(&text);
    }

    #[test]
    fn damaged_samples(sample in 0..SAMPLES.len(), cut in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let sample = SAMPLES[sample];
        let end = sample.floor_char_boundary(cut.index(sample.len() + 1));
        read(&sample[..end]);
        let mut bytes = sample.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        read(&String::from_utf8_lossy(&bytes));
        bytes.remove(at);
        read(&String::from_utf8_lossy(&bytes));
    }

    /// A cut answer never counts as one that found nothing.
    #[test]
    fn a_cut_answer_is_not_clean(sample in 0..SAMPLES.len(), cut in any::<prop::sample::Index>()) {
        let sample = SAMPLES[sample];
        let end = sample.floor_char_boundary(cut.index(sample.len()));
        let parsed = read(&sample[..end]);
        prop_assert!(!parsed.clean, "{:?}", &sample[..end]);
    }
}
