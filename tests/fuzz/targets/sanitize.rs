//! Text of agents made safe, as a markdown renderer that nobody here wrote sees it.
#![no_main]

use domain::sanitize::{line, markdown};
use libfuzzer_sys::fuzz_target;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Written after the text; it must not become part of a code block.
const AFTER: &str = "END-OF-TEXT";

fuzz_target!(|data: &[u8]| {
    let (max, text) = data
        .split_first()
        .map_or((0, data), |(max, text)| (usize::from(*max) * 8, text));
    let text = String::from_utf8_lossy(text);
    let one = line(&text, max);
    assert!(one.chars().count() <= max);
    assert!(!one.chars().any(fuzz::is_hostile), "{one:?}");
    for max in [max, 64 * 1024] {
        let safe = markdown(&text, max);
        assert!(safe.len() <= max);
        let hostile = |it: char| fuzz::is_hostile(it) && it != '\n' && it != '\t';
        assert!(!safe.chars().any(hostile), "{safe:?}");
        check(&safe, Options::empty());
        check(
            &safe,
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS,
        );
    }
});

/// No raw HTML, no images, no links but to the web, and every code block is closed.
fn check(safe: &str, options: Options) {
    let text = format!("{safe}\n\n{AFTER}");
    let (mut in_code, mut seen) = (false, false);
    for event in Parser::new_ext(&text, options) {
        match event {
            Event::Html(it) | Event::InlineHtml(it) => panic!("raw HTML {it:?} in {safe:?}"),
            Event::Start(Tag::Image { .. }) => panic!("an image in {safe:?}"),
            Event::Start(Tag::Link { dest_url, .. }) => {
                let dest = dest_url.to_ascii_lowercase();
                assert!(
                    dest.starts_with("http://") || dest.starts_with("https://"),
                    "{dest:?} in {safe:?}"
                );
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(it) if it.contains(AFTER) => seen |= !in_code,
            _ => {}
        }
    }
    assert!(seen, "a code block is open at the end of {safe:?}");
}
