//! Which root a document belongs to.

#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;

/// A directory with `folder/.git`, `folder/inner/`, `lone/.git` and `lone/sub/`.
fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    for dir in ["folder/.git", "folder/inner", "lone/.git", "lone/sub"] {
        std::fs::create_dir_all(tree.path().join(dir)).unwrap();
    }
    std::fs::write(tree.path().join("folder/a b.rs"), "").unwrap();
    tree
}

fn uri(tree: &tempfile::TempDir, path: &str) -> String {
    uri::from_path(&tree.path().join(path))
}

/// `root: path`, both below the tree.
fn place(roots: &mut Roots, tree: &tempfile::TempDir, path: &str) -> String {
    match roots.place(&uri(tree, path)) {
        Ok(place) => {
            let base = tree.path().canonicalize().unwrap();
            format!(
                "{}: {}",
                place.root.strip_prefix(base).unwrap().display(),
                place.path.as_str()
            )
        }
        Err(why) => why,
    }
}

#[test]
fn the_deepest_folder_wins_and_repositories_are_found() {
    let tree = tree();
    let mut roots = Roots::default();
    roots.add_folder(&uri(&tree, "folder")).unwrap();
    roots.add_folder(&uri(&tree, "folder/inner/")).unwrap();
    assert_eq!(place(&mut roots, &tree, "folder/a b.rs"), "folder: a b.rs");
    assert_eq!(
        place(&mut roots, &tree, "folder/inner/new.rs"),
        "folder/inner: new.rs"
    );
    assert_eq!(place(&mut roots, &tree, "lone/sub/x.rs"), "lone: sub/x.rs");
    assert_eq!(roots.iter().filter(|it| it.is_folder).count(), 2);
    let inner = roots.folder(&uri(&tree, "folder/inner")).unwrap();
    assert!(roots.remove(&inner).is_some());
    assert_eq!(
        place(&mut roots, &tree, "folder/inner/new.rs"),
        "folder: inner/new.rs"
    );
}

#[test]
fn what_cannot_be_reviewed_says_why() {
    let mut roots = Roots::default();
    let why = roots.place("untitled:Untitled-1").unwrap_err();
    assert_eq!(
        why,
        "`untitled:` documents are not files on this machine; save it to a file first"
    );
    assert!(roots.place("file:///a/../b").is_err());
    assert!(roots.place("nonsense").is_err());
}

#[test]
#[cfg(unix)]
fn a_folder_behind_a_link_keeps_its_name_in_uris() {
    let tree = tree();
    std::os::unix::fs::symlink(tree.path().join("folder"), tree.path().join("link")).unwrap();
    let mut roots = Roots::default();
    roots.add_folder(&uri(&tree, "link")).unwrap();
    assert_eq!(place(&mut roots, &tree, "link/a b.rs"), "folder: a b.rs");
    let root = roots.iter().next().unwrap();
    let path = RelPath::try_from("a b.rs".to_owned()).unwrap();
    assert_eq!(root.uri_of(&path), uri(&tree, "link/a b.rs"));
}
