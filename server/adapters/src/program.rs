//! The program that an adapter starts.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// A program as seen from where we were started: it runs elsewhere, in a directory that must not choose it. A name stays one,
/// to be looked up in `PATH`.
pub(crate) fn absolute(program: &OsStr) -> OsString {
    let path = Path::new(program);
    let is_name = path.components().count() == 1 && path.file_name() == Some(program);
    match std::path::absolute(path) {
        Ok(absolute) if !is_name => absolute.into_os_string(),
        _ => program.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn a_path_does_not_depend_on_the_directory_any_more() {
        let here = std::env::current_dir().unwrap();
        let cases = [
            ("tool", "tool".into()),
            ("./tool", here.join("tool")),
            ("bin/tool", here.join("bin/tool")),
        ];
        for (program, expected) in cases {
            assert_eq!(absolute(OsStr::new(program)), expected, "{program}");
        }
        let there = here.join("tool");
        assert_eq!(absolute(there.as_os_str()), there);
    }
}
