//! Tests of what is asked when a finding is to be refuted.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn the_lines_around_the_place_fill_the_room() {
    let lens = [10; 100];
    assert_eq!(around(&lens, 50..51, 1000), 0..100);
    assert_eq!(around(&lens, 50..51, 50), 48..53);
    assert_eq!(around(&lens, 0..1, 50), 0..5);
    assert_eq!(around(&lens, 99..100, 50), 95..100);
    assert_eq!(around(&lens, 40..60, 50), 40..45);
    assert_eq!(around(&lens, 200..201, 20), 98..100);
    assert_eq!(around(&[], 0..1, 50), 0..0);
}
