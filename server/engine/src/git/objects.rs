//! Reading objects: the texts that files had.

use super::{Git, GitError};
use std::collections::HashMap;

/// Most bytes of objects read at once; what comes after them is not read.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// Objects by the name they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    found: HashMap<String, Vec<u8>>,
    /// True when more came than [`MAX_BYTES`]: what is absent may exist.
    pub(crate) cut: bool,
}

impl Objects {
    /// The content of a file; `None` where there is no such file.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.found.get(name).map(Vec::as_slice)
    }
}

impl Git {
    /// Reads blobs by name (an object name, or `revision:./path`). Names that are no blob are absent.
    pub(crate) async fn objects(&self, names: &[String]) -> Result<Objects, GitError> {
        if names.is_empty() {
            return Ok(Objects::default());
        }
        let mut input = names.join("\n");
        input.push('\n');
        let found = self
            .run_with(&[], &["cat-file", "--batch"], input.as_bytes(), MAX_BYTES)
            .await?;
        Ok(Objects {
            found: read_batch(names, &found.stdout),
            cut: found.cut,
        })
    }
}

/// Reads `<object> <type> <size>\n<content>\n` for each name; everything else (`… missing`) is one line.
fn read_batch(names: &[String], mut rest: &[u8]) -> HashMap<String, Vec<u8>> {
    let mut found = HashMap::new();
    for name in names {
        let Some(end) = rest.iter().position(|it| *it == b'\n') else {
            break;
        };
        let header = String::from_utf8_lossy(&rest[..end]);
        rest = &rest[end + 1..];
        let mut words = header.rsplitn(3, ' ');
        let size = words.next().and_then(|it| it.parse::<usize>().ok());
        let kind = words.next();
        let (Some(size), Some("blob" | "tree" | "commit" | "tag")) = (size, kind) else {
            continue;
        };
        let Some(content) = rest.get(..size) else {
            break;
        };
        if kind == Some("blob") {
            found.insert(name.clone(), content.to_vec());
        }
        rest = rest.get(size + 1..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_contents_and_absences_in_order() {
        let names: Vec<String> = ["a", "gone 3", "tree", "c"].map(String::from).to_vec();
        let output = b"1234 blob 4\nx\ny\n\ngone 3 missing\n77 tree 3\n\0\n\0\n88 blob 0\n\n";
        let found = read_batch(&names, output);
        assert_eq!(found.get("a").map(Vec::as_slice), Some(&b"x\ny\n"[..]));
        assert_eq!(found.get("c").map(Vec::as_slice), Some(&b""[..]));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_cut_object_is_absent() {
        assert!(read_batch(&["a".to_owned()], b"1234 blob 40\nx\ny").is_empty());
    }
}
