//! Plain lines, markdown, and prose that holds no findings.

use super::*;
use expect_test::expect;

#[test]
fn compiler_lines() {
    check(
        "src/a.rs:12:5: error[E0308]: mismatched types\nsrc/a.rs:3: [warning] unused [dead-code]\n./b.py:1:80: E501 line too long\n\
         c.ts(3,5): error TS2304: Cannot find name 'x'.\nc.ts:3:5 - error TS2304: Cannot find name 'x'.\nC:\\p\\d.cs(1): warning CS01: w\n\
         d.c:1:2-3:4: note: here\nd.c:5-8: range\nd.c:5:3-8: columns\nMakefile:3: missing separator\n",
        expect![[r#"
            Text
            src/a.rs:12:5c error [E0308]: mismatched types
            src/a.rs:3 warning [dead-code]: unused
            ./b.py:1:80c - [E501]: line too long
            c.ts:3:5c error [TS2304]: Cannot find name 'x'.
            c.ts:3:5c error [TS2304]: Cannot find name 'x'.
            C:\p\d.cs:1 warning [CS01]: w
            d.c:1:2c-3:5c info: here
            d.c:5-8 -: range
            d.c:5:3c-5:9c -: columns
            Makefile:3 -: missing separator
        "#]],
    );
}

#[test]
fn markdown_lists() {
    check(
        "## Review\n\n- **Off by one** — src/a.rs:12-20\n  The last page\n  is read twice.\n\n  ```rust\n  a\n  ```\n- `src/b.rs:3`: leak\n\
         * **src/c.rs#L12-L20** — text\n1. [High] Race in the cache (src/d.rs:7)\n2. **Medium**: Slow loop, see details (lines 3-5)\n\
         - [a link](src/e.rs#L4): bad link\n- **src/f.rs:6** [error] Panics\n- `src/g.rs:6` is fine\n- nothing here\n- Fine — src/ok.rs\n",
        expect![[r#"
            Text
            src/a.rs:12-20 -: Off by one
              body "The last page\nis read twice.\n\n```rust\na\n```"
            src/b.rs:3 -: leak
            src/c.rs:12-20 -: text
            src/d.rs:7 error: Race in the cache
            src/f.rs:6 error: Panics
        "#]],
    );
    check(
        "### `src/a.rs`\n\n- Line 12: off by one\n- L20-L22 — slow\n- (line 30) odd\n- **[P2]** No test\n- just a remark\n\n### src/b.rs:5\n\n- **Critical:** here\n\n## What looks good\n- src/a.rs:1: nice\n",
        expect![[r#"
            Text
            src/a.rs:12 -: off by one
            src/a.rs:30 -: odd
            src/a.rs warning: No test
            src/b.rs:5 error: here
        "#]],
    );
    check(
        "### 1. SQL injection\n**File:** `src/db.rs:42`\n**Severity:** High\n**Category:** security\n\nUser input is pasted.\n\n- first\n- second\n\n### 2. Leak\n- **Location:** src/f.rs\n- **Lines:** 3-4\n\nIt leaks.\n\n```suggestion\nclose(f)\n```\n",
        expect![[r#"
            Text
            src/db.rs:42 error security: SQL injection
              body "User input is pasted.\n\n- first\n- second"
            src/f.rs:3-4 -: Leak
              body "It leaks.\n\n```suggestion\nclose(f)\n```"
              replace "close(f)"
        "#]],
    );
    check(
        "## High\n\n- **Bad** `src/a.rs:3`\n- **Worse** (`src/a.rs:4`): it is\n- 🔴 Very bad — `src/a.rs:5`\n",
        expect![[r#"
        Text
        src/a.rs:3 error: Bad
        src/a.rs:4 error: Worse: it is
        src/a.rs:5 error: Very bad
    "#]],
    );
    check(
        "**src/a.rs**\n- Line 3: one\n\nFile: src/b.rs\n- line 4: two\n",
        expect![[r#"
        Text
        src/a.rs:3 -: one
        src/b.rs:4 -: two
    "#]],
    );
}

#[test]
fn tables() {
    check(
        "| Severity | File | Line | Issue | Suggestion |\n|---|:--:|---|---|---|\n| High | `src/a.rs` | 12-14 | Off by one | Use `<` |\n| Low | src/b.rs:3 | | Typo | |\n| Low | n/a | 1 | none | |\n",
        expect![[r#"
            Text
            src/a.rs:12-14 error: Off by one
              body "Use `<`"
            src/b.rs:3 info: Typo
        "#]],
    );
    check(
        "| Option | Meaning |\n|---|---|\n| src/a.rs:3 | a path |\n",
        expect![[r#"
            Auto
            ! incomplete
            ! no findings could be read from the answer, which starts: | Option | Meaning | |---|---| | src/a.rs:3 | a path |
        "#]],
    );
}

#[test]
fn nothing_found() {
    for text in [
        "No findings.",
        "No issues found",
        "LGTM",
        "LGTM! Nice work.",
        "✅ No problems detected.",
        "I reviewed the change. No significant issues were found.",
        "I did not find any bugs.",
        "Review: 0 issues.",
        "Looks good to me.",
        "There are no security concerns in this diff.",
        "## Summary\n\nThe code is clean.\n\nNo critical issues.",
    ] {
        let parsed = parse(None, &[text.to_owned()], Format::Auto);
        assert!(
            parsed.clean && parsed.findings.is_empty(),
            "{text:?} {parsed:?}"
        );
    }
}

#[test]
fn prose_is_no_finding() {
    for text in [
        "The handler lives in src/main.rs:12 and calls the parser.",
        "See src/main.rs:12 for how it is done. Then look at src/lib.rs.",
        "The server listens on http://localhost:8080: open it in a browser.",
        "Open https://example.com:8443/x.html: it is there.",
        "example.com:8080: connection refused",
        "127.0.0.1:8080: connection refused",
        "2026-01-02 12:30:45: started",
        "12:30: lunch",
        "I read these files:\n- src/a.rs\n- src/b.rs (the parser)\n- `src/c.rs` holds the tests\n",
        "## Files reviewed\n\n- src/a.rs:1-20 — the parser\n- src/b.rs:5: the lexer\n",
        "```\nsrc/a.rs:12: error: inside of code\n```\n",
        "Note: this is fine.",
        "e.g: a list, i.e. 3:4 things",
        "No issues found in the parser, but the lexer could not be read.",
        "I could not access the repository.",
        "std::vec::Vec: a list",
        "ratio 3:4: good",
        "",
    ] {
        let parsed = parse(None, &[text.to_owned()], Format::Auto);
        assert!(parsed.findings.is_empty(), "{text:?} {:?}", parsed.findings);
        assert!(!parsed.clean, "{text:?}");
        assert!(!parsed.problems.is_empty(), "{text:?}");
    }
}
