//! Cases of finding a quote, tier by tier.

use super::*;

#[test]
fn letter_by_letter() {
    let exact = Tier::Exact;
    check("a\n«let x = 1;»\nb\n", &quote("let x = 1;"), exact);
    check("«a\nb»\nc", &quote("a\nb"), exact);
    check("x\n«last line»", &quote("last line"), exact);
    // Blank lines around the quote are not part of it, its indentation is.
    check("fn f() {\n«    g();»\n}\n", &quote("\n\n    g();\n"), exact);
    check("a\n«b»\n", &quote("\r\n  \r\nb\r\n"), exact);
    check("a\r\n«b\r\nc»\r\n", &quote("b\r\nc"), exact);
    // A wrong line number does not matter when the quote is unique.
    check("a\nb\n«needle»\n", &quote("needle").line(1), exact);
    check("a\n«needle»\n", &quote("needle").line(5000), exact);
}

#[test]
fn a_part_of_a_line() {
    let exact = Tier::Exact;
    check(
        "let «recieve» = recieved + unrecieve;",
        &quote("recieve"),
        exact,
    );
    check("let «teh» = 1; // of tehran", &quote("teh"), exact);
    check("x = foo(«bar, baz»);\n", &quote("bar, baz"), exact);
    // A part of a compound name counts as a word if there is no better one.
    check("let «recieve»Data = recieved;", &quote("recieve"), exact);
    check("let my_«recieve» = recieved;", &quote("recieve"), exact);
    // Inside a word when there is nothing else.
    check("un«recieve»d", &quote("recieve"), exact);
    check("a\n«teh» b\nc\nc\nteh d\n", &quote("teh").line(1), exact);
    check("teh «teh» teh\n", &quote("teh").line(1).column(5), exact);
    check(
        "teh teh «teh»\nx\n",
        &quote("teh").line(1).column(10),
        exact,
    );
    check("teh\nx\n  «teh»\n", &quote("teh").line(3).column(3), exact);
    check("«teh» «teh»\nx\n", &quote("teh").line(1), exact);
    check(
        "é «teh» teh\n",
        &quote("teh").line(1).column(3).unit(Encoding::Utf16),
        exact,
    );
    // The exact place wins over a word elsewhere.
    check("my«teh»x\nteh\n", &quote("teh").line(1).column(3), exact);
}

#[test]
fn several_equal_places() {
    let exact = Tier::Exact;
    check("«a()»\nb\n«a()»\n", &quote("a()"), exact);
    check("«a()»\nb\na()\n", &quote("a()").line(1), exact);
    check("a()\nb\nc\n«a()»\n", &quote("a()").line(3), exact);
    check("«a()»\nb\n«a()»\n", &quote("a()").line(2), exact);
    // A line named exactly wins over others in the named lines.
    check("x\n«a()»\na()\n", &quote("a()").line(2).to_line(3), exact);
    check(
        "«a()»\nb\nb\nb\na()\n",
        &quote("a()").line(1).to_line(3),
        exact,
    );
    let far = lines(100, &[(1, "«a()»"), (3, "«a()»")]);
    check(&far, &quote("a()").line(60), exact);
    let near = lines(100, &[(1, "a()"), (21, "«a()»")]);
    check(&near, &quote("a()").line(60), exact);
    let symbol = "fn f() {\n    a();\n}\nfn g() {\n    «a()»;\n}\n";
    check(symbol, &quote("a()").symbol("g"), exact);
    check(symbol, &quote("a()").symbol("g").line(2), exact);
    check(
        "fn f() {\n    «a()»;\n}\n«a()»\n",
        &quote("a()").symbol("missing"),
        exact,
    );
    // At most 20 candidates are told.
    let many = format!("{}{}", "«a()»\n".repeat(MAX_CANDIDATES), "a()\n".repeat(30));
    check(&many, &quote("a()"), exact);
}

#[test]
fn numbers_that_may_be_one_too_high() {
    let exact = Tier::Exact;
    let place = quote("a()").line(3).maybe_zero_based();
    check("a()\n«a()»\nb\nb\na()\n", &place, exact);
    check("b\n«a()»\nb\na()\n", &place, exact);
}

#[test]
fn white_space_at_line_ends() {
    let tier = Tier::TrailingSpace;
    check("«a  \nb»\t\nc", &quote("a\nb"), tier);
    check("«a\nb»\nc", &quote("a \nb\t "), tier);
    check("x\r\n«a\r\n  b»\r\n", &quote("a\n  b"), tier);
    check("«a\rb»\r", &quote("a\nb"), tier);
    check("if x:\n«    a»\nb", &quote("    a   "), tier);
}

#[test]
fn white_space_at_both_ends() {
    let tier = Tier::Trimmed;
    check(
        "fn f() {\n    «a();\n    b();»\n}",
        &quote("a();\nb();"),
        tier,
    );
    check("\t«a();\n\tb();»\n", &quote("    a();\n    b();"), tier);
    check(
        "    x = «foo(1,\n            2)»;\n",
        &quote("foo(1,\n2)"),
        tier,
    );
    check("x\r\n\t«a\r\n\t\tb»\r\n", &quote("  a\n    b"), tier);
    // The ends must fall on words.
    check("xa\nby\n", &quote(" a\n b"), None);
}

#[test]
fn typographic_characters() {
    let tier = Tier::Unicode;
    check("s = «\"it's\"»;\n", &quote("“it’s”"), tier);
    check("s = «“it’s” – ok»;\n", &quote("\"it's\" - ok"), tier);
    check("«a\u{a0}= 1»\n", &quote("a = 1"), tier);
    check("«wait…»\n", &quote("wait..."), tier);
    check("«a\u{200b}bcd»\n", &quote("abcd"), tier);
    check("x «cafe\u{301}» y\n", &quote("café"), tier);
    check("x «café» y\n", &quote("cafe\u{301}"), tier);
    // An accent more is another word.
    check("x cafe\u{301} y\n", &quote("  cafe\nz"), None);
}

#[test]
fn no_white_space_at_all() {
    let tier = Tier::WhitespaceFree;
    check("x\n«foo( a,b )»;\n", &quote("foo(a, b)"), tier);
    check("x\n  «foo(a,\n      b)»;\n", &quote("foo(a, b)"), tier);
    check("«if (x) {\n\ty();\n}»\n", &quote("if(x){ y(); }"), tier);
    check("«a = 1;\n\n\nb = 2;»\n", &quote("a = 1;\nb = 2;"), tier);
    check("«x = 1»;\n", &quote("x=1"), tier);
    check("«a\tb»\n", &quote("a\n\nb"), tier);
    // White space that parts words counts.
    check("a b\n", &quote("ab"), None);
    check("ab\n", &quote("a b"), None);
    check("the «visitor sits»\n", &quote("visit orsits"), Tier::Fuzzy);
    check("revisited its home\n", &quote("visited  it"), None);
    // Far into a long line.
    let long = format!(
        "{}«foo( a, b )»{}",
        "x y; ".repeat(3000),
        "; z".repeat(3000)
    );
    check(&long, &quote("foo(a,b)"), tier);
    let long = format!("{}«a  b»{}", "x y; ".repeat(3000), "; z".repeat(3000));
    check(&long, &quote("a\nb"), tier);
}

#[test]
fn a_dropped_first_or_last_line() {
    let tier = Tier::DroppedEdge;
    let text = "fn f() {\n    «first_call();\n    second_call();»\n}\n";
    check(
        text,
        &quote("fn invented() {\n    first_call();\n    second_call();"),
        tier,
    );
    check(
        text,
        &quote("    first_call();\n    second_call();\n    third_call();"),
        tier,
    );
    let text = "fn f() {\n    «first_call();\n    second_call();»\n}\n";
    check(
        text,
        &quote("first_call();\nsecond_call();\n\nsomething_else();"),
        tier,
    );
    // What is left must be enough to tell.
    check("a\nb\nc\n", &quote("a\nb\nx"), None);
    let twice = "«first_call();\nsecond_call();»\nx\n«first_call();\nsecond_call();»\n";
    check(
        twice,
        &quote("first_call();\nsecond_call();\nthird_call();"),
        tier,
    );
}

#[test]
fn similar_lines() {
    let tier = Tier::Fuzzy;
    check(
        "fn f() {\n    «let total = items.len() + offset;»\n}\n",
        &quote("let total = items.len() + ofset;"),
        tier,
    );
    check(
        "a = 1\n«for item in order.items:\n    total += item.price * item.quantity»\nreturn total\n",
        &quote("for item in order.items:\n    total += item.price * item.qty"),
        tier,
    );
    // A part of a line.
    check(
        "let message = «format!(\"hello {name}\")»;\n",
        &quote("format!(\"helo {name}\")"),
        tier,
    );
    // Two similar places, and nothing says which.
    check(
        "let first_total = items.len();\nlet other_total = items.len();\n",
        &quote("let third_total = items.len();"),
        None,
    );
    check("short = 1\n", &quote("shart = 1"), None);
    // Only near the hint.
    let far = lines(200, &[(150, "let total = items.len() + offset;")]);
    let place = quote("let total = items.len() + ofset;").line(30);
    let (text, _) = unmark(&far);
    let located = locate(&Text::new(&text), &place, "");
    assert!(matches!(
        located,
        Located::At {
            tier: Tier::Line,
            ..
        }
    ));
    let near = lines(200, &[(60, "«let total = items.len() + offset;»")]);
    check(&near, &place, tier);
}

#[test]
fn equal_first_and_last_line_with_a_similar_middle() {
    let text =
        "x\n«fn compute(a: u32) -> u32 {\n    let b = a + 1;\n    log(b);\n    b * 2\n}»\ny\n";
    let place = quote("fn compute(a: u32) -> u32 {\n    let b = a + 1;\n    b * 2\n}");
    check(text, &place, Tier::Fuzzy);
    // The middle must be similar: equal ends alone say nothing.
    let text = "x\nfn compute(a: u32) -> u32 {\n    panic!(\"never\")\n}\ny\n";
    check(text, &place, None);
}

#[test]
fn fences_and_line_numbers_around_a_quote() {
    let exact = Tier::Exact;
    check(
        "a\n«let x = 1;»\n",
        &quote("```rust\nlet x = 1;\n```"),
        exact,
    );
    check("a\n«let x = 1;»\n", &quote("```\nlet x = 1;"), exact);
    check("a\n«let x = 1;»\n", &quote("`let x = 1;`"), exact);
    // A fence that is in the text stays.
    check("a\n«```sh\nls\n```»\n", &quote("```sh\nls\n```"), exact);
    check("a\n«  b\n  c»\nd\n", &quote("2 |   b\n3 |   c"), exact);
    check("a\n«b\nc»\nd\n", &quote("L2: b\nL3: c"), exact);
    check("a\n«b\nc»\nd\n", &quote("> 2\tb\n  3\tc"), exact);
    check(
        "a\n«b\n\nc»\n",
        &quote("```\n 2 | b\n 3 |\n 4 | c\n```"),
        exact,
    );
    // The number chooses when nothing else does.
    check("b\na\n«b»\n", &quote("3 | b"), exact);
    // What looks like numbers but does not count up is code.
    check("x\n1: a\n9: b\n", &quote("1: c\n9: d"), None);
    check("x = {\n«1: a,\n2: b»\n}", &quote("1: a,\n2: b"), exact);
}

#[test]
fn marks_of_a_diff_around_a_quote() {
    let exact = Tier::Exact;
    check("a\n«b\nc»\n", &quote("+b\n+c"), exact);
    check("«a\nb»\nc\n", &quote(" a\n-old\n+b"), exact);
    check(
        "«a\nold»\nc\n",
        &quote("@@ -1,2 +1,2 @@\n a\n-old\n+b"),
        exact,
    );
    check("a\n«b»\nbb\n", &quote("+b"), exact);
    // Marks that are in the text stay: the place matches better with them.
    check("- a\n- b\nx\n«- a\n- c»\n", &quote("- a\n- c"), exact);
    check("x = 1\n«  - x»\n  x\n", &quote("  - x"), exact);
    check("x\n y\n «- y»\n", &quote("- y"), Tier::Exact);
}

#[test]
fn nothing_to_search_in_or_for() {
    check("", &quote("a"), None);
    check("«»abc\n", &quote("   \n"), Tier::File);
    check("«»", &RawPlace::default(), Tier::File);
    let long = "long line\n".repeat(10_000);
    check(&long, &quote(&long), None);
}
