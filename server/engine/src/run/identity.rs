//! Naming the findings of one agent in one file, so that the same remark on the same text keeps its name.

use domain::finding::Finding;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Sorts findings by place, drops what was said twice, and names them. Equal remarks on equal texts are counted in
/// the order of the text, so names do not depend on the order of the answer.
pub(super) fn identify(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(by_place);
    let mut counts = BTreeMap::new();
    let mut seen = BTreeSet::new();
    findings.retain_mut(|finding| {
        finding.identify(0);
        if !seen.insert((finding.id.clone(), finding.range)) {
            return false;
        }
        let count = counts.entry(finding.id.clone()).or_insert(0_u32);
        if *count > 0 {
            finding.identify(*count);
        }
        *count += 1;
        true
    });
    findings
}

fn by_place(a: &Finding, b: &Finding) -> Ordering {
    let place = |it: &Finding| (it.range, it.tier);
    let remark = |it: &Finding| {
        (
            it.title.clone(),
            it.category.clone(),
            it.code.clone(),
            it.body.clone(),
        )
    };
    place(a)
        .cmp(&place(b))
        .then_with(|| b.severity.cmp(&a.severity))
        .then_with(|| b.fix.is_some().cmp(&a.fix.is_some()))
        .then_with(|| remark(a).cmp(&remark(b)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use domain::anchor::Anchor;
    use domain::finding::{Category, FindingId, Severity};
    use domain::locate::Tier;
    use domain::path::RelPath;
    use domain::text::TextRange;
    use proptest::prelude::*;

    fn finding(start: usize, quote: &str, title: &str) -> Finding {
        Finding {
            id: FindingId(String::new()),
            agent: "a".into(),
            provider: "p".into(),
            path: RelPath::try_from("src/a.rs".to_owned()).unwrap(),
            range: TextRange::new(start, start + quote.len()),
            tier: Tier::Exact,
            severity: Severity::Warning,
            category: Category::Spelling,
            code: None,
            title: title.into(),
            body: String::new(),
            confidence: None,
            fix: None,
            anchor: Anchor {
                quote: quote.into(),
                ..Anchor::default()
            },
        }
    }

    fn named(findings: Vec<Finding>) -> Vec<(usize, String)> {
        identify(findings)
            .into_iter()
            .map(|it| (it.range.start, it.id.0))
            .collect()
    }

    proptest! {
        #[test]
        fn names_do_not_depend_on_the_order_of_the_answer(
            all in prop::collection::vec((0..40_usize, 0..3_usize, 0..3_usize), 0..20),
            shuffled in any::<prop::sample::Index>(),
        ) {
            let words = ["teh", "recieve", "x"];
            let said: Vec<Finding> =
                all.iter().map(|(at, quote, title)| finding(*at, words[*quote], words[*title])).collect();
            let mut other = said.clone();
            other.reverse();
            if !other.is_empty() {
                let middle = shuffled.index(other.len());
                other.rotate_left(middle);
            }
            let names = named(said);
            prop_assert_eq!(&names, &named(other));
            let distinct: BTreeSet<_> = names.iter().map(|it| &it.1).collect();
            prop_assert_eq!(distinct.len(), names.len());
        }
    }

    #[test]
    fn what_is_said_twice_of_one_place_is_one_finding() {
        let twice = vec![
            finding(3, "teh", "Misspelt"),
            finding(3, "teh", "misspelt!"),
            finding(9, "teh", "Misspelt"),
        ];
        let names = named(twice);
        assert_eq!(names.iter().map(|it| it.0).collect::<Vec<_>>(), [3, 9]);
        assert_ne!(names[0].1, names[1].1);
    }
}
