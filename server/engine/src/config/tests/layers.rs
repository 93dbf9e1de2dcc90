//! Layers, agents and their problems.

use super::*;
use expect_test::expect;

#[test]
fn nothing_configured_is_the_embedded_agent() {
    let fixture = Fixture::new();
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        review: builtin
    "#]]
    .assert_eq(&fixture.rendered());
    let looked_for: Vec<String> = fixture
        .load()
        .files
        .iter()
        .map(|it| fixture.clean(&it.display().to_string()))
        .collect();
    expect![[r#"
        …/home/.config/crosscheck/config.toml
        …/root/crosscheck.toml"#]]
    .assert_eq(&looked_for.join("\n"));
}

#[cfg(unix)]
#[test]
fn agents_on_the_machine_are_offered_and_not_asked_by_themselves() {
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        codex by openai (found on PATH): crosscheck agent codex; call 1200s
          review: review{"effort":"high","task":"{{ prompt }}"} -> CodexReview
          ask: ask{}
        review: builtin
    "#]]
    .assert_eq(&Fixture::new().program("codex").rendered());
}

#[test]
fn the_example_of_the_documentation() {
    let fixture = Fixture::new().user(
        r#"
[agents.codex]
[agents.house]
command = ["house-agent", "--mcp", "${userHome}/x"]
env = { TOKEN = "${env:TOKEN}" }
cwd = "sub"
timeout = "10m30s"
idle = "90s"
start = "500ms"
concurrency = 1
[agents.house.review]
tool = "check_code"
arguments = { task = "{{ prompt }}", dir = "{{ root }}" }
answer = "sarif"
reads = "disk"
[agents.remote]
url = "https://agents.example/mcp"
headers = { Authorization = "Bearer ${env:TOKEN}" }
provider = "example"

[review]
agents = ["codex", "house"]
scope = "file"
on_save = true
exclude = ["*.lock"]
guidelines = false
instructions = "Be kind."

[limits]
file_size = "2MB"
files = 10
prompt_size = 1000
run = "1h"
"#,
    );
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        codex by openai (~/.config/crosscheck/config.toml): crosscheck agent codex; call 1200s
          review: review{"effort":"high","task":"{{ prompt }}"} -> CodexReview
          ask: ask{}
        house by house (~/.config/crosscheck/config.toml): house-agent --mcp …/home/x; TOKEN=s3cret; in …/root/sub; call 630s; idle 90s; start 500ms; 1 at once; by rules
          review: check_code{"dir":"{{ root }}","task":"{{ prompt }}"} -> Sarif (Disk)
        remote by example (~/.config/crosscheck/config.toml): https://agents.example/mcp; Authorization: Bearer s3cret
          review: review{}
          edit: edit{}
        review: codex, house; File; on save; no guidelines; exclude ["*.lock"]; "Be kind."
        LimitsConfig { file_bytes: 2097152, files: 10, prompt_bytes: 1000, run: 3600s, approval: 120s, worktrees: 8, worktree_bytes: 4294967296 }
    "#]].assert_eq(&fixture.rendered());
}

#[test]
fn later_layers_win_key_by_key() {
    let fixture = Fixture::new()
        .user(
            r#"
[agents.codex]
timeout = "5m"
env = { A = "user", B = "user" }
review.arguments = { effort = "low", extra = 1 }
[agents.house]
command = ["house"]
env = { SECRET = "x" }
[agents.other]
url = "https://other.example"
headers = { Authorization = "x" }
[agents.gone]
command = ["gone"]
[review]
agents = ["codex"]
exclude = ["user/"]
instructions = "user"
[limits]
files = 100
"#,
        )
        .project(
            r#"
[review]
agents = ["house", "codex"]
scope = "file"
exclude = ["!user/", "project/"]
[limits]
files = 50
"#,
        )
        .settings(json!({ "crosscheck": {
            "agents": {
                "codex": { "idle": "1m", "env": { "B": "settings" }, "timeout": null },
                "house": { "command": ["other-house"] },
                "other": { "url": "https://elsewhere.example" },
                "gone": { "enabled": false },
            },
            "review": { "onSave": true, "exclude": ["settings/"] },
            "limits": { "fileSize": "1KB", "promptSize": 2048 },
        }}));
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        codex by openai (~/.config/crosscheck/config.toml, editor settings): crosscheck agent codex; A=user; B=settings; call 300s; idle 60s
          review: review{"effort":"low","extra":1,"task":"{{ prompt }}"} -> CodexReview
          ask: ask{}
        house by house (~/.config/crosscheck/config.toml, editor settings): other-house
          review: review{}
          edit: edit{}
        other by other (~/.config/crosscheck/config.toml, editor settings): https://elsewhere.example
          review: review{}
          edit: edit{}
        review: house, codex; File; on save; exclude ["!user/", "project/", "user/", "settings/"]; "user"
        LimitsConfig { file_bytes: 1024, files: 50, prompt_bytes: 2048, run: 1800s, approval: 120s, worktrees: 8, worktree_bytes: 4294967296 }
    "#]].assert_eq(&fixture.rendered());
}

#[test]
fn another_tool_starts_the_mapping_afresh() {
    let fixture = Fixture::new().user(
        r#"
[agents.codex.review]
tool = "other_review"
[agents.mine]
preset = "codex"
[agents.mine.edit]
tool = "change"
"#,
    );
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        codex by openai (~/.config/crosscheck/config.toml): crosscheck agent codex; call 1200s
          review: other_review{}
          ask: ask{}
        mine by openai (~/.config/crosscheck/config.toml): crosscheck agent codex; call 1200s
          review: review{"effort":"high","task":"{{ prompt }}"} -> CodexReview
          edit: change{}
          ask: ask{}
        review: codex, mine
    "#]]
    .assert_eq(&fixture.rendered());
}

#[test]
fn problems() {
    let mut table = String::new();
    for text in [
        "[agents.house]\ntimeout = \"1m\"",
        "[agents.codx]",
        "[agents.contract]",
        "[agents.x]\npreset = \"codx\"",
        "[agents.x]\npreset = \"nothing\"",
        "[agents.x]\ncommand = []",
        "[agents.x]\ncommand = [\"a\"]\nurl = \"https://x\"\nheaders = { A = \"b\" }",
        "[agents.x]\ncommand = [\"./a\"]",
        "[agents.x]\ncommand = [\"~/bin/a\"]",
        "[agents.x]\ncommand = [\"${workspaceFolder}/a\"]",
        "[agents.x]\ncommand = \"a\"",
        "[agents.x]\ncommand = [\"a\", \"\\u0000\"]",
        "[agents.x]\nurl = \"ftp://x\"",
        "[agents.x]\nurl = \"https://x y\"",
        "[agents.x]\nurl = \"https://x\"\nenv = { A = \"b\" }\nheaders = { \"A b\" = \"c\" }",
        "[agents.x]\nurl = \"https://x\"\nheaders = { A = \"b\\nC: d\" }",
        "[agents.x]\ncommand = [\"a\"]\n[agents.x.env]\nA = \"${env:NONE}\"",
        "[agents.x]\ncommand = [\"a\"]\nenv = { \"A=B\" = \"\" }",
        "[agents.x]\ncommand = [\"a\"]\nreview = { answer = \"sarif\" }",
        "[agents.x]\ncommand = [\"a\"]\nask = { tool = \"t\" }\n[review]\nagents = [\"x\"]",
        "[agents.\"\"]\ncommand = [\"a\"]",
        "[agents.\"a\\u001b[31m\"]\ncommand = [\"a\"]",
        "[agents.codex]\nconcurrency = 0\nidle = 10\nstart = \"soon\"",
        "[agents.codex]\ntimeuot = \"1m\"\nmodel = \"x\"",
        "[agents.codex.review]\nanswer = \"html\"\nreads = \"disc\"",
        "[agents]\ncodex = true",
        "[agents.codex]\nenabled = false\n[review]\nagents = [\"codex\", \"codx\", \"eslint\", \"nobody\", \"codex\"]",
        "[agents.builtin]\nenabled = false",
        "[reveiw]\non_save = true",
        "[review]\nagents = \"codex\"\nscope = \"all\"\non_save = \"yes\"\nguidelines = 1",
        "[review]\nagents = [\"builtin\", 3]",
        "[review]\nagents = []",
        "[review]\nexclude = [\"[z-a]\", \"ok\"]",
        "[limits]\nfile_size = \"big\"\nfiles = 0\nprompt_size = -1\nrun = \"30d\"",
        "import = [\"emacs\"]",
        "import = \"claude\"",
        "a = 1\nb = = 2",
        "[review]\nagents = [\"codex\"]\n[review]\n",
        "[review]\nscope = \"file\"\nscop = \"x",
    ] {
        writeln!(table, "── {}", text.replace('\n', " ⏎ ")).unwrap();
        let rendered = Fixture::new().user(text).rendered();
        let rest = rendered.split_inclusive('\n').filter(|it| {
            !it.starts_with("builtin by crosscheck (built in)")
                && *it != "  review: review{}\n"
                && *it != "review: builtin\n"
        });
        table.extend(rest);
    }
    expect![[r#"
        ── [agents.house] ⏎ timeout = "1m"
        error: …/home/.config/crosscheck/config.toml:1: agents.house: agent "house" is left out: it has neither a `command` nor a `url`, and there is no preset `house`
        ── [agents.codx]
        error: …/home/.config/crosscheck/config.toml:1: agents.codx: agent "codx" is left out: it has neither a `command` nor a `url`, and there is no preset `codx`; did you mean `codex`?
        ── [agents.contract]
        error: …/home/.config/crosscheck/config.toml:1: agents.contract: agent "contract" is left out: its preset fits any server; say which by a `command` or a `url`
        ── [agents.x] ⏎ preset = "codx"
        error: …/home/.config/crosscheck/config.toml:2: agents.x.preset: agent "x" is left out: there is no preset `codx`; did you mean `codex`?
        ── [agents.x] ⏎ preset = "nothing"
        error: …/home/.config/crosscheck/config.toml:2: agents.x.preset: agent "x" is left out: there is no preset `nothing`; there are builtin, codex, contract, eslint
        ── [agents.x] ⏎ command = []
        error: …/home/.config/crosscheck/config.toml:2: agents.x.command: agent "x" is left out: the command is empty; write the program and its arguments
        ── [agents.x] ⏎ command = ["a"] ⏎ url = "https://x" ⏎ headers = { A = "b" }
        x by x (~/.config/crosscheck/config.toml): a
          edit: edit{}
        review: x
        error: …/home/.config/crosscheck/config.toml:3: agents.x.url: an agent has a `command` or a `url`, not both; the url is ignored
        error: …/home/.config/crosscheck/config.toml:4: agents.x.headers: `headers` need a `url`; they are ignored
        ── [agents.x] ⏎ command = ["./a"]
        error: …/home/.config/crosscheck/config.toml:2: agents.x.command: agent "x" is left out: the path of a program must be absolute, since a relative one would mean another file in each workspace; write `${userHome}/…` or `${workspaceFolder}/…`
        ── [agents.x] ⏎ command = ["~/bin/a"]
        error: …/home/.config/crosscheck/config.toml:2: agents.x.command: agent "x" is left out: the path of a program must be absolute, since a relative one would mean another file in each workspace; write `${userHome}/…` or `${workspaceFolder}/…`
        ── [agents.x] ⏎ command = ["${workspaceFolder}/a"]
        x by x (~/.config/crosscheck/config.toml): …/root/a
          edit: edit{}
        review: x
        ── [agents.x] ⏎ command = "a"
        error: …/home/.config/crosscheck/config.toml:2: agents.x.command: expected a list, found string "a"; the key is ignored
        error: …/home/.config/crosscheck/config.toml:1: agents.x: agent "x" is left out: it has neither a `command` nor a `url`, and there is no preset `x`
        ── [agents.x] ⏎ command = ["a", "\u0000"]
        error: …/home/.config/crosscheck/config.toml:2: agents.x.command: agent "x" is left out: there is a null character in the value
        ── [agents.x] ⏎ url = "ftp://x"
        error: …/home/.config/crosscheck/config.toml:2: agents.x.url: agent "x" is left out: the url must begin with `http://` or `https://`
        ── [agents.x] ⏎ url = "https://x y"
        error: …/home/.config/crosscheck/config.toml:2: agents.x.url: agent "x" is left out: there is white space in the url
        ── [agents.x] ⏎ url = "https://x" ⏎ env = { A = "b" } ⏎ headers = { "A b" = "c" }
        error: …/home/.config/crosscheck/config.toml:3: agents.x.env: `env` needs a `command`; it is ignored
        error: …/home/.config/crosscheck/config.toml:4: agents.x.headers."A b": agent "x" is left out: this is not a valid HTTP header
        ── [agents.x] ⏎ url = "https://x" ⏎ headers = { A = "b\nC: d" }
        error: …/home/.config/crosscheck/config.toml:3: agents.x.headers.A: agent "x" is left out: this is not a valid HTTP header
        ── [agents.x] ⏎ command = ["a"] ⏎ [agents.x.env] ⏎ A = "${env:NONE}"
        error: …/home/.config/crosscheck/config.toml:4: agents.x.env.A: agent "x" is left out: the environment variable `NONE` is not set; set it before Crosscheck starts
        ── [agents.x] ⏎ command = ["a"] ⏎ env = { "A=B" = "" }
        error: …/home/.config/crosscheck/config.toml:3: agents.x.env."A=B": agent "x" is left out: this cannot be the name of a variable
        ── [agents.x] ⏎ command = ["a"] ⏎ review = { answer = "sarif" }
        x by x (~/.config/crosscheck/config.toml): a
        error: …/home/.config/crosscheck/config.toml:3: agents.x.review: `review` of agent "x" is left out: name the `tool` to call
        ── [agents.x] ⏎ command = ["a"] ⏎ ask = { tool = "t" } ⏎ [review] ⏎ agents = ["x"]
        x by x (~/.config/crosscheck/config.toml): a
          ask: t{}
        review: x
        error: …/home/.config/crosscheck/config.toml:5: review.agents: agent "x" cannot review: name its tool in [agents.x.review]
        ── [agents.""] ⏎ command = ["a"]
        error: …/home/.config/crosscheck/config.toml:1: agents."": left out: the name of an agent has 1 to 64 visible characters
        ── [agents."a\u001b[31m"] ⏎ command = ["a"]
        error: …/home/.config/crosscheck/config.toml:1: agents."a\u{1b}[31m": left out: the name of an agent has 1 to 64 visible characters
        ── [agents.codex] ⏎ concurrency = 0 ⏎ idle = 10 ⏎ start = "soon"
        codex by openai (~/.config/crosscheck/config.toml): crosscheck agent codex; call 1200s
          review: review{"effort":"high","task":"{{ prompt }}"} -> CodexReview
          ask: ask{}
        review: codex
        error: …/home/.config/crosscheck/config.toml:2: agents.codex.concurrency: expected a whole number from 1 to 255, found integer `0`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:3: agents.codex.idle: expected a duration with a unit, like "90s" or "10m", found integer `10`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:4: agents.codex.start: `soon` is not a duration; write numbers with units, like `500ms`, `90s`, `10m` or `1h30m`; the key is ignored
        ── [agents.codex] ⏎ timeuot = "1m" ⏎ model = "x"
        codex by openai (~/.config/crosscheck/config.toml): crosscheck agent codex; call 1200s
          review: review{"effort":"high","task":"{{ prompt }}"} -> CodexReview
          ask: ask{}
        review: codex
        warning: …/home/.config/crosscheck/config.toml:2: agents.codex.timeuot: unknown key, ignored; did you mean `timeout`?
        warning: …/home/.config/crosscheck/config.toml:3: agents.codex.model: unknown key, ignored
        ── [agents.codex.review] ⏎ answer = "html" ⏎ reads = "disc"
        codex by openai (~/.config/crosscheck/config.toml): crosscheck agent codex; call 1200s
          review: review{"effort":"high","task":"{{ prompt }}"} -> CodexReview
          ask: ask{}
        review: codex
        error: …/home/.config/crosscheck/config.toml:2: agents.codex.review.answer: `html` is not known, expected one of `auto`, `findings`, `codex-review`, `report-findings`, `sarif`, `rdjson`, `rdjsonl`, `checkstyle`, `lsp`, `eslint`, `semgrep`, `text`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:3: agents.codex.review.reads: `disc` is not known, expected `text` or `disk`; the key is ignored
        ── [agents] ⏎ codex = true
        error: …/home/.config/crosscheck/config.toml:2: agents.codex: expected a table, found boolean `true`; the key is ignored
        ── [agents.codex] ⏎ enabled = false ⏎ [review] ⏎ agents = ["codex", "codx", "eslint", "nobody", "codex"]
        review: codex, codx, eslint, nobody
        error: …/home/.config/crosscheck/config.toml:4: review.agents: agent "codex" is switched off by `enabled = false`
        error: …/home/.config/crosscheck/config.toml:4: review.agents: there is no agent "codx"; did you mean "codex"?
        error: …/home/.config/crosscheck/config.toml:4: review.agents: agent "eslint" is not configured; add the table [agents.eslint] to use the preset of this name
        error: …/home/.config/crosscheck/config.toml:4: review.agents: there is no agent "nobody"; add a table [agents.nobody]
        ── [agents.builtin] ⏎ enabled = false
        review: 
        ── [reveiw] ⏎ on_save = true
        warning: …/home/.config/crosscheck/config.toml:1: reveiw: unknown key, ignored; did you mean `review`?
        ── [review] ⏎ agents = "codex" ⏎ scope = "all" ⏎ on_save = "yes" ⏎ guidelines = 1
        error: …/home/.config/crosscheck/config.toml:2: review.agents: expected a list, found string "codex"; the key is ignored
        error: …/home/.config/crosscheck/config.toml:3: review.scope: `all` is not known, expected `changes` or `file`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:4: review.on_save: expected `true` or `false`, found string "yes"; the key is ignored
        error: …/home/.config/crosscheck/config.toml:5: review.guidelines: expected `true` or `false`, found integer `1`; the key is ignored
        ── [review] ⏎ agents = ["builtin", 3]
        error: …/home/.config/crosscheck/config.toml:2: review.agents: expected a string, found integer `3`; the key is ignored
        ── [review] ⏎ agents = []
        review: 
        ── [review] ⏎ exclude = ["[z-a]", "ok"]
        review: builtin; exclude ["ok"]
        error: …/home/.config/crosscheck/config.toml:2: review.exclude: the pattern `[z-a]` is left out: error parsing glob '[z-a]': invalid range; 'z' > 'a'
        ── [limits] ⏎ file_size = "big" ⏎ files = 0 ⏎ prompt_size = -1 ⏎ run = "30d"
        error: …/home/.config/crosscheck/config.toml:2: limits.file_size: `big` is not a size; write a number with a unit, like `512B`, `200KB` or `1MB`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:3: limits.files: expected a whole number above zero, found integer `0`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:4: limits.prompt_size: expected a size like "200KB" or a number of bytes, found integer `-1`; the key is ignored
        error: …/home/.config/crosscheck/config.toml:5: limits.run: `30d` is not a duration; write numbers with units, like `500ms`, `90s`, `10m` or `1h30m`; the key is ignored
        ── import = ["emacs"]
        error: …/home/.config/crosscheck/config.toml:1: import: `emacs` is not known, expected one of `claude`, `vscode`, `cursor`, `codex`, `zed`; the key is ignored
        ── import = "claude"
        error: …/home/.config/crosscheck/config.toml:1: import: expected a list, found string "claude"; the key is ignored
        ── a = 1 ⏎ b = = 2
        error: …/home/.config/crosscheck/config.toml:2: -: the file is left out: extra `=`, expected nothing
        ── [review] ⏎ agents = ["codex"] ⏎ [review] ⏎ 
        error: …/home/.config/crosscheck/config.toml:3: -: the file is left out: duplicate key
        ── [review] ⏎ scope = "file" ⏎ scop = "x
        error: …/home/.config/crosscheck/config.toml:3: -: the file is left out: invalid basic string, expected `"`
    "#]].assert_eq(&table);
}

#[test]
fn a_template_with_an_unknown_variable_leaves_its_operation_out() {
    let fixture = Fixture::new().user(
        r#"
[agents.x]
command = ["a"]
edit = { tool = "t" }
[agents.x.review]
tool = "t"
arguments = { a = "{{ bad }}" }
"#,
    );
    let loaded = fixture.load();
    let operations = &loaded.config.agents["x"].operations;
    assert!(!operations.contains_key(&agents::Operation::Review));
    assert!(operations.contains_key(&agents::Operation::Edit));
    let [problem] = loaded.problems.as_slice() else {
        panic!("{:#?}", loaded.problems);
    };
    assert_eq!(problem.line, Some(7));
    assert_eq!(problem.key.as_deref(), Some("agents.x.review.arguments"));
    let start = "`review` of agent \"x\" is left out: argument `a`: ";
    assert!(problem.message.starts_with(start), "{}", problem.message);
    assert!(problem.message.contains("`bad`"), "{}", problem.message);
}

#[test]
fn a_problem_in_one_layer_falls_back_to_the_one_below() {
    let fixture = Fixture::new()
        .user("[limits]\nfiles = 10\n[agents.codex]\ntimeout = \"3m\"\n[review]\nscope = \"file\"")
        .settings(json!({
            "limits": { "files": "many", "run": "1m" },
            "agents": { "codex": { "timeout": 3, "idle": "1s" } },
            "review": 7,
            "no_such": {},
        }));
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        codex by openai (~/.config/crosscheck/config.toml, editor settings): crosscheck agent codex; call 180s; idle 1s
          review: review{"effort":"high","task":"{{ prompt }}"} -> CodexReview
          ask: ask{}
        review: codex; File
        LimitsConfig { file_bytes: 1048576, files: 10, prompt_bytes: 204800, run: 60s, approval: 120s, worktrees: 8, worktree_bytes: 4294967296 }
        error: settings: agents.codex.timeout: expected a duration with a unit, like "90s" or "10m", found integer `3`; the key is ignored
        error: settings: limits.files: expected a whole number above zero, found string "many"; the key is ignored
        error: settings: review: expected a table, found integer `7`; the key is ignored
        warning: settings: no_such: unknown key, ignored
    "#]].assert_eq(&fixture.rendered());
}

#[test]
fn a_value_that_is_not_used_needs_no_variable() {
    let fixture = Fixture::new()
        .user("[agents.codex]\nenv = { A = \"${env:NONE}\" }")
        .settings(json!({ "agents": { "codex": { "env": { "A": "set" } } } }));
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        codex by openai (~/.config/crosscheck/config.toml, editor settings): crosscheck agent codex; A=set; call 1200s
          review: review{"effort":"high","task":"{{ prompt }}"} -> CodexReview
          ask: ask{}
        review: codex
    "#]].assert_eq(&fixture.rendered());
}

#[test]
fn the_embedded_presets_are_sound() {
    let mut text = String::new();
    for (name, preset) in agents::preset::embedded() {
        for (key, period) in [
            ("timeout", &preset.timeout),
            ("idle", &preset.idle),
            ("start", &preset.start),
        ] {
            let period = period.as_ref().map(|it| it.parse::<units::Period>());
            assert!(!matches!(period, Some(Err(_))), "{name}: {key}: {period:?}");
        }
        if preset.command.is_some() || preset.url.is_some() {
            writeln!(text, "[agents.{name}]").unwrap();
        }
    }
    let fixture = Fixture::new().user(&text);
    let loaded = load(
        &fixture.paths,
        &fixture.root,
        &Value::Null,
        &fixture.trust(),
    );
    assert_eq!(loaded.problems, []);
}

#[cfg(unix)]
#[test]
fn what_is_found_is_offered_while_nobody_is_chosen() {
    let list = r#"{"mcpServers": {"github": {"command": "github-mcp"}}}"#;
    for (user, offered) in [
        ("", &["codex"][..]),
        ("import = [\"claude\"]", &["codex"]),
        ("[agents.codex]\nenabled = false", &[]),
        ("[agents.codex]", &[]),
        ("[review]\nagents = [\"builtin\"]", &[]),
        ("[review]\nagents = []", &[]),
    ] {
        let fixture = Fixture::new().user(user).program("codex");
        let loaded = fixture.file("home/.claude.json", list).load();
        assert_eq!(loaded.config.review.offered, offered, "{user}");
        assert!(!loaded.config.review.agents.contains(&"github".to_owned()));
    }
}
