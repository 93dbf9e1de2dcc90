//! URIs of documents and the paths they mean.
//!
//! A client's URI is kept letter by letter as the name of its document; a path is only derived from it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use std::path::{Path, PathBuf};

/// What is escaped in a path: all but RFC 3986's unreserved characters, the separator, and what is common in
/// paths and safe.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'+')
    .remove(b'@')
    .remove(b':');

/// Why a document has no file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPath {
    /// It was never saved, or lives somewhere else.
    #[error("`{0}:` documents are not files on this machine; save it to a file first")]
    Scheme(String),
    /// It is on another machine.
    #[error("files on the host `{0}` cannot be reached")]
    Host(String),
    /// It is not a URI at all.
    #[error("it has no usable file name")]
    Malformed,
}

/// The path that a `file:` URI means.
///
/// # Errors
/// When it means none on this machine.
pub(crate) fn to_path(uri: &str) -> Result<PathBuf, NoPath> {
    let (scheme, rest) = uri.split_once(':').ok_or(NoPath::Malformed)?;
    let is_scheme = scheme.starts_with(|it: char| it.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || "+-.".contains(it));
    if !is_scheme {
        return Err(NoPath::Malformed);
    }
    if !scheme.eq_ignore_ascii_case("file") {
        return Err(NoPath::Scheme(scheme.to_owned()));
    }
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let path = match rest.strip_prefix("//") {
        Some(after) => {
            let slash = after.find('/').ok_or(NoPath::Malformed)?;
            let (host, path) = after.split_at(slash);
            if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
                return Err(NoPath::Host(host.to_owned()));
            }
            path
        }
        None => rest,
    };
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    if !bytes.starts_with(b"/") || bytes.contains(&0) {
        return Err(NoPath::Malformed);
    }
    native_path(bytes)
}

/// The `file:` URI of an absolute path.
pub(crate) fn from_path(path: &Path) -> String {
    let bytes = path_bytes(path);
    let slash = if bytes.starts_with(b"/") { "" } else { "/" };
    format!("file://{slash}{}", percent_encode(&bytes, ESCAPED))
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "elsewhere not every byte string is a path"
)]
fn native_path(bytes: Vec<u8>) -> Result<PathBuf, NoPath> {
    use std::os::unix::ffi::OsStringExt;
    Ok(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(unix)]
fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
fn native_path(bytes: Vec<u8>) -> Result<PathBuf, NoPath> {
    let text = String::from_utf8(bytes).map_err(|_| NoPath::Malformed)?;
    Ok(without_slash_before_drive(&text).replace('/', "\\").into())
}

#[cfg(not(unix))]
fn path_bytes(path: &Path) -> Vec<u8> {
    let text = path.to_string_lossy().replace('\\', "/");
    text.strip_prefix("//?/")
        .unwrap_or(&text)
        .as_bytes()
        .to_vec()
}

/// `/c:/x` is `c:/x` on the machine.
#[cfg(not(unix))]
fn without_slash_before_drive(path: &str) -> &str {
    let rest = &path[1..];
    let is_drive =
        rest.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && rest[1..].starts_with(':');
    if is_drive { rest } else { path }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    #[cfg(unix)]
    fn reads_what_clients_send() {
        use std::os::unix::ffi::OsStrExt;
        let scheme = |it: &str| Err(NoPath::Scheme(it.to_owned()));
        let path = |it: &str| Ok(PathBuf::from(it));
        for (uri, expected) in [
            ("file:///home/a/b.rs", path("/home/a/b.rs")),
            ("FILE:///a", path("/a")),
            ("file:/a", path("/a")),
            ("file://localhost/a", path("/a")),
            ("file:///a%20b/%C3%A4%23.rs", path("/a b/ä#.rs")),
            ("file:///a b/[x].rs", path("/a b/[x].rs")),
            ("file:///a.rs?query#fragment", path("/a.rs")),
            ("file:///c%3A/a.rs", path("/c:/a.rs")),
            ("file:///100%", path("/100%")),
            ("untitled:Untitled-1", scheme("untitled")),
            ("vscode-remote://ssh/home/a.rs", scheme("vscode-remote")),
            ("git:/a.rs?x", scheme("git")),
            ("file://server/share/a", Err(NoPath::Host("server".into()))),
            ("file://", Err(NoPath::Malformed)),
            ("file:///a%00b", Err(NoPath::Malformed)),
            ("", Err(NoPath::Malformed)),
            ("no uri at all", Err(NoPath::Malformed)),
            ("/plain/path: x", Err(NoPath::Malformed)),
        ] {
            assert_eq!(to_path(uri), expected, "{uri}");
        }
        assert_eq!(
            to_path("file:///%FF").unwrap().as_os_str().as_bytes(),
            b"/\xff"
        );
    }

    #[test]
    #[cfg(unix)]
    fn writes_what_it_reads() {
        use std::os::unix::ffi::OsStrExt;
        let weird = std::ffi::OsStr::from_bytes(b"/a b/\xff%/[#]?\xc3\xa4.rs");
        assert_eq!(
            from_path(Path::new(weird)),
            "file:///a%20b/%FF%25/%5B%23%5D%3F%C3%A4.rs"
        );
        assert_eq!(
            to_path(&from_path(Path::new(weird))),
            Ok(PathBuf::from(weird))
        );
    }
}
