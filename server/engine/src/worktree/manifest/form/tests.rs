//! Tests of reading a manifest back: what was written, and nothing else.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

fn a_path() -> impl Strategy<Value = Path> {
    prop::collection::vec("[a-cé]{1,3}", 1..4).prop_map(|it| it.join("/").into_bytes())
}

fn paths() -> impl Strategy<Value = Vec<Path>> {
    prop::collection::btree_set(a_path(), 0..4).prop_map(|it| it.into_iter().collect())
}

fn a_stat(kind: Kind) -> impl Strategy<Value = Stat> {
    (
        any::<u64>(),
        any::<i64>(),
        any::<i64>(),
        any::<u64>(),
        0..0o7777u32,
    )
        .prop_map(move |(size, modified, changed, inode, mode)| Stat {
            kind,
            size,
            modified,
            changed,
            inode,
            mode,
        })
}

fn content() -> impl Strategy<Value = Content> {
    let base = prop_oneof![
        Just(Base::None),
        Just(Base::Kept),
        prop::array::uniform20(any::<u8>())
            .prop_map(|it| Base::Object(ObjectName::new(&it).unwrap())),
    ];
    let file = (
        any::<Option<Hash>>(),
        prop::sample::select(&SOURCES[..]),
        base,
    );
    prop_oneof![
        file.prop_map(|(hash, source, base)| Content::File { hash, source, base }),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(Content::Link),
    ]
}

fn an_entry(path: Path) -> impl Strategy<Value = Entry> {
    let theirs = prop::option::of(a_stat(Kind::File));
    (
        a_stat(Kind::Link),
        any::<bool>(),
        theirs,
        any::<bool>(),
        content(),
    )
        .prop_map(
            move |(ours, ours_racy, theirs, theirs_racy, content)| Entry {
                path: path.clone(),
                ours,
                ours_racy,
                theirs,
                theirs_racy,
                content,
            },
        )
}

fn a_manifest() -> impl Strategy<Value = Manifest> {
    let entries =
        paths().prop_flat_map(|paths| paths.into_iter().map(an_entry).collect::<Vec<_>>());
    let left_out = paths().prop_flat_map(|paths| {
        let reason = prop::sample::select(&REASONS[..]);
        let each = paths
            .into_iter()
            .map(move |path| (Just(path), reason.clone()));
        each.collect::<Vec<_>>()
    });
    let lists = (paths(), paths(), paths(), left_out, entries);
    (lists, any::<(Hash, bool, bool)>()).prop_map(
        |((hollow, linked, kept, left_out, entries), (rules, sparse, modes))| Manifest {
            top: b"/home/x".to_vec(),
            entries,
            hollow,
            linked,
            kept,
            left_out,
            rules,
            sparse,
            modes,
        },
    )
}

/// The bytes with the hash that belongs to them, as somebody would write it who wants to be believed.
fn signed(mut body: Vec<u8>) -> Vec<u8> {
    let hash = blake3::hash(&body);
    body.extend_from_slice(hash.as_bytes());
    body
}

proptest! {
    #[test]
    fn what_was_written_is_read(manifest in a_manifest()) {
        prop_assert_eq!(read(&write(&manifest)), Some(manifest));
    }

    #[test]
    fn a_damaged_one_is_none(manifest in a_manifest(), at in any::<prop::sample::Index>(), flip in 1..=255u8) {
        let mut bytes = write(&manifest);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert_eq!(read(&bytes), None);
        prop_assert_eq!(read(&bytes[..at]), None);
    }

    #[test]
    fn a_forged_one_never_names_what_is_outside(
        manifest in a_manifest(),
        at in any::<prop::sample::Index>(),
        new in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let mut body = write(&manifest);
        body.truncate(body.len() - blake3::OUT_LEN);
        let at = MAGIC.len() + at.index(body.len() - MAGIC.len());
        let end = (at + new.len()).min(body.len());
        body.splice(at..end, new);
        if let Some(read) = read(&signed(body)) {
            let entries = read.entries.iter().map(|it| &it.path);
            let all = entries.chain(&read.hollow).chain(&read.linked).chain(&read.kept);
            prop_assert!(all.clone().all(|it| path::is_sound(it)));
        }
    }
}

#[test]
fn a_forged_path_is_refused() {
    for path in ["../x", "/etc/passwd", ".git/config", "a/../../b"] {
        let manifest = Manifest {
            kept: vec![path.as_bytes().to_vec()],
            ..Manifest::default()
        };
        assert_eq!(read(&write(&manifest)), None, "{path}");
    }
    assert_eq!(read(b""), None);
    assert_eq!(read(&signed(MAGIC.to_vec())), None);
}
