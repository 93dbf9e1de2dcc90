//! Logins that are kept, and who may have them.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::super::keyring::Kind;
use super::*;
use serde_json::json;

/// A login with this token.
fn grant(token: &str) -> Grant {
    let credentials = json!({
        "client_id": "c", "granted_scopes": [],
        "token_response": { "access_token": token, "token_type": "bearer" },
    });
    serde_json::from_value(json!({ "credentials": credentials })).unwrap()
}

fn store(directory: &Path) -> Store {
    let url = Url::parse("https://agents.example/mcp?token=hush").unwrap();
    Store::new(Some(directory.to_owned()), "house", &url)
}

/// A `secret-tool` that keeps secrets in files named by what they are kept under.
#[cfg(unix)]
fn secret_tool(directory: &Path, script: &str) -> Keyring {
    use std::os::unix::fs::PermissionsExt;
    let tool = directory.join("secret-tool");
    let script = script.replace("DIR", directory.to_str().unwrap());
    fs::write(&tool, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    Keyring::new(Kind::SecretTool, tool)
}

#[cfg(unix)]
#[tokio::test]
async fn a_keyring_is_preferred_to_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
echo "$*" >> DIR/asked
case $1 in
  store) cat > DIR/secret ;;
  lookup) cat DIR/secret ;;
esac"#;
    let tool = secret_tool(directory.path(), script);
    let store = store(directory.path()).with_keyring(Some(tool));
    assert!(store.load().await.is_none());
    store.save(&grant("hush-1")).await.unwrap();
    store.save(&grant("hush-2")).await.unwrap();
    assert_eq!(store.load().await.unwrap().token(), "hush-2");
    let file = fs::read_to_string(directory.path().join(FILE)).unwrap();
    assert_eq!(
        file,
        r#"{"logins":{"house https://agents.example/mcp":"keyring"}}"#
    );
    // No secret is an argument, where others could see it, and nobody is asked for what was never kept.
    let asked = fs::read_to_string(directory.path().join("asked")).unwrap();
    assert!(!asked.contains("hush"), "{asked}");
    assert_eq!(asked.lines().count(), 3, "{asked}");
}

#[cfg(unix)]
#[tokio::test]
async fn without_a_keyring_the_file_serves() {
    let directory = tempfile::tempdir().unwrap();
    let broken = secret_tool(
        directory.path(),
        "cat > /dev/null; echo 'no D-Bus' >&2; exit 1",
    );
    let absent = Keyring::new(Kind::SecretTool, directory.path().join("none"));
    for keyring in [Some(broken), Some(absent), None] {
        let store = store(directory.path()).with_keyring(keyring);
        store.save(&grant("hush")).await.unwrap();
        assert_eq!(store.load().await.unwrap().token(), "hush");
    }
}

#[tokio::test]
async fn logins_are_for_one_agent_at_one_place() {
    let directory = tempfile::tempdir().unwrap();
    store(directory.path()).save(&grant("ours")).await.unwrap();
    let url = Url::parse("https://agents.example/mcp?token=other").unwrap();
    let elsewhere = Url::parse("https://agents.example.org/mcp").unwrap();
    let of = |agent: &str, url: &Url| Store::new(Some(directory.path().to_owned()), agent, url);
    assert!(of("house", &url).load().await.is_some());
    assert!(of("house", &elsewhere).load().await.is_none());
    assert!(of("other", &url).load().await.is_none());
    of("other", &url).save(&grant("theirs")).await.unwrap();
    assert_eq!(of("house", &url).load().await.unwrap().token(), "ours");
}

#[tokio::test]
async fn one_changes_logins_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let locked = store.lock().await.unwrap();
    let waiting = store.lock();
    tokio::pin!(waiting);
    let early = tokio::time::timeout(3 * PAUSE, &mut waiting).await;
    assert!(early.is_err());
    drop(locked);
    waiting.await.unwrap();
}
