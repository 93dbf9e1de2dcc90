//! MCP server lists of other tools.

use super::*;
use expect_test::expect;

#[test]
fn lists_of_the_user() {
    let fixture = Fixture::new()
        .user("import = [\"claude\", \"cursor\", \"vscode\", \"codex\", \"zed\"]\n[agents.github.review]\ntool = \"check\"")
        .file(
            "home/.claude.json",
            r#"{ "history": ["…"], "mcpServers": {
                "github": { "type": "stdio", "command": "github-mcp", "args": ["${TOKEN}", "${NONE:-d}"], "timeout": 60000 },
                "off": { "command": "off", "disabled": true },
                "old": { "type": "sse", "url": "https://old.example" },
                "unset": { "command": "x", "env": { "K": "${NONE}" } },
                "builtin": { "command": "mine" },
                "broken": 3 } }"#,
        )
        .file(
            "home/.cursor/mcp.json",
            "{ // servers\n \"mcpServers\": { \"github\": {\"command\": \"second\"}, \"lint\": { \"command\": \"npx\", \"args\": [\"@eslint/mcp\"], }, } }",
        )
        .file(
            "home/.config/Code/User/mcp.json",
            r#"{ "inputs": [], "servers": {
                "asks": { "command": "x", "env": { "K": "${input:key}" } },
                "file": { "command": "x", "envFile": "${workspaceFolder}/.env" },
                "remote": { "type": "http", "url": "https://r.example/mcp", "headers": { "A": "${env:TOKEN}" } } } }"#,
        )
        .file(
            "home/.codex/config.toml",
            r#"model = "x"
[mcp_servers.docs]
command = "docs"
args = ["${NOT_FILLED}"]
startup_timeout_sec = 10
tool_timeout_sec = 60
[mcp_servers.docs.env]
KEY = "value"
[mcp_servers.far]
url = "https://far.example/mcp"
bearer_token_env_var = "TOKEN"
env_http_headers = { X-B = "NONE" }
[mcp_servers.eslint]
command = "my-eslint"
"#,
        )
        .file(
            "home/.config/zed/settings.json",
            r#"{ "theme": "x", "context_servers": {
                "old": { "command": { "path": "zed-old", "args": ["${x}"], "env": { "A": "b" } } },
                "extension": { "source": "extension", "settings": {} },
                "new": { "source": "custom", "command": "zed-new", "args": [], "env": { "N": 1, "Z": null } } } }"#,
        );
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        docs by docs (~/.codex/config.toml): docs ${NOT_FILLED}; KEY=value; call 60s; start 10s
          review: review{}
          edit: edit{}
        eslint by eslint (~/.codex/config.toml): my-eslint; by rules
          review: lint-files{"filePaths":"{{ paths }}"} -> Eslint (Disk)
        github by github (~/.claude.json, ~/.config/crosscheck/config.toml): github-mcp s3cret d; call 60s
          review: check{}
        lint by eslint (~/.cursor/mcp.json): npx @eslint/mcp; by rules
          review: lint-files{"filePaths":"{{ paths }}"} -> Eslint (Disk)
        new by new (~/.config/zed/settings.json): zed-new; N=1
          review: review{}
          edit: edit{}
        old by old (~/.config/zed/settings.json): zed-old ${x}; A=b
          review: review{}
          edit: edit{}
        remote by remote (~/.config/Code/User/mcp.json): https://r.example/mcp; A: s3cret
          review: review{}
          edit: edit{}
        review: github
        warning: …/home/.claude.json: mcpServers.broken: the server "broken" is left out: it is not a table
        warning: …/home/.claude.json: mcpServers.old: the server "old" is left out: it uses the SSE transport; streamable HTTP has replaced it
        warning: …/home/.config/Code/User/mcp.json: servers.file: the server "file" is left out: its `envFile` is not read; list the variables in `env`
        warning: …/home/.config/zed/settings.json: context_servers.extension: the server "extension" is left out: it has neither `command` nor `url`
        warning: …/home/.config/Code/User/mcp.json: servers.asks.env.K: agent "asks" is left out: the input `key` is asked for by its own tool only; give the value in an environment variable
        warning: …/home/.codex/config.toml:9: mcp_servers.far.headers.X-B: agent "far" is left out: the environment variable `NONE` is not set; set it before Crosscheck starts
        warning: …/home/.claude.json: mcpServers.unset.env.K: agent "unset" is left out: the environment variable `NONE` is not set; set it before Crosscheck starts
    "#]].assert_eq(&fixture.rendered());
}

#[test]
fn the_servers_of_a_project_in_claudes_own_file() {
    let fixture = Fixture::new().user("import = [\"claude\"]");
    let file = json!({
        "mcpServers": { "a": { "command": "everywhere" }, "b": { "command": "b" } },
        "projects": { fixture.root.to_str().unwrap(): { "mcpServers": { "a": { "command": "here" } } } },
    });
    let fixture = fixture.file("home/.claude.json", &file.to_string());
    expect![[r#"
        a by a (~/.claude.json): here
          review: review{}
          edit: edit{}
        b by b (~/.claude.json): b
          review: review{}
          edit: edit{}
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        review: builtin
    "#]]
    .assert_eq(&fixture.rendered());
}

#[test]
fn lists_in_the_workspace_need_trust_and_then_win_over_the_users() {
    let fixture = Fixture::new()
        .user("import = [\"claude\"]\n[review]\nagents = [\"linter\"]")
        .file("home/.claude.json", r#"{ "mcpServers": { "linter": { "command": "mine", "env": { "SECRET": "x" } } } }"#)
        .file("root/.mcp.json", r#"{ "servers": { "linter": { "command": "./theirs" }, "eslint": { "command": "npx" } } }"#);
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        linter by linter (~/.claude.json): mine; SECRET=x
          review: review{}
          edit: edit{}
        review: linter
        untrusted: agent "eslint" would start: npx (.mcp.json)
        untrusted: agent "linter" would start: ./theirs (.mcp.json)
    "#]]
    .assert_eq(&fixture.rendered());
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        eslint by eslint (.mcp.json): npx; by rules
          review: lint-files{"filePaths":"{{ paths }}"} -> Eslint (Disk)
        linter by linter (.mcp.json): …/root/theirs
          review: review{}
          edit: edit{}
        review: linter
    "#]]
    .assert_eq(&fixture.rendered_when_trusted());
}

#[test]
fn a_malformed_list_leaves_the_others() {
    let fixture = Fixture::new()
        .user("import = [\"claude\", \"cursor\", \"codex\", \"zed\"]")
        .file("home/.claude.json", "{\n\"mcpServers\": {\n")
        .file("home/.cursor/mcp.json", "{\"mcpServers\": []}")
        .file("home/.codex/config.toml", "a = 1\n[mcp_servers\n")
        .file(
            "home/.config/zed/settings.json",
            "{\"context_servers\": {\"z\": {\"command\": \"z\"}}}",
        );
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        z by z (~/.config/zed/settings.json): z
          review: review{}
          edit: edit{}
        review: builtin
        error: …/home/.claude.json:3: -: the file is left out: EOF while parsing an object at line 3 column 0
        error: …/home/.cursor/mcp.json: -: the file is left out: `mcpServers` is not a table
        error: …/home/.codex/config.toml:2: -: the file is left out: unclosed table, expected `]`
    "#]].assert_eq(&fixture.rendered());
}

#[test]
fn a_project_file_takes_no_imported_agent_away_before_trust() {
    let fixture = Fixture::new()
        .user("import = [\"cursor\"]\n[review]\nagents = [\"c\"]")
        .project("import = [\"codex\"]")
        .file(
            "home/.cursor/mcp.json",
            "{\"mcpServers\": {\"c\": {\"command\": \"c\"}}}",
        );
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        c by c (~/.cursor/mcp.json): c
          review: review{}
          edit: edit{}
        review: c
        untrusted: the MCP servers that are listed for `codex` would become agents (crosscheck.toml)
    "#]]
    .assert_eq(&fixture.rendered());
}

#[test]
fn in_the_home_directory_the_users_lists_are_the_users() {
    let mut fixture = Fixture::new().user("import = [\"cursor\"]").file(
        "home/.cursor/mcp.json",
        "{\"mcpServers\": {\"c\": {\"command\": \"c\"}}}",
    );
    fixture.root = fixture.paths.home.clone();
    expect![[r#"
        builtin by crosscheck (built in): crosscheck agent builtin
          review: review{}
        c by c (.cursor/mcp.json): c
          review: review{}
          edit: edit{}
        review: builtin
    "#]]
    .assert_eq(&fixture.rendered());
}
