//! What of many clusters is shown first, and what is left for whoever asks for all.

use super::{Cluster, Standing};
use crate::finding::FindingId;
use crate::path::RelPath;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

/// How many clusters a door shows unasked. What rules say is not counted and not left out: who runs a linter wants its whole
/// list, and it is remarks of models that people drown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Most of one file; no limit when 0.
    pub per_file: usize,
    /// Most of all; no limit when 0.
    pub per_run: usize,
}

impl Caps {
    /// No limits.
    pub const NONE: Self = Self {
        per_file: 0,
        per_run: 0,
    };
}

impl Default for Caps {
    /// A handful a file and what a person reads in one sitting.
    fn default() -> Self {
        Self {
            per_file: 5,
            per_run: 20,
        }
    }
}

/// What is not shown, by file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withheld {
    /// Clusters beyond the caps.
    pub more: BTreeMap<RelPath, BTreeSet<FindingId>>,
    /// Clusters that were refuted.
    pub refuted: BTreeMap<RelPath, BTreeSet<FindingId>>,
}

impl Withheld {
    /// True when a cluster of `path` is not shown.
    pub fn has(&self, path: &RelPath, id: &FindingId) -> bool {
        [&self.more, &self.refuted]
            .iter()
            .any(|it| it.get(path).is_some_and(|it| it.contains(id)))
    }

    /// Number of clusters beyond the caps.
    pub fn count_more(&self) -> usize {
        self.more.values().map(BTreeSet::len).sum()
    }

    /// Number of clusters that were refuted.
    pub fn count_refuted(&self) -> usize {
        self.refuted.values().map(BTreeSet::len).sum()
    }

    /// The files of which other clusters are withheld in `other`.
    pub fn differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a RelPath> {
        let both = [(&self.more, &other.more), (&self.refuted, &other.refuted)];
        both.into_iter().flat_map(|(a, b)| {
            let paths = a.keys().chain(b.keys());
            paths.filter(move |it| a.get(*it) != b.get(*it))
        })
    }
}

/// The more important one first: what others agree to or confirm, then by severity, confidence, and whether there is a fix.
/// The place in the file comes last.
pub fn by_importance(a: &Cluster, b: &Cluster) -> Ordering {
    let key = |it: &Cluster| {
        let is_founded = matches!(it.standing, Standing::Agreed | Standing::Confirmed);
        (Reverse(is_founded), Reverse(it.severity))
    };
    key(a)
        .cmp(&key(b))
        .then_with(|| b.confidence.total_cmp(&a.confidence))
        .then_with(|| a.primary().fix.is_none().cmp(&b.primary().fix.is_none()))
        .then_with(|| (&a.primary().path, a.range).cmp(&(&b.primary().path, b.range)))
        .then_with(|| a.id.cmp(&b.id))
}

/// What is to be withheld of the clusters of some files.
pub fn withheld<'c>(clusters: impl Iterator<Item = &'c Cluster>, caps: Caps) -> Withheld {
    let mut withheld = Withheld::default();
    let note = |files: &mut BTreeMap<RelPath, BTreeSet<FindingId>>, it: &Cluster| {
        let of_file = files.entry(it.primary().path.clone()).or_default();
        of_file.insert(it.id.clone());
    };
    let mut capped: Vec<&Cluster> = Vec::new();
    for it in clusters {
        match it.standing {
            Standing::Refuted => note(&mut withheld.refuted, it),
            Standing::Rule => {}
            _ => capped.push(it),
        }
    }
    capped.sort_by(|a, b| by_importance(a, b));
    let limit = |it: usize| if it == 0 { usize::MAX } else { it };
    let mut of_file = BTreeMap::new();
    let mut of_all = 0;
    for it in capped {
        let of_file = of_file.entry(&it.primary().path).or_insert(0_usize);
        if *of_file < limit(caps.per_file) && of_all < limit(caps.per_run) {
            *of_file += 1;
            of_all += 1;
        } else {
            note(&mut withheld.more, it);
        }
    }
    withheld
}
