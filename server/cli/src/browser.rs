//! Showing a page in the user's browser, by the platform's opener.

use crate::output::style;
use process::run::{Limits, run};
use process::which::which;
use process::{Environment, Exit, Spec};
use std::ffi::OsString;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Longest time that the opener itself may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Opens a page in the background, and says so when that fails. Call this inside of a runtime.
pub(crate) fn open(url: &str) {
    let url = url.to_owned();
    tokio::spawn(async move {
        if let Err(error) = start(&url).await {
            anstream::eprintln!(
                "{}: the browser could not be started ({error}); open this page yourself: {url}",
                style::warning("warning")
            );
        }
    });
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
    let output = run(&spec, b"", &limits).await;
    let output = output.map_err(|error| error.to_string())?;
    if output.exit == Exit::Code(0) {
        Ok(())
    } else {
        Err(format!("`{}` failed", spec.program.display()))
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
    // What we start ends with us; a browser should not, so it gets a session of its own.
    let own_session: &[&str] = if is_there("setsid") {
        &["setsid", "--fork"]
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
            Ok(vec!["setsid", "--fork", "xdg-open", url])
        );
        assert_eq!(
            opener(url, |it| it == "xdg-open"),
            Ok(vec!["xdg-open", url])
        );
        assert!(opener(url, |_| false).is_err());
    }
}
