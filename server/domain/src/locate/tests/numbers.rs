//! Cases of places that are known only by numbers and by names in the message.

use super::*;

#[test]
fn a_line_is_its_content() {
    let tier = Tier::Line;
    check("a\n    «b = 1»  \nc", &line(2), tier);
    check("a\r\n\t«b»\r\nc", &line(2), tier);
    check("a\n«last»", &line(2), tier);
    check("«a»\n", &line(1).to_line(0), tier);
    check("x\n  «a\n\n  b»\ny\n", &line(2).to_line(4), tier);
    check("x\n«a\nb»", &line(2).to_line(900), tier);
    check("x\n", &line(9), None);
    // A place of many lines keeps the first ones.
    let many = lines(30, &[(3, "«line 3"), (12, "line 12»")]);
    check(&many, &line(3).to_line(25), tier);
    // Line 0 is said for whole files.
    check("«»x\n", &line(0), Tier::File);
}

#[test]
fn columns_refine_a_line() {
    let tier = Tier::Line;
    check("ab «cd» ef\n", &line(1).columns(4, 6), tier);
    check("ab c«d\nef» gh\n", &line(1).to_line(2).columns(5, 3), tier);
    check(
        "é😀«x»y\n",
        &line(1).columns(4, 5).unit(Encoding::Utf16),
        tier,
    );
    check(
        "é😀«x»y\n",
        &line(1).columns(3, 4).unit(Encoding::Utf32),
        tier,
    );
    check("é😀«x»y\n", &line(1).columns(7, 8), tier);
    // Without an end: the word there.
    check("let «name» = 1;\n", &line(1).column(5), tier);
    check("let «name» = 1;\n", &line(1).column(7), tier);
    check("let name «=» 1;\n", &line(1).columns(10, 10), tier);
    // Reversed: the start counts.
    check("let «name» = 1;\n", &line(1).columns(5, 2), tier);
    // A column that the line does not have says nothing.
    check("  «ab»\n", &line(1).columns(50, 60), tier);
    check("  «ab»\n", &line(1).columns(0, 1), tier);
}

#[test]
fn offsets_are_places_too() {
    let place = |start, end, unit| RawPlace {
        offsets: Some(RawOffsets { start, end, unit }),
        ..RawPlace::default()
    };
    check("é\na«bc»d", &place(4, 6, Encoding::Utf8), Tier::Line);
    check("é\na«bc»d", &place(3, 5, Encoding::Utf16), Tier::Line);
    check("a «word» b", &place(3, 3, Encoding::Utf8), Tier::Line);
    check("abc", &place(9, 12, Encoding::Utf8), None);
    check("abc", &place(u64::MAX, u64::MAX, Encoding::Utf16), None);
    let mut teh = place(4, 7, Encoding::Utf8);
    teh.quote = Some("teh".to_owned());
    check("teh «teh» teh", &teh, Tier::Exact);
}

#[test]
fn names_in_the_message_choose_a_line() {
    let tier = Tier::Line;
    let text = "fn f() {\n    let a = 1;\n    «let total = count(items);»\n    b();\n}\n";
    check_with(
        text,
        &line(1),
        "`total` ignores the result of `count()`",
        tier,
    );
    check_with(text, &line(5), "`total` is wrong", tier);
    // The hint stays when it is as good as any other line, or nothing is named.
    check_with("a = 1\n«a = 2»\na = 3\n", &line(2), "`a` is wrong", tier);
    check_with("x\ntotal\n«y»\ntotal\n", &line(3), "`total` is wrong", tier);
    check_with("x\ntotal\n«y»\n", &line(3), "total is wrong", tier);
    // Too far away.
    let far = lines(60, &[(20, "«line 20»"), (40, "total")]);
    check_with(&far, &line(20), "`total` is wrong", tier);
    // A place of many lines shrinks to the one that is meant.
    let many = lines(30, &[(8, "«let total = 1;»")]);
    check_with(&many, &line(3).to_line(25), "`total` is wrong", tier);
}

#[test]
fn lines_that_may_be_one_too_high() {
    let tier = Tier::Line;
    let place = line(3).maybe_zero_based();
    check("a\nb\n«c»\nd\n", &place, tier);
    check_with("a\n«total»\nc\ntotal\n", &place, "`total` is wrong", tier);
    let columns = line(3).columns(4, 5).maybe_zero_based();
    check("a\nb\nxxx«y»\n", &columns, tier);
    check_with(
        "a\nxx«y»z total\nxxxy\n",
        &columns,
        "`total` is wrong",
        tier,
    );
}
