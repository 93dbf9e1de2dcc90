//! What hostile text looks like afterwards.

use super::*;
use proptest::prelude::*;

#[test]
fn lines() {
    let cases: &[(&str, usize, &str)] = &[
        ("plain", 10, "plain"),
        ("  two \t\n words ", 10, "two words"),
        ("", 10, ""),
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("abc defg", 6, "abc d…"),
        ("abcd efg", 5, "abcd…"),
        ("ääääää", 4, "äää…"),
        ("abc", 0, ""),
        ("\u{1b}[31mred\u{1b}[0m", 10, "red"),
        (
            "\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}",
            20,
            "click",
        ),
        ("\u{1b}]0;title\u{1b}\\x", 20, "x"),
        ("a\u{202e}fdp.exe", 20, "afdp.exe"),
        ("a\u{2066}b\u{2069}\u{200b}c\u{feff}", 20, "abc"),
        ("tag\u{e0041}\u{e0042}", 20, "tag"),
        ("bell\u{7}\u{0}\u{9b}", 20, "bell"),
        ("👩\u{200d}💻 works", 20, "👩\u{200d}💻 works"),
        ("a\u{2028}b\r\nc", 20, "a b c"),
    ];
    for (text, max, expected) in cases {
        assert_eq!(&line(text, *max), expected, "{text:?}");
    }
}

#[test]
fn markdown_that_does_nothing() {
    let cases: &[(&str, &str)] = &[
        ("**bold** _it_ `code`", "**bold** _it_ `code`"),
        ("# Title\n\n- a\n- b\n1. c", "# Title\n\n- a\n- b\n1. c"),
        ("`Vec<T>` and Vec<T>", "`Vec<T>` and Vec&lt;T>"),
        (
            "<script>alert(1)</script>",
            "&lt;script>alert(1)&lt;/script>",
        ),
        ("a \\<img src=x>", "a &lt;img src=x>"),
        ("&#60;img&#62;", "&#60;img&#62;"),
        (
            "see [docs](https://docs.rs/x)",
            "see docs (<https://docs.rs/x>)",
        ),
        (
            "[https://a.example](https://b.example)",
            "https://a.example (<https://b.example>)",
        ),
        (
            "[https://a.example](https://a.example)",
            "https://a.example",
        ),
        ("[t](<https://a.example/x y>)", "t"),
        (
            "[t](https://a.example \"title\")",
            "t (<https://a.example>)",
        ),
        ("[run](command:workbench.action.terminal.new)", "run"),
        ("[run](javascript:alert(1))", "run"),
        (
            "[run](java\nscript:alert(1))",
            "\\[run](java\nscript:alert(1))",
        ),
        (
            "[a [b](command:x) c](https://d.example)",
            "a b c (<https://d.example>)",
        ),
        ("[[a]](command:x)", "\\[a]"),
        ("[![pic](https://t.example/p.png)](command:x)", "pic"),
        ("![track](https://t.example/p.png?leak)", "track"),
        (
            "![t][ref]\n\n[ref]: https://t.example",
            "!\\[t]\\[ref]\n\n\\[ref]: https://t.example",
        ),
        ("\\![x](https://t.example)", "\\!x (<https://t.example>)"),
        ("\\[x](command:y)", "\\[x](command:y)"),
        ("\\\\[x](command:y)", "\\\\x"),
        (
            "<https://a.example> <javascript:x> <a@b.example>",
            "<https://a.example> &lt;javascript:x> &lt;a@b.example>",
        ),
        ("array[0] and - [ ] task", "array\\[0] and - \\[ ] task"),
        ("a ` b `` c", "a \\` b \\`\\` c"),
        ("`open\nclose` <img>`", "\\`open\nclose` <img>`"),
        ("~~ old ~~ ~~~ new", "~~ old ~~ \\~\\~\\~ new"),
        ("| `a | <img src=x>` |", "| \\`a | &lt;img src=x>\\` |"),
        ("| `a | b` |", "| `a | b` |"),
        ("\u{1b}[1mbold\u{202e}", "bold"),
        ("trailing \\", "trailing \\\\"),
        ("C:\\new\\<b>", "C:\\\\new&lt;b>"),
    ];
    for (text, expected) in cases {
        assert_eq!(&markdown(text, 1000), expected, "{text:?}");
    }
}

#[test]
fn code_blocks() {
    let cases: &[(&str, &str)] = &[
        (
            "```rust\nlet a: Vec<[u8; 2]>;\n```\n<b>",
            "```rust\nlet a: Vec<[u8; 2]>;\n```\n&lt;b>",
        ),
        ("```\nnever closed <b>", "```\nnever closed <b>\n```"),
        ("~~~~ js x\n```\n~~~~~\nend", "~~~~js\n```\n~~~~\nend"),
        ("````\n```\n<b>\n````", "````\n```\n<b>\n````"),
        (
            "      ```\n      <b>\n      ```\n<i>",
            "```\n<b>\n```\n&lt;i>",
        ),
        (
            "- ```sh\n  rm <x>\n  ```\n<i>",
            "```sh\nrm <x>\n```\n&lt;i>",
        ),
        ("> ```\n> <b>\n<i>", "> \\`\\`\\`\n> &lt;b>\n&lt;i>"),
        ("``` a`b\n<b>", "\\`\\`\\` a\\`b\n&lt;b>"),
        ("~~~ a`b\n<b>", "~~~ab\n<b>\n~~~"),
        ("```<img/onerror=x>\ny\n```", "```imgonerrorx\ny\n```"),
    ];
    for (text, expected) in cases {
        assert_eq!(&markdown(text, 1000), expected, "{text:?}");
    }
}

#[test]
fn long_text_is_cut_and_closed() {
    assert_eq!(markdown("one two three four", 15), "one two…");
    assert_eq!(
        markdown("```\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nb", 30),
        "```\naaaaaaaaaaaaaaa…\n```"
    );
    assert_eq!(markdown("äöü", 3), "…");
    let blank_lines = format!("a{}b", "\n".repeat(20));
    assert_eq!(markdown(&blank_lines, 12), "a\n\n\n\n\n…");
    let blank_code = format!("```{}b", "\n".repeat(20));
    assert_eq!(markdown(&blank_code, 20), "```\n\n\n\n\n\n\n…\n```");
}

proptest! {
    /// What is left has no live bracket, `<`, or open block, whoever reads it.
    #[test]
    fn nothing_is_live(text in r"([`~<>\[\]()!\\|\n \-ab]|```|~~~|https://x|command:x|<img>|\]\(){0,40}", max in 0usize..200) {
        let safe = markdown(&text, max);
        prop_assert!(safe.len() <= max, "{safe:?}");
        let mut fence: Option<&str> = None;
        for line in safe.lines() {
            match fence {
                Some(mark) => if line == mark { fence = None },
                None if line.starts_with("~~~") || (line.starts_with("```") && !line.trim_start_matches('`').contains('`')) => {
                    fence = Some(line.trim_end_matches(|it: char| it != '`' && it != '~'));
                }
                None => prop_assert!(!live(line), "{line:?} of {text:?}"),
            }
        }
        prop_assert_eq!(fence, None, "{:?}", safe);
    }

    #[test]
    fn any_text_is_within_its_limits(text in "(\\PC|\n|\u{0}|```){0,60}", max in 0usize..100) {
        prop_assert!(markdown(&text, max).len() <= max);
        let one = line(&text, max);
        prop_assert!(one.chars().count() <= max);
        prop_assert!(!one.chars().any(char::is_control));
    }
}

/// True when a line outside of code has an unescaped `[` or a `<` that is no web link.
fn live(line: &str) -> bool {
    let mut rest = line;
    while let Some(it) = rest.chars().next() {
        match it {
            '\\' => rest = &rest[1..],
            '`' => {
                let len = rest.bytes().take_while(|it| *it == b'`').count();
                let mark = "`".repeat(len);
                let inside = &rest[len..];
                let closing = inside.match_indices(&mark).find(|(at, _)| {
                    !inside[at + len..].starts_with('`') && !inside[..*at].ends_with('`')
                });
                let Some((end, _)) = closing else { return true };
                rest = &inside[end + len - 1..];
            }
            '[' => return true,
            '<' if !rest.starts_with("<https://") => return true,
            _ => {}
        }
        rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
    }
    false
}

#[test]
fn deceptive_text_is_told_from_odd_text() {
    for plain in ["", "a\tb\r\nc", "\u{e4} \u{6f22} \u{1f600}", "\r"] {
        assert!(!is_deceptive(plain), "{plain:?}");
    }
    for deceptive in [
        "a\u{202e}b",
        "\u{200b}",
        "\u{1b}[31m",
        "a\u{0}",
        "\u{feff}x",
    ] {
        assert!(is_deceptive(deceptive), "{deceptive:?}");
    }
}
