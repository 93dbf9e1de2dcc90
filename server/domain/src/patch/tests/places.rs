//! Where hunks go, and what stays the file's own.

use super::check;
use expect_test::expect;

#[test]
fn the_file_keeps_its_line_ends_and_its_indentation() {
    check(
        &[("a.rs", "fn f() {\r\n\tif x {\r\n\t\told();\r\n\t}\r\n}\r\n")],
        "--- a/a.rs\n+++ b/a.rs\n@@ -2,2 +2,4 @@\n     if x {\n-        old();\n+        new();\n+        if y {\n+            deep();\n+        }\n     }\n",
        &expect![[r#"
            a.rs
              |fn f() {␍
              |→if x {␍
              |→→new();␍
              |→→if y {␍
              |→→→deep();␍
              |→→}␍
              |→}␍
              |}␍
        "#]],
    );
    check(
        &[("a.py", "def f():\n  if x:\n    old()\n  done()")],
        "a.py\n<<<<<<< SEARCH\n        old()\n      done()\n=======\n        new()\n      done()\n      more()\n>>>>>>> REPLACE\n",
        &expect![[r#"
            a.py
              |def f():
              |  if x:
              |    new()
              |  done()
              |  more()⊣
        "#]],
    );
}

#[test]
fn equal_places_need_a_reason() {
    let twice = "fn a() {\n    one();\n    log();\n}\n\nfn b() {\n    two();\n    log();\n}\n";
    let files = [("a.rs", twice)];
    let diff = |head: &str, context: &str| {
        format!("--- a.rs\n+++ a.rs\n@@ {head}\n{context}-    log();\n+    trace();\n")
    };
    // Nothing decides.
    check(
        &files,
        &diff("...", ""),
        &expect![[r#"
        a.rs
          (same)
          ! change 1 of `a.rs` is not taken: its lines stand in 2 places and nothing says which one is meant
    "#]],
    );
    // Its number.
    check(
        &files,
        &diff("-8,1 +8,1 @@", ""),
        &expect![[r#"
        a.rs
          |fn a() {
          |    one();
          |    log();
          |}
          |
          |fn b() {
          |    two();
          |    trace();
          |}
    "#]],
    );
    // The function it is in.
    check(
        &files,
        &diff("-1,1 +1,1 @@ fn b() {", ""),
        &expect![[r#"
        a.rs
          |fn a() {
          |    one();
          |    log();
          |}
          |
          |fn b() {
          |    two();
          |    trace();
          |}
    "#]],
    );
    // The line above.
    check(
        &files,
        &diff("-1,1 +1,1 @@", "     two();\n"),
        &expect![[r#"
            a.rs
              |fn a() {
              |    one();
              |    log();
              |}
              |
              |fn b() {
              |    two();
              |    trace();
              |}
        "#]],
    );
    // A hunk before it.
    check(
        &files,
        "--- a.rs\n+++ a.rs\n@@ ... @@\n-    two();\n+    zwei();\n@@ ... @@\n-    log();\n+    trace();\n",
        &expect![[r#"
            a.rs
              |fn a() {
              |    one();
              |    log();
              |}
              |
              |fn b() {
              |    zwei();
              |    trace();
              |}
        "#]],
    );
}

#[test]
fn the_end_of_a_file() {
    let append = "--- a\n+++ a\n@@ -2 +2,2 @@\n b\n+c\n";
    check(
        &[("a", "a\nb\n")],
        append,
        &expect![[r#"
        a
          |a
          |b
          |c
    "#]],
    );
    check(
        &[("a", "a\nb")],
        append,
        &expect![[r#"
        a
          |a
          |b
          |c⊣
    "#]],
    );
    check(
        &[("a", "a\nb")],
        "--- a\n+++ a\n@@ -1,2 +1 @@\n a\n-b\n",
        &expect![[r#"
            a
              |a⊣
        "#]],
    );
    check(
        &[("a", "")],
        "--- a\n+++ a\n@@ -0,0 +1 @@\n+first\n",
        &expect![[r#"
            a
              |first
        "#]],
    );
}
