//! The formats, each with the ways in which agents write it and get it wrong.

use super::check_all;
use expect_test::expect;

const MAIN: (&str, &str) = (
    "src/main.rs",
    "fn main() {\n    let a = 1;\n\n    let b = 2;\n}\n",
);
const FOUR: (&str, &str) = ("a.txt", "a\nb\nc\nd\n");

#[test]
fn unified_diffs() {
    check_all(
        &[
            (
                "context lines without their blank, in a fence",
                &[MAIN],
                "```diff\n--- a/src/main.rs\n+++ b/src/main.rs\n@@ -1,5 +1,5 @@\nfn main() {\n-    let a = 1;\n+    let a = 10;\n\n    let b = 2;\n-}\n+} // end\n```\n",
            ),
            (
                "the same without a fence",
                &[MAIN],
                "--- a/src/main.rs\n+++ b/src/main.rs\n@@ -1,5 +1,5 @@\nfn main() {\n-    let a = 1;\n+    let a = 10;\n\n    let b = 2;\n-}\n+} // end\n\nThat is all:\n\n- a is 10\n- the end is marked\n",
            ),
            (
                "what comes where blanks were lost is indented as in the file",
                &[MAIN],
                "--- a/src/main.rs\n+++ b/src/main.rs\n@@ -2,3 +2,4 @@\n    let a = 1;\n\n    let b = 2;\n+    let c = 3;\n",
            ),
            (
                "counts that are too small, empty lines without a blank",
                &[MAIN],
                "--- a/src/main.rs\n+++ b/src/main.rs\n@@ -1,2 +1,2 @@\n fn main() {\n-    let a = 1;\n+    let a = 10;\n\n-    let b = 2;\n+    let b = 20;\n }\n",
            ),
            (
                "hunks in a later fence, and after words",
                &[FOUR],
                "```diff\n--- a.txt\n+++ a.txt\n@@ -1 +1 @@\n-a\n+A\n```\nThen:\n```diff\n@@ -3 +3 @@\n-c\n+C\n```\nAnd last\n\n@@ -4 +4 @@\n-d\n+D\n",
            ),
            (
                "a path before a fence without headers",
                &[FOUR, MAIN],
                "In `a.txt`:\n```diff\n-a\n+A\n b\n```\n\n**src/main.rs**\n```diff\n@@ ... @@\n-    let a = 1;\n+    let a = 10;\n```\n",
            ),
            (
                "empty lines between hunks",
                &[FOUR],
                "--- a.txt\n+++ a.txt\n@@ -1 +1 @@\n-a\n+A\n\n@@ -4 +4 @@\n-d\n+D\n",
            ),
            (
                "the last line end goes",
                &[("a.txt", "x\ny\n")],
                "--- a.txt\n+++ a.txt\n@@ -1,2 +1,2 @@\n x\n-y\n+y\n\\ No newline at end of file\n",
            ),
            (
                "the last line end comes",
                &[("a.txt", "x\ny")],
                "--- a.txt\n+++ a.txt\n@@ -1,2 +1,2 @@\n x\n-y\n\\ No newline at end of file\n+y\n",
            ),
            (
                "it goes with the last line",
                &[("a.txt", "x\ny\n")],
                "--- a.txt\n+++ a.txt\n@@ -1,2 +1 @@\n-x\n-y\n+x\n\\ No newline at end of file\n",
            ),
            (
                "neither has one",
                &[("a.txt", "x\r\ny")],
                "--- a.txt\n+++ a.txt\n@@ -1,2 +1,3 @@\n x\n-y\n\\ No newline at end of file\n+y\n+z\n\\ No newline at end of file\n",
            ),
            (
                "an empty file gets a line without an end",
                &[("a.txt", "")],
                "--- a.txt\n+++ a.txt\n@@ -0,0 +1 @@\n+z\n\\ No newline at end of file\n",
            ),
            (
                "a CRLF file",
                &[("a.txt", "a\r\nb\r\n")],
                "--- a.txt\n+++ a.txt\n@@ -1,2 +1,3 @@\n a\n-b\n+c\n+d\n",
            ),
        ],
        &expect![[r#"
            # context lines without their blank, in a fence
            src/main.rs
              -    let a = 1;
              +    let a = 10;
              -}
              +} // end
            # the same without a fence
            src/main.rs
              -    let a = 1;
              +    let a = 10;
              -}
              +} // end
            # what comes where blanks were lost is indented as in the file
            src/main.rs
              +    let c = 3;
            # counts that are too small, empty lines without a blank
            src/main.rs
              -    let a = 1;
              +    let a = 10;
              -    let b = 2;
              +    let b = 20;
            # hunks in a later fence, and after words
            a.txt
              -a
              +A
              -c
              -d
              +C
              +D
            # a path before a fence without headers
            a.txt
              -a
              +A
            src/main.rs
              -    let a = 1;
              +    let a = 10;
            # empty lines between hunks
            a.txt
              -a
              +A
              -d
              +D
            # the last line end goes
            a.txt
              -y
              +y⊣
            # the last line end comes
            a.txt
              -y⊣
              +y
            # it goes with the last line
            a.txt
              -x
              -y
              +x⊣
            # neither has one
            a.txt
              -y⊣
              +y␍
              +z⊣
            # an empty file gets a line without an end
            a.txt
              +z⊣
            # a CRLF file
            a.txt
              -b␍
              +c␍
              +d␍
        "#]],
    );
}

#[test]
fn damaged_diffs() {
    check_all(
        &[
            (
                "a hunk without a file",
                &[FOUR],
                "Look:\n\n@@ -1 +1 @@\n-a\n+A\n",
            ),
            ("a fence without a file", &[FOUR], "```diff\n-a\n+A\n```\n"),
            (
                "a line without a mark among marked ones",
                &[FOUR],
                "--- a.txt\n+++ a.txt\n@@ -1,1 +1,1 @@\n-a\n+A\nb\n-c\n+C\n",
            ),
            (
                "a diff that was cut",
                &[FOUR],
                "```diff\n--- a.txt\n+++ a.txt\n@@ -1,4 +1,4 @@\n-a\n+A\n b\n",
            ),
            (
                "a symbolic link, a submodule, a copy, a binary file",
                &[FOUR],
                "diff --git a/l b/l\nindex 1..2 120000\n--- a/l\n+++ b/l\n@@ -1 +1 @@\n-../x\n\\ No newline at end of file\n+../y\n\\ No newline at end of file\ndiff --git a/n b/n\nnew file mode 120000\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\ndiff --git a/s b/s\nindex 1..2 160000\n--- a/s\n+++ b/s\n@@ -1 +1 @@\n-Subproject commit 1\n+Subproject commit 2\ndiff --git a/a.txt b/b.txt\nsimilarity index 100%\ncopy from a.txt\ncopy to b.txt\ndiff --git a/x.png b/x.png\nGIT binary patch\nliteral 3\nabc\n",
            ),
            (
                "lines that stand for others",
                &[FOUR],
                "--- a.txt\n+++ a.txt\n@@ -1,4 +1,4 @@\n-a\n+A\n // ... existing code ...\n-d\n+D\n",
            ),
        ],
        &expect![[r#"
            # a hunk without a file
            ! the hunk in line 3 does not say which file it is for
            # a fence without a file
            ! the hunk in line 1 does not say which file it is for
            # a line without a mark among marked ones
            a.txt
              -a
              +A
            ! the hunk in line 3 was not read beyond `b`, which has no mark
            # a diff that was cut
            ! the diff of `a.txt` in line 2 has no end: the answer was cut
            # a symbolic link, a submodule, a copy, a binary file
            ! the diff of `l` is of a symbolic link, which is not taken
            ! the diff of `n` is of a symbolic link, which is not taken
            ! the diff of `s` is of a submodule, which is not taken
            ! the diff that copies `a.txt` to `b.txt` is not taken: a copy has to be told as a new file
            ! the diff of `x.png` is binary, which is not taken
            # lines that stand for others
            a.txt
              ! change 1 of `a.txt` is not taken: the line `// ... existing code ...` is not in the file
        "#]],
    );
}

#[test]
fn search_replace_blocks() {
    check_all(
        &[
            (
                "an empty line that is not there",
                &[FOUR],
                "a.txt\n<<<<<<< SEARCH\na\n\n=======\nA\n>>>>>>> REPLACE\n",
            ),
            (
                "an empty first line",
                &[FOUR],
                "a.txt\n<<<<<<< SEARCH\n\na\n=======\n\nA\n>>>>>>> REPLACE\n",
            ),
            (
                "an underline is no divider",
                &[("a.rst", "Title\n=====\ntext\n")],
                "a.rst\n<<<<<<< SEARCH\nTitle\n=====\ntext\n=======\nNew\n=====\ntext\n>>>>>>> REPLACE\n",
            ),
            (
                "an underline that comes",
                &[("a.rst", "Title\ntext\n")],
                "a.rst\n<<<<<<< SEARCH\nTitle\n=======\nTitle\n=======\n>>>>>>> REPLACE\n",
            ),
            (
                "conflict markers",
                &[(
                    "a.txt",
                    "x\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> topic\ny\n",
                )],
                "a.txt\n<<<<<<< SEARCH\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> topic\n=======\nboth\n>>>>>>> REPLACE\n",
            ),
            (
                "ended by a second divider",
                &[FOUR],
                "a.txt\n<<<<<<< SEARCH\na\n=======\nA\n=======\n\n<<<<<<< SEARCH\nd\n=======\nD\n>>>>>>> REPLACE\n",
            ),
            (
                "blocks that build on one another",
                &[FOUR],
                "a.txt\n<<<<<<< SEARCH\na\n=======\nfirst\nsecond\n>>>>>>> REPLACE\n<<<<<<< SEARCH\nsecond\nb\n=======\nSECOND\nB\n>>>>>>> REPLACE\n<<<<<<< SEARCH\nSECOND\n=======\nthird\n>>>>>>> REPLACE\n",
            ),
            (
                "letter by letter comes first",
                &[("a.py", "if x:\n    f()\n")],
                "a.py\n<<<<<<< SEARCH\nf()\n=======\ng()\n>>>>>>> REPLACE\n<<<<<<< SEARCH\nif x:\n=======\nf()\nif x:\n>>>>>>> REPLACE\n",
            ),
            (
                "the same block twice",
                &[FOUR],
                "a.txt\n<<<<<<< SEARCH\na\n=======\na\na2\n>>>>>>> REPLACE\n<<<<<<< SEARCH\na\n=======\na\na2\n>>>>>>> REPLACE\n",
            ),
            (
                "a file URI, a name among words",
                &[FOUR],
                "file:///work/x.txt\n<<<<<<< SEARCH\na\n=======\nA\n>>>>>>> REPLACE\n\nIn `a.txt` this:\n<<<<<<< SEARCH\nb\n=======\nB\n>>>>>>> REPLACE\n",
            ),
            (
                "a piece over several lines of a CRLF file",
                &[("a.js", "call(one,\r\n  two);\r\n")],
                "a.js\n<<<<<<< SEARCH\none,\n  two\n=======\none,\n  2,\n  three\n>>>>>>> REPLACE\n",
            ),
            (
                "an empty file is filled",
                &[("a.txt", "")],
                "a.txt\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n",
            ),
        ],
        &expect![[r#"
            # an empty line that is not there
            a.txt
              -a
              +A
            # an empty first line
            a.txt
              -a
              +A
            # an underline is no divider
            a.rst
              -Title
              +New
            # an underline that comes
            a.rst
              +=======
            # conflict markers
            a.txt
              -<<<<<<< HEAD
              -ours
              -=======
              -theirs
              ->>>>>>> topic
              +both
            # ended by a second divider
            a.txt
              -a
              +A
              -d
              +D
            # blocks that build on one another
            a.txt
              -a
              -b
              +first
              +third
              +B
            # letter by letter comes first
            a.py
              +g()
            # the same block twice
            a.txt
              +a2
            # a file URI, a name among words
            file:///work/x.txt
              ! there is no file `file:///work/x.txt`
            a.txt
              -b
              +B
            # a piece over several lines of a CRLF file
            a.js
              -  two);␍
              +  2,␍
              +  three);␍
            # an empty file is filled
            a.txt (new)
              +x
        "#]],
    );
}

#[test]
fn damaged_blocks() {
    check_all(
        &[
            (
                "no end, and the next one is read",
                &[FOUR],
                "a.txt\n<<<<<<< SEARCH\na\n=======\nA\n\na.txt\n<<<<<<< SEARCH\nb\n=======\nB\n>>>>>>> REPLACE\n",
            ),
            (
                "no divider, and the next one is read",
                &[FOUR],
                "a.txt\n<<<<<<< SEARCH\na\n>>>>>>> REPLACE\n\na.txt\n<<<<<<< SEARCH\nb\n=======\nB\n>>>>>>> REPLACE\n",
            ),
            (
                "something left out",
                &[FOUR],
                "a.txt\n<<<<<<< SEARCH\na\n=======\nA\n# ... rest of the code ...\n>>>>>>> REPLACE\n",
            ),
            (
                "nothing changes",
                &[FOUR],
                "a.txt\n<<<<<<< SEARCH\na\n=======\na\n>>>>>>> REPLACE\n",
            ),
            (
                "no file",
                &[FOUR],
                "See a.txt:\n<<<<<<< SEARCH\na\n=======\nA\n>>>>>>> REPLACE\n",
            ),
            (
                "in several places",
                &[("a.txt", "x\ny\nx\n")],
                "a.txt\n<<<<<<< SEARCH\nx\n=======\nz\n>>>>>>> REPLACE\n",
            ),
            (
                "a file that is there",
                &[FOUR],
                "a.txt\n<<<<<<< SEARCH\n=======\nz\n>>>>>>> REPLACE\n",
            ),
        ],
        &expect![[r#"
            # no end, and the next one is read
            a.txt
              -b
              +B
            ! the search/replace block in line 2 has no end `>>>>>>> REPLACE`
            # no divider, and the next one is read
            a.txt
              -b
              +B
            ! the search/replace block in line 2 has no divider `=======`
            # something left out
            a.txt
              ! change 1 of `a.txt` is not taken: it leaves something out (`# ... rest of the code ...`)
            # nothing changes
            ! the search/replace block in line 2 changes nothing
            # no file
            ! the search/replace block in line 2 names no file
            # in several places
            a.txt
              ! change 1 of `a.txt` is not taken: its lines stand in 2 places and nothing says which one is meant
            # a file that is there
            a.txt (new)
              ! `a.txt` exists already
        "#]],
    );
}

#[test]
fn apply_patch() {
    check_all(
        &[
            (
                "a new file without marks",
                &[],
                "*** Begin Patch\n*** Add File: n.rs\nfn a() {}\n\nfn b() {}\n*** End Patch\n",
            ),
            (
                "an empty new file",
                &[],
                "*** Begin Patch\n*** Add File: pkg/__init__.py\n*** Add File: b.txt\n+b\n*** End Patch\n",
            ),
            (
                "context without its blank",
                &[MAIN],
                "*** Begin Patch\n*** Update File: src/main.rs\n@@\nfn main() {\n-    let a = 1;\n+    let a = 10;\n\n    let b = 2;\n-}\n+} // end\n*** End Patch\n",
            ),
            (
                "hunks after empty lines",
                &[FOUR],
                "*** Begin Patch\n*** Update File: a.txt\n@@\n-a\n+A\n\n@@\n-d\n+D\n\n*** End of File\n*** End Patch\n",
            ),
            (
                "a hunk after words",
                &[FOUR],
                "*** Update File: a.txt\n@@\n-a\n+A\n\nAnd then\n\n@@\n-d\n+D\n",
            ),
        ],
        &expect![[r#"
            # a new file without marks
            n.rs (new)
              +fn a() {}
              +
              +fn b() {}
            # an empty new file
            pkg/__init__.py (new)
            b.txt (new)
              +b
            # context without its blank
            src/main.rs
              -    let a = 1;
              +    let a = 10;
              -}
              +} // end
            # hunks after empty lines
            a.txt
              -a
              +A
              -d
              +D
            # a hunk after words
            a.txt
              -a
              +A
              -d
              +D
        "#]],
    );
}

#[test]
fn damaged_apply_patch() {
    check_all(
        &[
            (
                "a new file with some marks",
                &[],
                "*** Begin Patch\n*** Add File: n.rs\n+fn a() {\nfn b() {\n+}\n*** End Patch\n",
            ),
            (
                "a new file without marks and without sentinels",
                &[],
                "*** Add File: n.rs\nfn a() {}\n\nThat is it.\n",
            ),
            (
                "no end",
                &[FOUR],
                "*** Begin Patch\n*** Update File: a.txt\n@@\n-a\n+A\n*** Add File: n.rs\n+fn a() {\n",
            ),
            (
                "something left out",
                &[],
                "*** Begin Patch\n*** Add File: n.rs\n+fn a() {}\n+// ... existing code ...\n*** End Patch\n",
            ),
            (
                "nothing changes",
                &[FOUR],
                "*** Begin Patch\n*** Update File: a.txt\n@@\n a\n*** End Patch\n",
            ),
        ],
        &expect![[r#"
            # a new file with some marks
            ! the new file `n.rs` in line 2 is not taken: its line `fn b() {` has no mark `+`
            # a new file without marks and without sentinels
            ! the new file `n.rs` in line 1 is not taken: its line `fn a() {}` has no mark `+`
            # no end
            a.txt
              -a
              +A
            ! the change of `n.rs` in line 6 is not taken: the patch has no end `*** End Patch`, so the answer was cut
            # something left out
            n.rs (new)
              ! the new text of `n.rs` is not taken: it leaves something out (`// ... existing code ...`)
            # nothing changes
            ! the update of `a.txt` in line 2 changes nothing
        "#]],
    );
}

#[test]
fn whole_files() {
    check_all(
        &[
            (
                "code that is about a file and is none",
                &[MAIN],
                "See src/main.rs:\n```rust\nfn main() {}\n```\n\n### Node.js\n```js\nx()\n```\n\n```1:2:src/main.rs\nfn main() {\n}\n```\n\n```rust profile=release.x\nlet a = 1;\n```\n",
            ),
            (
                "a CRLF file keeps its line ends",
                &[("a.txt", "a\r\nb\r\n")],
                "a.txt\n```\na\nB\nc\n```\n",
            ),
            (
                "a file without a last line end keeps none",
                &[("a.txt", "a\nb")],
                "a.txt\n```\nA\nb\n```\n",
            ),
            (
                "a new file with something left out",
                &[],
                "n.rs\n```rust\nfn a() {}\n// rest unchanged\n```\n",
            ),
            (
                "a stub has dots",
                &[],
                "n.pyi\n```python\nclass A:\n    def f(self): \n        ...\n```\n",
            ),
        ],
        &expect![[r#"
            # code that is about a file and is none
            # a CRLF file keeps its line ends
            a.txt (whole)
              -b␍
              +B␍
              +c␍
            # a file without a last line end keeps none
            a.txt (whole)
              -a
              +A
            # a new file with something left out
            n.rs (whole)
              ! the new text of `n.rs` is not taken: it leaves something out (`// rest unchanged`)
            # a stub has dots
            n.pyi (whole)
              +class A:
              +    def f(self): 
              +        ...
        "#]],
    );
}

#[test]
fn suggestions() {
    let three = ("a.rs", "let one = 1;\n}\nlet two = one + 1;\n");
    check_all(
        &[
            (
                "lines by number that are alike",
                &[three],
                "a.rs:3\n```suggestion\nlet two = one + 2;\n```\n",
            ),
            (
                "nothing in place of a line",
                &[three],
                "a.rs:3\n```suggestion\n```\n",
            ),
            (
                "in place of a bracket",
                &[three],
                "a.rs:2\n```suggestion\n};\n```\n",
            ),
            (
                "a line beside is meant",
                &[three],
                "a.rs:1\n```suggestion\nlet two = one + 2;\n```\n",
            ),
            (
                "no such line",
                &[three],
                "a.rs:9\n```suggestion\nlet two = one + 2;\n```\n",
            ),
            (
                "several lines by GitLab's reach",
                &[three],
                "a.rs:2\n```suggestion:-1+1\nlet one = 2;\n}\nlet two = one + 2;\n```\n",
            ),
            (
                "of no file",
                &[three],
                "line 3\n```suggestion\nlet two = one + 2;\n```\n",
            ),
            (
                "cut",
                &[three],
                "a.rs:3\n```suggestion\nlet two = one + 2;\n",
            ),
        ],
        &expect![[r#"
            # lines by number that are alike
            a.rs
              -let two = one + 1;
              +let two = one + 2;
            # nothing in place of a line
            a.rs
              ! change 1 of `a.rs` is not taken: only line numbers say what it is for, which proves nothing
            # in place of a bracket
            a.rs
              ! change 1 of `a.rs` is not taken: only line numbers say what it is for, which proves nothing
            # a line beside is meant
            a.rs
              ! change 1 of `a.rs` is not taken: lines beside those whose numbers it gives have more in common with it
            # no such line
            a.rs
              ! change 1 of `a.rs` is not taken: the file has no lines with its numbers
            # several lines by GitLab's reach
            a.rs
              -let one = 1;
              +let one = 2;
              -let two = one + 1;
              +let two = one + 2;
            # of no file
            ! the suggestion in line 2 does not say which lines of which file it is for
            # cut
            ! the suggestion in line 2 has no end: the answer was cut
        "#]],
    );
}
