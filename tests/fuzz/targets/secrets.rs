//! Secrets in any text: in order, apart, on characters, and found again by themselves.
#![no_main]

use domain::secrets::scan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // So that no seed looks like a secret to the scanners of those who keep this repository.
    let text = String::from_utf8_lossy(data).replace('~', "");
    let mut end = 0;
    for secret in scan(&text) {
        let range = secret.range;
        assert!(end <= range.start && range.start < range.end);
        end = range.end;
        let token = text.get(range).expect("a range on characters");
        let again = scan(token);
        assert_eq!(again.len(), 1, "{token:?}");
        assert_eq!(
            (again[0].range.clone(), again[0].kind),
            (0..token.len(), secret.kind)
        );
    }
});
