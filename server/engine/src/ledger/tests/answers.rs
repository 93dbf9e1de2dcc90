//! Answers about hunks, and rounds that nobody asked for.

use super::*;
use crate::ledger::answers::{ROOM, Room, keep};

const DAY: u64 = 24 * 60 * 60;
const NOW: u64 = 1_795_367_700;

impl Open {
    fn answers(&self, keys: &[Key]) -> Vec<Key> {
        self.known(keys, &[], false).answers.into_keys().collect()
    }
    fn known(&self, keys: &[Key], regions: &[Key], by_user: bool) -> Recollection {
        let (send, receive) = channel();
        let wanted = Recall {
            agent: "house".into(),
            keys: keys.to_vec(),
            regions: regions.to_vec(),
            by_user,
        };
        self.ledger
            .recall_answers(Self::root(), wanted, move |all| send.send(all).unwrap());
        receive.recv_timeout(PATIENCE).unwrap()
    }
    fn keep_said(&self, answers: Vec<HunkAnswer>, rounds: Vec<Key>) {
        let kept = NewAnswers {
            agent: "house".into(),
            answers,
            rounds,
        };
        self.ledger.keep_answers(RUN, Self::root(), kept);
    }
}

fn answer(key: Key, said: Vec<Said>) -> HunkAnswer {
    HunkAnswer {
        key,
        together: None,
        said,
    }
}

#[test]
fn an_answer_is_the_same_in_another_process() {
    let directory = TempDir::new().unwrap();
    let text = Text::new(CODE);
    let teh = finding(&text, "teh", 0, "Misspelt");
    let elsewhere = Remembered::of(teh.clone(), &text);
    let full = HunkAnswer {
        key: [1; 32],
        together: Some(([9; 32], 2)),
        said: vec![
            Said::Here(teh.clone()),
            Said::There(elsewhere),
            Said::Whole(teh),
        ],
    };
    let ledger = open(&file(&directory));
    ledger.keep_said(vec![full.clone(), answer([2; 32], Vec::new())], Vec::new());
    assert!(ledger.ledger.flush(PATIENCE));
    let other = open(&file(&directory));
    let known = other.known(&[[1; 32], [2; 32], [3; 32]], &[], true).answers;
    assert_eq!(known.len(), 2);
    assert_eq!(known[&[1; 32]], full);
    assert_eq!(known[&[2; 32]], answer([2; 32], Vec::new()));
    // What is answered anew takes its place.
    other.keep_said(vec![answer([1; 32], Vec::new())], Vec::new());
    assert!(other.ledger.flush(PATIENCE));
    let known = ledger.known(&[[1; 32]], &[], true).answers;
    assert_eq!(known[&[1; 32]], answer([1; 32], Vec::new()));
    assert_eq!(other.notices(), [""; 0]);
}

#[test]
fn old_damaged_and_huge_answers_are_none() {
    let directory = TempDir::new().unwrap();
    let text = Text::new(CODE);
    let mut huge = finding(&text, "teh", 0, "Misspelt");
    huge.body = "x".repeat(300 * 1024);
    let ledger = open_at(&file(&directory), NOW);
    let keys = [[1; 32], [2; 32], [3; 32]];
    ledger.keep_said(keys.map(|it| answer(it, Vec::new())).to_vec(), Vec::new());
    assert_eq!(ledger.answers(&keys).len(), 3);
    ledger.keep_said(vec![answer([3; 32], vec![Said::Here(huge)])], Vec::new());
    assert_eq!(ledger.answers(&keys), keys[..2], "the older one went, too");
    let connection = rusqlite::Connection::open(file(&directory)).unwrap();
    connection
        .execute(
            "UPDATE answers SET data = '[{' WHERE key = ?1",
            [[2_u8; 32]],
        )
        .unwrap();
    assert_eq!(ledger.answers(&keys), keys[..1]);
    assert_eq!(
        open_at(&file(&directory), NOW + 89 * DAY).answers(&keys),
        keys[..1]
    );
    let later = open_at(&file(&directory), NOW + 91 * DAY);
    assert_eq!(later.answers(&keys), keys[..0]);
    assert_eq!(later.notices(), [""; 0]);
}

#[test]
fn the_oldest_answers_make_room() {
    let text = Text::new(CODE);
    let mut large = finding(&text, "teh", 0, "Misspelt");
    large.body = "x".repeat(2 * 1024);
    let key = |number: usize| {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_be_bytes());
        key
    };
    let keys: Vec<Key> = (0..400).map(key).collect();
    let (few, any) = (128 * 1024, i64::MAX);
    for (rows, bytes, left) in [
        (any, few, 45..60),
        (20, few, 20..21),
        (ROOM.rows, ROOM.bytes, 400..401),
    ] {
        let directory = TempDir::new().unwrap();
        let ledger = open(&file(&directory));
        for chunk in keys.chunks(50) {
            let said = |it: &Key| answer(*it, vec![Said::Here(large.clone())]);
            let kept = NewAnswers {
                agent: "house".into(),
                answers: chunk.iter().map(said).collect(),
                rounds: Vec::new(),
            };
            let room = Room { rows, bytes };
            ledger
                .ledger
                .worker
                .submit(move |store| keep(store, RUN, "/work/project", &kept, room));
        }
        let kept = ledger.answers(&keys);
        assert!(left.contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept, keys[400 - kept.len()..]);
    }
}

#[test]
fn rounds_count_until_the_user_asks() {
    let directory = TempDir::new().unwrap();
    let (here, there) = ([1; 32], [2; 32]);
    let ledger = open_at(&file(&directory), NOW);
    let rounds = |ledger: &Open, by_user| ledger.known(&[], &[here, there], by_user).rounds;
    ledger.keep_said(Vec::new(), vec![here, there]);
    ledger.keep_said(Vec::new(), vec![here]);
    assert_eq!(rounds(&ledger, false), [(here, 2), (there, 1)].into());
    ledger.known(&[], &[there], true);
    assert_eq!(rounds(&ledger, false), [(here, 2)].into());
    let later = open_at(&file(&directory), NOW + 31 * DAY);
    assert_eq!(rounds(&later, false), [].into());
}
