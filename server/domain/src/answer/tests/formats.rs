//! The formats of linters.

use super::*;
use expect_test::expect;

#[test]
fn sarif() {
    check(
        r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint","rules":[
              {"id":"R1","shortDescription":{"text":"Short description"},"defaultConfiguration":{"level":"error"},
               "properties":{"tags":["security","external/cwe/cwe-079"],"precision":"high"},
               "messageStrings":{"default":{"text":"Use of {0} in '{1}' {{ok}}"}}},
              {"id":"R2","properties":{"security-severity":"9.8"}}]}},
            "columnKind":"unicodeCodePoints",
            "originalUriBaseIds":{"SRC":{"uri":"src/","uriBaseId":"ROOT"},"ROOT":{"uri":"file:///r/"}},
            "artifacts":[{"location":{"uri":"by%20index.c"}}],
            "results":[
              {"ruleId":"R1","ruleIndex":0,"message":{"id":"default","arguments":["eval","main"]},
               "locations":[{"physicalLocation":{"artifactLocation":{"uri":"a%20b.c","uriBaseId":"SRC"},"region":{"startLine":3,"startColumn":5,"endColumn":9,"snippet":{"text":"eval\n"}}},
                             "logicalLocations":[{"name":"main"}]}]},
              {"ruleId":"R1","message":{"id":"missing"},"level":"note","rank":30,
               "locations":[{"physicalLocation":{"artifactLocation":{"index":0},"region":{"charOffset":10,"charLength":4}}}]},
              {"ruleId":"R2/sub","message":{"text":"See [here](1). More.\nSecond line."},
               "locations":[{"physicalLocation":{"artifactLocation":{"uri":"x.c"},"region":{"startLine":1}}}],
               "relatedLocations":[{"id":1,"message":{"text":"source"},"physicalLocation":{"artifactLocation":{"uri":"y.c"},"region":{"startLine":7}}}],
               "fixes":[{"artifactChanges":[{"artifactLocation":{"uri":"x.c"},"replacements":[{"deletedRegion":{"startLine":1,"startColumn":2,"endColumn":4},"insertedContent":{"text":"y"}}]}]}]},
              {"ruleId":"R3","message":{"text":"two fixes"},"fixes":[{},{}]},
              {"ruleId":"R3","message":{"text":"other file"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"x.c"},"region":{"byteOffset":3}}}],
               "fixes":[{"artifactChanges":[{"artifactLocation":{"uri":"z.c"},"replacements":[{"deletedRegion":{"startLine":1}}]}]}]},
              {"ruleId":"R4","message":{"text":"suppressed"},"suppressions":[{"kind":"inSource"}]},
              {"ruleId":"R4","message":{"text":"rejected suppression"},"suppressions":[{"kind":"external","status":"rejected"}]},
              {"ruleId":"R4","kind":"pass","message":{"text":"passed"}},
              {"ruleId":"R4","baselineState":"absent","message":{"text":"gone"}},
              {"message":{}}
            ]}]}"#,
        expect![[r#"
            Sarif
            file:///r/src/a%20b.c:3:5c-3:9c error security [R1] 0.85: Use of eval in 'main' {ok}
              in main
              quote "eval"
            by index.c@10..14c info security [R1] 0.3: Short description
            x.c:1 error [R2/sub]: See here. More.
              body "Second line.\n\nRelated:\n- `y.c:7` source"
              replace at:1:2c-1:4c "y"
            ? warning [R3]: two fixes
            x.c@3..3b warning [R3]: other file
            ? warning [R4]: rejected suppression
            ! finding 4: it has several fixes to choose from, which are left out
            ! finding 5: its fix is not of the same file and is left out
            ! finding 7: it has no title and no text
            ! results left out because they are suppressed: 1
            ! results left out because they are no failures: 1
            ! results left out because they are gone since the baseline: 1
        "#]],
    );
    check(
        r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"results":[]}]}"#,
        expect![[r#"
        Sarif, clean
    "#]],
    );
    check(
        r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}}}]}"#,
        expect![[r#"
            Sarif
            ! incomplete
            ! lint tells no results, so it did not finish
        "#]],
    );
    check(
        r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"results":[],"invocations":[{"executionSuccessful":false,"toolExecutionNotifications":[{"message":{"text":"out of memory"}}]}]}]}"#,
        expect![[r#"
            Sarif
            ! incomplete
            ! lint says that it failed: out of memory
        "#]],
    );
}

#[test]
fn rdjson() {
    check(
        r#"{"source":{"name":"lint"},"severity":"WARNING","diagnostics":[
            {"message":"whole lines","location":{"path":"a.go","range":{"start":{"line":3},"end":{"line":4}}},"severity":"ERROR","code":{"value":"E1"}},
            {"message":"columns","location":{"path":"a.go","range":{"start":{"line":3,"column":5},"end":{"line":3,"column":9}}},
             "suggestions":[{"range":{"start":{"line":3,"column":5}},"text":"ins"}]},
            {"message":"two","location":{"path":"a.go"},"severity":3,"suggestions":[{"text":"a"},{"text":"b"}]},
            {"location":{"path":"a.go"}},
            {"message":"odd","location":{"path":"a.go"},"severity":"LOUD"}]}"#,
        expect![[r#"
            Rdjson
            a.go:3-4 error [E1]: whole lines
            a.go:3:5b-3:9b warning: columns
              replace at:3:5b-3:5b "ins"
            a.go info: two
            a.go warning: odd
            ! finding 3: it has several suggestions to choose from, which are left out
            ! finding 4: it has no message
            ! finding 5: unknown severity "LOUD"
        "#]],
    );
    check(
        "{\"message\":\"one\",\"location\":{\"path\":\"a.go\",\"range\":{\"start\":{\"line\":1,\"column\":2}}},\"severity\":\"INFO\"}\n{\"message\":\"two\",\"location\":{\"path\":\"b.go\"}}\n",
        expect![[r#"
            Rdjsonl
            a.go:1:2b info: one
            b.go -: two
        "#]],
    );
    check_as(
        Format::Rdjson,
        &[r#"{"source":{"name":"x"},"diagnostics":[]}"#],
        expect![[r#"
        Rdjson, clean
    "#]],
    );
}

#[test]
fn checkstyle() {
    check(
        r#"<?xml version="1.0" encoding="utf-8"?>
<checkstyle version="8.0"><file name="src/A &amp; B.java"><error line="3" column="7" severity="error" message="&lt;T&gt; isn&apos;t &#x27;used&#39;" source="com.x.Check"/>
<error line="4" severity="warning" message="W"></error><error line="5" severity="ignore" message="no"/><error line="6" severity="loud" message="odd"/><error line="7" message=""/></file>
<file name="b.java"/></checkstyle>"#,
        expect![[r#"
            Checkstyle
            src/A & B.java:3:7c error [com.x.Check]: <T> isn't 'used'
            src/A & B.java:4 warning: W
            src/A & B.java:6 -: odd
            ! finding 3: unknown severity loud
            ! finding 4: it has no title and no text
        "#]],
    );
    check(
        r#"<checkstyle version="4.3"></checkstyle>"#,
        expect![[r#"
        Checkstyle, clean
    "#]],
    );
    check(
        r#"<checkstyle version="4.3"><file name="a"><error line="1" message="m"/>"#,
        expect![[r#"
            Checkstyle
            a:1 -: m
            ! incomplete
            ! the XML ends in the middle
        "#]],
    );
    check(
        r#"<checkstyle><file name="a"><error line="1" message="m"/></wrong></checkstyle>"#,
        expect![[r#"
            Checkstyle
            a:1 -: m
            ! incomplete
            ! the XML is broken at byte 56: ill-formed document: expected `</file>`, but `</wrong>` was found
        "#]],
    );
    check(
        r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY e SYSTEM "file:///etc/passwd">]><checkstyle><file name="f"><error line="1" message="&b; &e;"/></file></checkstyle>"#,
        expect![[r#"
            Checkstyle
            f:1 -: &b; &e;
        "#]],
    );
    check(
        "Here is the report:\n```xml\n<checkstyle><file name=\"a\"><error line=\"1\" message=\"m\"/></file></checkstyle>\n```\n",
        expect![[r#"
        Checkstyle
        a:1 -: m
    "#]],
    );
}

#[test]
fn lsp() {
    check(
        r#"{"uri":"file:///r/a.rs","diagnostics":[{"range":{"start":{"line":0,"character":4},"end":{"line":0,"character":7}},"severity":1,"code":"E1","source":"x","message":"first line"},
            {"range":{"start":{"line":5,"character":0},"end":{"line":6,"character":0}},"severity":4,"code":{"value":7},"message":{"kind":"markdown","value":"a\nb"}},
            {"range":"odd","message":"no range","severity":9},{"range":{"start":{"line":1,"character":1}}}]}"#,
        expect![[r#"
            Lsp
            file:///r/a.rs:1:5u-1:8u? error [E1]: first line
            file:///r/a.rs:6:1u-7:1u? hint [7]: a
              body "b"
            file:///r/a.rs -: no range
            ! finding 3: its range cannot be read
            ! finding 3: unknown severity 9
            ! finding 4: it has no title and no text
        "#]],
    );
    check(
        r#"[{"uri":"file:///r/a.rs","diagnostics":[{"range":{"start":{"line":1,"character":1},"end":{"line":1,"character":2}},"message":"m","severity":"Warning"}]},{"uri":"file:///r/b.rs","diagnostics":[]}]"#,
        expect![[r#"
        Lsp
        file:///r/a.rs:2:2u-2:3u? warning: m
    "#]],
    );
    check(
        r#"{"kind":"full","items":[{"range":{"start":{"line":1,"character":1},"end":{"line":1,"character":2}},"message":"m"}]}"#,
        expect![[r#"
        Lsp
        ?:2:2u-2:3u? -: m
    "#]],
    );
    check(
        r#"{"uri":"file:///r/a.rs","diagnostics":[]}"#,
        expect![[r#"
        Lsp, clean
    "#]],
    );
    check(
        r#"{"file:///r/a.rs":[{"range":{"start":{"line":1,"character":1},"end":{"line":1,"character":2}},"message":"m"}]}"#,
        expect![[r#"
        Lsp
        file:///r/a.rs:2:2u-2:3u? -: m
    "#]],
    );
}

#[test]
fn eslint() {
    let one = r#"{"filePath":"/r/a.js","messages":[
        {"ruleId":"no-unused-vars","severity":2,"message":"'x' is assigned a value but never used.","line":1,"column":7,"endLine":1,"endColumn":8,
         "suggestions":[{"desc":"Remove unused variable 'x'.","fix":{"range":[0,10],"text":""}}]},
        {"ruleId":"prefer-const","severity":1,"message":"'y' is never reassigned.","line":2,"column":5,"fix":{"range":[12,15],"text":"const"}},
        {"ruleId":null,"fatal":true,"severity":2,"message":"Parsing error: Unexpected token","line":9,"column":1},
        {"ruleId":"unicode-bom","severity":1,"message":"BOM","line":1,"column":1,"fix":{"range":[-1,0],"text":""}}],
        "suppressedMessages":[],"errorCount":2,"source":"const x = 1;"}"#;
    check(
        one,
        expect![[r#"
        Eslint
        /r/a.js:1:7u-1:8u error [no-unused-vars]: 'x' is assigned a value but never used.
          body "Suggestion: Remove unused variable 'x'."
        /r/a.js:2:5u warning [prefer-const]: 'y' is never reassigned.
          replace at@12..15u "const"
        /r/a.js:9:1u error: Parsing error: Unexpected token
        /r/a.js:1:1u warning [unicode-bom]: BOM
    "#]],
    );
    check_as(
        Format::Eslint,
        &[
            "Here are the results of running ESLint on 2 files, src/x.js:1: among them",
            r#"{"filePath":"/r/b.js","messages":[{"ruleId":"eqeqeq","severity":2,"message":"Expected '==='.","line":3,"column":7}]}"#,
            r#"{"filePath":"/r/c.js","messages":[]}"#,
            "If any file had problems, fix them and run it again.",
        ],
        expect![[r#"
            Eslint
            /r/b.js:3:7u error [eqeqeq]: Expected '==='.
        "#]],
    );
    check_as(
        Format::Eslint,
        &[
            "Here are the results.",
            r#"{"filePath":"/r/c.js","messages":[]}"#,
            "No problems were found otherwise",
        ],
        expect![[r#"
            Eslint, clean
        "#]],
    );
    check(
        r#"[{"filePath":"/r/dist/a.js","messages":[{"ruleId":null,"fatal":false,"severity":1,"message":"File ignored because of a matching ignore pattern."}]}]"#,
        expect![[r#"
            Eslint, clean
            - /r/dist/a.js: File ignored because of a matching ignore pattern.
        "#]],
    );
}

#[test]
fn semgrep() {
    let all = r#"{"version": "1.182.0", "results": [
        {"check_id": "shell-true", "path": "app.py", "start": {"line": 4, "col": 5, "offset": 38}, "end": {"line": 4, "col": 38, "offset": 71},
         "extra": {"message": "`shell=True` runs what the user says. Pass a list.", "severity": "ERROR", "fingerprint": "requires login", "lines": "requires login",
                   "metadata": {"category": "security", "cwe": ["CWE-78"], "confidence": "HIGH"}, "engine_kind": "OSS"}},
        {"check_id": "no-eval", "path": "app.py", "start": {"line": 5, "col": 12}, "end": {"line": 6, "col": 2},
         "extra": {"message": "Do not eval.", "fix": "literal_eval(user)", "metadata": {"category": "best-practice", "cwe": "CWE-95: eval"}, "severity": "WARNING"}},
        {"check_id": "note", "path": "app.py", "start": {"line": 1}, "extra": {"severity": "INVENTORY"}}],
        "errors": [], "paths": {"scanned": ["app.py"]}, "skipped_rules": []}"#;
    check(
        all,
        expect![[r#"
        Semgrep
        app.py:4:5b-4:38b error security [shell-true] 0.85: `shell=True` runs what the user says. Pass a list.
        app.py:5:12b-6:2b warning security [no-eval]: Do not eval.
          replace "literal_eval(user)"
        app.py:1 hint [note]: note
    "#]],
    );
    let partly = r#"{"results": [], "errors": [{"code": 3, "level": "warn", "type": "Syntax error", "message": "Syntax error at line app.py:1", "path": "app.py"}],
        "paths": {"scanned": ["app.py"], "skipped": [{"path": "big.py", "reason": "exceeded_size_limit"}]}}"#;
    check_as(
        Format::Semgrep,
        &[partly],
        expect![[r#"
        Semgrep
        - big.py: exceeded_size_limit
        ! incomplete
        ! app.py: Syntax error at line app.py:1
    "#]],
    );
    check_as(
        Format::Semgrep,
        &[r#"{"results": [], "errors": [], "paths": {"scanned": ["a.py"]}}"#],
        expect![[r#"
            Semgrep, clean
        "#]],
    );
}
