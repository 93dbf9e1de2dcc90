//! Every format, as agents write it.

use super::check;
use expect_test::expect;

const MAIN: &str = "fn main() {\n    let a = 1;\n    let b = 2;\n    println!(\"{}\", a + b);\n}\n";

#[test]
fn unified_diffs() {
    let files = [("src/main.rs", MAIN)];
    let diffs = [
        // With everything that git writes.
        "diff --git a/src/main.rs b/src/main.rs\nindex 1234567..89abcde 100644\n--- a/src/main.rs\n+++ b/src/main.rs\n@@ -1,5 +1,5 @@ fn main() {\n fn main() {\n-    let a = 1;\n+    let a = 10;\n     let b = 2;\n     println!(\"{}\", a + b);\n }\n",
        // Wrong counts, wrong line.
        "--- a/src/main.rs\n+++ b/src/main.rs\n@@ -17,1 +99,44 @@\n fn main() {\n-    let a = 1;\n+    let a = 10;\n",
        // No numbers.
        "--- src/main.rs\n+++ src/main.rs\n@@ ... @@\n-    let a = 1;\n+    let a = 10;\n",
        "--- src/main.rs\t2026-01-01\n+++ src/main.rs\t2026-01-02\n@@\n fn main() {\n-    let a = 1;\n+    let a = 10;\n     let b = 2;\n",
        // In a fence, among words, with CRLF.
        "Here is the fix:\r\n\r\n```diff\r\n--- a/src/main.rs\r\n+++ b/src/main.rs\r\n@@ -1,3 +1,3 @@\r\n fn main() {\r\n-    let a = 1;\r\n+    let a = 10;\r\n     let b = 2;\r\n```\r\nThat is all.\r\n",
    ];
    for diff in diffs {
        check(
            &files,
            diff,
            &expect![[r#"
                src/main.rs
                  |fn main() {
                  |    let a = 10;
                  |    let b = 2;
                  |    println!("{}", a + b);
                  |}
            "#]],
        );
    }
}

#[test]
fn git_diffs_that_create_delete_rename_and_change_modes() {
    check(
        &[
            ("old.txt", "one\n"),
            ("a b.sh", "run\n"),
            ("gone.rs", "x\n"),
            ("m.sh", "y\n"),
        ],
        "diff --git a/new.txt b/new.txt\nnew file mode 100755\nindex 0000000..1111111\n--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n\\ No newline at end of file\n\
         diff --git a/gone.rs b/gone.rs\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/gone.rs\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
         diff --git a/old.txt b/sub/moved.txt\nsimilarity index 90%\nrename from old.txt\nrename to sub/moved.txt\n--- a/old.txt\n+++ b/sub/moved.txt\n@@ -1 +1 @@\n-one\n+ONE\n\
         diff --git a/m.sh b/m.sh\nold mode 100644\nnew mode 100755\n\
         diff --git \"a/\\303\\244.txt\" \"b/\\303\\244.txt\"\nnew file mode 100644\n--- /dev/null\n+++ \"b/\\303\\244.txt\"\n@@ -0,0 +1 @@\n+umlaut\n\
         diff --git a/a b.sh b/a b.sh\n--- a/a b.sh\n+++ b/a b.sh\n@@ -1 +1 @@\n-run\n+walk\n",
        &expect![[r#"
            new.txt (new, +x)
              |one
              |two⊣
            gone.rs
              (deleted)
            old.txt -> sub/moved.txt
              |ONE
            m.sh +x
              (same)
            ä.txt (new)
              |umlaut
            a b.sh
              |walk
        "#]],
    );
}

#[test]
fn search_and_replace() {
    let files = [("src/main.rs", MAIN)];
    let blocks = [
        "src/main.rs\n<<<<<<< SEARCH\n    let a = 1;\n=======\n    let a = 10;\n>>>>>>> REPLACE\n",
        "```rust\nsrc/main.rs\n<<<<<<< SEARCH\n    let a = 1;\n=======\n    let a = 10;\n>>>>>>> REPLACE\n```\n",
        "**src/main.rs**\n```rust\n<<<<<<< SEARCH>\n    let a = 1;\n=======\n    let a = 10;\n>>>>>>> REPLACE\n```\n",
        "### `src/main.rs`:\n------- SEARCH\n    let a = 1;\n=======\n    let a = 10;\n+++++++ REPLACE\n",
        "src/main.rs\n<<<<<<< SEARCH\n:start_line:2\n:end_line:2\n-------\n    let a = 1;\n=======\n    let a = 10;\n>>>>>>> REPLACE\n",
        // Only a piece of the line; another depth.
        "src/main.rs\n<<<<<<< SEARCH\nlet a = 1;\n=======\nlet a = 10;\n>>>>>>> REPLACE\n",
    ];
    for block in blocks {
        check(
            &files,
            block,
            &expect![[r#"
                src/main.rs
                  |fn main() {
                  |    let a = 10;
                  |    let b = 2;
                  |    println!("{}", a + b);
                  |}
            "#]],
        );
    }
    check(
        &[("doc.md", "a\n=======\nb\n")],
        "doc.md\n<<<<<<< SEARCH\na\n\\=======\nb\n=======\nclean\n>>>>>>> REPLACE\n\nnew/file.txt\n<<<<<<< SEARCH\n=======\nfresh\n>>>>>>> REPLACE\n",
        &expect![[r#"
            doc.md
              |clean
            new/file.txt (new)
              |fresh
        "#]],
    );
}

#[test]
fn apply_patch() {
    check(
        &[
            ("src/main.rs", MAIN),
            (
                "b.py",
                "class A:\n    def f(self):\n        return 1\n\nclass B:\n    def f(self):\n        return 1\n",
            ),
            ("gone.txt", ""),
        ],
        "*** Begin Patch\n*** Update File: src/main.rs\n@@ fn main() {\n-    let a = 1;\n+    let a = 10;\n     let b = 2;\n*** Update File: b.py\n*** Move to: c.py\n@@ class B:\n@@     def f(self):\n-        return 1\n+        return 2\n*** Add File: d.txt\n+one\n+\n+two\n*** Delete File: gone.txt\n*** End Patch\n",
        &expect![[r#"
            src/main.rs
              |fn main() {
              |    let a = 10;
              |    let b = 2;
              |    println!("{}", a + b);
              |}
            b.py -> c.py
              |class A:
              |    def f(self):
              |        return 1
              |
              |class B:
              |    def f(self):
              |        return 2
            d.txt (new)
              |one
              |
              |two
            gone.txt
              (deleted)
        "#]],
    );
    // In a shell command, without sentinels, at the end of the file.
    check(
        &[("a.txt", "x\nend\nx\nend\n")],
        "```bash\napply_patch <<'EOF'\n*** Update File: a.txt\n@@\n-end\n+END\n*** End of File\nEOF\n```\n",
        &expect![[r#"
            a.txt
              |x
              |end
              |x
              |END
        "#]],
    );
    check(
        &[("a.txt", "x\n")],
        "*** Begin Patch\n*** Update File: a.txt\n+appended\n*** End Patch",
        &expect![[r#"
            a.txt
              |x
              |appended
        "#]],
    );
}

#[test]
fn whole_files_and_suggestions() {
    check(
        &[("src/main.rs", MAIN), ("x.rs", "a\nb\nc\n")],
        "First the file.\n\nsrc/main.rs\n```rust\nfn main() {\n    let a = 10;\n    let b = 2;\n    println!(\"{}\", a + b);\n}\n```\n\nA snippet of no file:\n```rust\nlet nothing = 1;\n```\n\n```toml title=\"new.toml\"\n[a]\n```\n\n````md path=README.md\n# T\n```sh\nx\n```\n````\n\n```python\n# tools/run.py\nprint(1)\n```\n",
        &expect![[r#"
            src/main.rs (whole)
              |fn main() {
              |    let a = 10;
              |    let b = 2;
              |    println!("{}", a + b);
              |}
            new.toml (whole)
              |[a]
            README.md (whole)
              |# T
              |```sh
              |x
              |```
            tools/run.py (whole)
              |print(1)
        "#]],
    );
    check(
        &[("x.rs", "let total = a;\nlet b = 2;\nlet c = 3;\n")],
        "x.rs:1\n```suggestion\nlet total = a + b;\n```\n\nx.rs:2\n```suggestion:-0+1\nlet b = 20;\nlet c = 30;\n```\n",
        &expect![[r#"
            x.rs
              |let total = a + b;
              |let b = 20;
              |let c = 30;
        "#]],
    );
}
