//! What the configuration says, all of its files together.

use super::{Git, GitError};
use process::Exit;
use std::collections::BTreeMap;

/// Settings by name, in git's form: section and variable in lower case. Of several values the last counts; a name
/// without a value is `true`.
pub(crate) type Settings = BTreeMap<String, String>;

impl Git {
    /// The settings whose names `pattern` (an extended regular expression) matches. Those that are not UTF-8 are left out.
    pub(crate) async fn settings(&self, pattern: &str) -> Result<Settings, GitError> {
        let args = ["config", "-z", "--get-regexp", pattern];
        match self.run(&[], &args).await {
            Ok(found) => Ok(read(&found.stdout)),
            // Nothing is set.
            Err(GitError::Silent(Exit::Code(1))) => Ok(Settings::new()),
            Err(error) => Err(error),
        }
    }
}

fn read(output: &[u8]) -> Settings {
    let pairs = output.split(|it| *it == 0).filter(|it| !it.is_empty());
    pairs
        .filter_map(|pair| {
            let (key, value) = std::str::from_utf8(pair)
                .ok()
                .map(|it| it.split_once('\n').unwrap_or((it, "true")))?;
            Some((key.to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts() {
        let read = read(b"core.filemode\0core.eol\nlf\0core.eol\ncr\nlf\0");
        let all: Vec<(&str, &str)> = read.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(all, [("core.eol", "cr\nlf"), ("core.filemode", "true")]);
    }
}
