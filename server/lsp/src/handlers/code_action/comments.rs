//! The action that keeps a finding away by a comment in the code, where everybody who reads the code sees it.

use super::{Here, MAX_SHOWN};
use crate::proto::edit;
use domain::edit::TextEdit;
use domain::finding::Finding;
use domain::locate::Tier;
use domain::merge::Cluster;
use domain::suppression;
use domain::text::{Text, TextRange};
use tower_lsp::gen_lsp_types::{CodeAction, CodeActionKind};

impl Here<'_> {
    /// A comment on a line of its own before each finding.
    pub(super) fn comments(&self, clusters: &[Cluster], actions: &mut Vec<CodeAction>) {
        for cluster in clusters {
            let finding = cluster.primary();
            let Some(comment) = comment(self.place.path.as_str(), self.view.text, finding) else {
                continue;
            };
            let title = domain::sanitize::line(&finding.title, MAX_SHOWN);
            actions.push(CodeAction {
                title: format!("Ignore “{title}” by a comment"),
                kind: Some(CodeActionKind::QuickFix),
                diagnostics: Some(vec![self.diagnostic(cluster)]),
                edit: Some(edit::of_document(
                    &[&comment],
                    self.document.version,
                    self.view,
                )),
                ..Default::default()
            });
        }
    }
}

/// The comment that keeps a finding of this text away, as a line before it. `None` where none would: the finding has no line
/// of its own, or nothing may stand before that line, or it is not known what a comment looks like there.
fn comment(path: &str, text: &Text, finding: &Finding) -> Option<TextEdit> {
    if finding.tier == Tier::File {
        return None;
    }
    let number = text.line_of(finding.range.start);
    let line = text.line(number);
    if number == 0 && line.starts_with("#!") {
        return None;
    }
    let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
    let comment = suppression::comment_for(path, indent, &finding.category)?;
    let start = text.line_range(number)?.start;
    Some(TextEdit {
        range: TextRange::new(start, start),
        new_text: comment + line_end(text, number),
    })
}

/// The line end of a line, or of the one before where it has none.
fn line_end(text: &Text, number: usize) -> &'static str {
    let ends_so = |line: usize| {
        let content = text.line_range(line)?;
        let next = text.line_range(line + 1)?;
        Some(text.slice(TextRange::new(content.end, next.start)) == "\r\n")
    };
    let has_return = ends_so(number).or_else(|| ends_so(number.checked_sub(1)?));
    if has_return == Some(true) {
        "\r\n"
    } else {
        "\n"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::tracked::tests::misspelling;
    use domain::suppression::Suppressions;

    /// The text with the comment in it; the finding is the word `teh`.
    fn commented(path: &str, code: &str) -> Option<String> {
        let text = Text::new(code);
        let mut finding = misspelling("codex", path, &text, "teh", "the");
        let edit = comment(path, &text, &finding)?;
        let mut out = code.to_owned();
        out.insert_str(edit.range.start, &edit.new_text);
        let moved = edit.new_text.len();
        finding.range = TextRange::new(finding.range.start + moved, finding.range.end + moved);
        let text = Text::new(&out);
        let all = Suppressions::of(path, &text, &[]);
        assert!(all.hides(&finding, &text).is_some(), "{out}");
        Some(out)
    }

    #[test]
    fn a_comment_stands_before_the_line_as_it_is_written_there() {
        for (path, code, expected) in [
            (
                "a.rs",
                "fn f() {\n\t  teh();\n}\n",
                "fn f() {\n\t  // crosscheck: ignore spelling\n\t  teh();\n}\n",
            ),
            (
                "a.py",
                "one\r\n  teh",
                "one\r\n  # crosscheck: ignore spelling\r\n  teh",
            ),
            ("a.css", "teh\n", "/* crosscheck: ignore spelling */\nteh\n"),
            ("a.rs", "teh", "// crosscheck: ignore spelling\nteh"),
            (
                "sub/Makefile",
                "a:\n\tteh\n",
                "a:\n\t# crosscheck: ignore spelling\n\tteh\n",
            ),
        ] {
            assert_eq!(commented(path, code).as_deref(), Some(expected));
        }
    }

    #[test]
    fn no_comment_where_it_would_break_something() {
        for (path, code) in [
            ("a.json", "{\"teh\": 1}\n"),
            ("a.sh", "#!/bin/teh\n"),
            ("a.vue", "<p>teh</p>"),
        ] {
            assert_eq!(commented(path, code), None);
        }
    }
}
