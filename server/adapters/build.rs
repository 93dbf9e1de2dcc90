//! Packs the dictionary of misspellings into two flat files.
//!
//! The dictionary's crate is a table of a quarter of a million pointers, and the loader would have to put each of
//! them right at every start, of the language server too: 7 ms and 9 MB. A flat text needs nothing.

use std::io::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

#[path = "src/builtin/dictionary/bucket.rs"]
mod bucket;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/builtin/dictionary/bucket.rs");
    let mut buckets = vec![Vec::new(); bucket::COUNT];
    for (word, corrections) in typos_dict::WORD.map.entries() {
        let word = word.into_inner().to_lowercase();
        buckets[bucket::of(word.as_bytes())].push(format!("{word}\t{}\n", corrections.join("\t")));
    }
    let directory = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut starts = io::BufWriter::new(fs::File::create(directory.join("misspellings.starts"))?);
    let mut text = String::new();
    for mut bucket in buckets {
        starts.write_all(&offset(&text)?)?;
        bucket.sort();
        text.extend(bucket);
    }
    starts.write_all(&offset(&text)?)?;
    starts.flush()?;
    fs::write(directory.join("misspellings.txt"), text)
}

fn offset(text: &str) -> io::Result<[u8; 4]> {
    let offset = u32::try_from(text.len()).map_err(io::Error::other)?;
    Ok(offset.to_le_bytes())
}
