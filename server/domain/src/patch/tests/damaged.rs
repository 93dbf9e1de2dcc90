//! What is refused, and why.

use super::check;
use expect_test::expect;

const TEN: &str = "1a\n2b\n3c\n4d\n5e\n6f\n7g\n8h\n9i\n10j\n11k\n12l\n";

#[test]
fn refusals() {
    let files = [("a.rs", TEN)];
    check(
        &files,
        "a.rs\n```\n1a\n// ... existing code ...\n12l\n```\n",
        &expect![[r#"
            a.rs (whole)
              (same)
              ! the new text of `a.rs` is not taken: it leaves something out (`// ... existing code ...`)
        "#]],
    );
    check(
        &files,
        "a.rs\n```\nfn something_else() {}\n```\n",
        &expect![[r#"
            a.rs (whole)
              (same)
              ! the new text of `a.rs` is not taken: 12 of 12 lines would vanish, so it is not the whole file
        "#]],
    );
    check(
        &files,
        "a.rs\n<<<<<<< SEARCH\n1a\n",
        &expect![[r#"
        ! the search/replace block in line 2 has no divider `=======`
    "#]],
    );
    check(
        &files,
        "a.rs\n<<<<<<< SEARCH\n1a\n=======\n1b\n",
        &expect![[r#"
            ! the search/replace block in line 2 has no end `>>>>>>> REPLACE`
        "#]],
    );
    check(
        &files,
        "<<<<<<< SEARCH\n1a\n=======\n1b\n>>>>>>> REPLACE\n",
        &expect![[r#"
            ! the search/replace block in line 1 names no file
        "#]],
    );
    check(
        &files,
        "--- a.rs\n+++ a.rs\n@@ -1,2 +1,2 @@\n 1a\n-nowhere\n+x\n",
        &expect![[r#"
            a.rs
              (same)
              ! change 1 of `a.rs` is not taken: the line `nowhere` is not in the file
        "#]],
    );
    check(
        &files,
        "--- b.rs\n+++ b.rs\n@@ -1 +1 @@\n-1a\n+x\n",
        &expect![[r#"
            b.rs
              (same)
              ! there is no file `b.rs`
        "#]],
    );
    check(
        &files,
        "--- a.rs\n+++ a.rs\n@@ -5,0 +6 @@\n+only this\n",
        &expect![[r#"
            a.rs
              (same)
              ! change 1 of `a.rs` is not taken: it only adds lines and does not say next to which
        "#]],
    );
    check(
        &files,
        "diff --git a/x.png b/x.png\nindex 1..2 100644\nBinary files a/x.png and b/x.png differ\n",
        &expect![[r#"
            ! the diff of `x.png` is binary, which is not taken
        "#]],
    );
    check(
        &files,
        "--- a.rs\n+++ a.rs\n@@ -1 +1 @@\n-1a\n+x\n@@ -1 +1 @@\n-1a\n+y\n",
        &expect![[r#"
            a.rs
              |x
              |2b
              |3c
              |4d
              |5e
              |6f
              |7g
              |8h
              |9i
              |10j
              |11k
              |12l
              ! change 2 of `a.rs` is not taken: another change touches the same place
        "#]],
    );
    check(
        &files,
        "*** Add File: a.rs\n+x\n",
        &expect![[r#"
        a.rs (new)
          (same)
          ! `a.rs` exists already
    "#]],
    );
    check(
        &files,
        "a.rs:3\n```suggestion\nwholly different thing\n```\n",
        &expect![[r#"
            a.rs
              (same)
              ! change 1 of `a.rs` is not taken: it has nothing in common with the lines whose numbers it gives
        "#]],
    );
    check(&files, "no change at all, thank you\n", &expect![[""]]);
    check(
        &files,
        "a.rs\n```\n1a\n2b\n",
        &expect![[r#"
        ! the block of `a.rs` in line 2 has no end: the answer was cut
    "#]],
    );
}
