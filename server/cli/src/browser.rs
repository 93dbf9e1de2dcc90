//! Showing a page in the user's browser, by the platform's opener.

use crate::output::style;
use process::run::{Limits, RunError, run};
use process::which::which;
use process::{Environment, Exit, Spec};
use std::ffi::OsString;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long the opener is waited for. One that goes on is the browser itself, and has opened the page.
const DEADLINE: Duration = Duration::from_secs(5);

/// Opens a page in the background, and says so when that fails; the task ends when the page is open. Call this inside
/// of a runtime.
pub(crate) fn open(url: &str) -> JoinHandle<()> {
    let url = url.to_owned();
    tokio::spawn(async move {
        if let Err(error) = start(&url).await {
            anstream::eprintln!(
                "{}: the browser could not be started ({error}); open this page yourself: {url}",
                style::warning("warning")
            );
        }
    })
}

async fn start(url: &str) -> Result<(), String> {
    let environment = Environment::inherited();
    let words = opener(url, |program| which(program, &environment).is_some())?;
    let mut words = words.into_iter().map(OsString::from);
    let spec = Spec {
        program: words.next().unwrap_or_default(),
        args: words.collect(),
        // Not the workspace: what lies there is none of the opener's business.
        cwd: std::env::temp_dir(),
        environment,
    };
    let limits = Limits {
        deadline: DEADLINE,
        stdout: 0,
        cancel: CancellationToken::new(),
    };
    match run(&spec, b"", &limits).await {
        Ok(output) if output.exit == Exit::Code(0) => Ok(()),
        Ok(_) => Err(format!("`{}` failed", spec.program.display())),
        Err(RunError::Deadline { .. }) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// The command line that opens a page.
fn opener(url: &str, is_there: impl Fn(&str) -> bool) -> Result<Vec<&str>, String> {
    let is_page = url.starts_with("https://") || url.starts_with("http://");
    if !is_page || url.contains(|it: char| it.is_whitespace() || it.is_control()) {
        return Err("this is no address of a page".to_owned());
    }
    if cfg!(target_os = "macos") {
        return Ok(vec!["open", url]);
    }
    if cfg!(windows) {
        // Not `start`, whose shell would take the address apart.
        return Ok(vec!["rundll32", "url.dll,FileProtocolHandler", url]);
    }
    if !is_there("xdg-open") {
        return Err("there is no `xdg-open`".to_owned());
    }
    // What we start ends with us; a browser should not, so it gets a session of its own. `setsid` stays until it has one:
    // it would be too soon to end its group before that.
    let own_session: &[&str] = if is_there("setsid") {
        &["setsid", "--wait"]
    } else {
        &[]
    };
    Ok([own_session, &["xdg-open", url]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_are_opened() {
        for url in [
            "file:///etc/passwd",
            "--help",
            "javascript:x",
            "https://a b",
            "https://a\n",
            "vscode://x",
        ] {
            assert!(opener(url, |_| true).is_err(), "{url}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_opener_of_this_platform() {
        let url = "https://example.org/?a=b&c";
        assert_eq!(
            opener(url, |_| true),
            Ok(vec!["setsid", "--wait", "xdg-open", url])
        );
        assert_eq!(
            opener(url, |it| it == "xdg-open"),
            Ok(vec!["xdg-open", url])
        );
        assert!(opener(url, |_| false).is_err());
    }
}
