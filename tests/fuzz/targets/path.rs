//! Paths in the words of agents: what is taken stays below the root.
#![no_main]

use domain::path::RelPath;
use libfuzzer_sys::fuzz_target;
use std::path::{Component, Path};

const ROOTS: &[&str] = &[
    "/home/me/proj",
    "/",
    "C:/Users/me/proj",
    "//server/share/proj",
];

fuzz_target!(|data: &[u8]| {
    let said = String::from_utf8_lossy(data);
    for root in ROOTS {
        let Ok(path) = RelPath::parse(root, &said) else {
            continue;
        };
        let text = path.as_str();
        assert!(text.len() <= RelPath::MAX_LEN);
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(
            text.split('/').all(|it| !matches!(it, "" | "." | "..")),
            "{text:?}"
        );
        assert!(
            Path::new(text)
                .components()
                .all(|it| matches!(it, Component::Normal(_)))
        );
        if !root.starts_with("/home") && *root != "/" {
            assert!(
                !text.contains(['\\', ':']),
                "{text:?} means something else on Windows"
            );
        }
        assert_eq!(RelPath::try_from(text.to_owned()).as_ref(), Ok(&path));
        let absolute = format!("{}/{text}", root.trim_end_matches('/'));
        if absolute == absolute.trim() && absolute.len() <= RelPath::MAX_LEN {
            assert_eq!(RelPath::parse(root, &absolute).as_ref(), Ok(&path));
        }
    }
});
