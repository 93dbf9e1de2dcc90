//! Tests for the secret shapes. No whole token stands here: each is put together when the test runs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

/// Text of `length` characters from `alphabet` that looks random and is always the same.
fn noise(alphabet: &str, length: usize) -> String {
    let alphabet = alphabet.as_bytes();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(alphabet[(state >> 33) as usize % alphabet.len()])
    };
    (0..length).map(|_| next()).collect()
}

const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn with_checksum(start: &str) -> String {
    let random = noise(BASE62, 30);
    let checksum = String::from_utf8(base62(crc32(random.as_bytes())).to_vec()).unwrap();
    format!("{start}{random}{checksum}")
}

fn pem(label: &str, line_end: &str) -> String {
    let dashes = "-".repeat(5);
    let body = [
        noise(BASE62, 64),
        noise(BASE62, 64),
        format!("{}==", noise(BASE62, 30)),
    ]
    .join(line_end);
    format!("{dashes}BEGIN {label}{dashes}{line_end}{body}{line_end}{dashes}END {label}{dashes}")
}

fn secrets() -> Vec<(&'static str, String)> {
    let join = |start: &str, rest: String| format!("{start}{rest}");
    vec![
        (AWS, join("AK", join("IA", noise(BASE32, 16)))),
        (AWS, join("AS", join("IA", noise(BASE32, 16)))),
        (GITHUB, with_checksum("ghp_")),
        (GITHUB, with_checksum("ghs_")),
        (
            GITHUB,
            format!(
                "github_{}_{}_{}",
                "pat",
                noise(BASE62, 22),
                noise(BASE62, 59)
            ),
        ),
        ("GitLab token", join("glpat-", noise(BASE62, 20))),
        (
            "GitLab token",
            format!("glpat-{}.01.{}", noise(BASE62, 30), "0a1b2c3d4"),
        ),
        (
            SLACK,
            format!(
                "xo{}-{}-{}-{}",
                "xb",
                "314159265358",
                "271828182845",
                noise(BASE62, 24)
            ),
        ),
        (STRIPE, format!("sk_{}_{}", "live", noise(BASE62, 24))),
        ("Google API key", join("AI", join("za", noise(BASE62, 35)))),
        ("npm token", with_checksum("npm_")),
        (
            PYPI,
            format!("pypi-{}{}", "AgEIcHlwaS5vcmc", noise(BASE62, 150)),
        ),
        (
            OPENAI,
            format!(
                "sk-{}-{}{}{}",
                "proj",
                noise(BASE62, 40),
                "T3BlbkFJ",
                noise(BASE62, 40)
            ),
        ),
        (
            "Anthropic API key",
            format!("sk-{}-api03-{}AA", "ant", noise(BASE62, 93)),
        ),
        ("private key", pem("PRIVATE KEY", "\n")),
        ("private key", pem("RSA PRIVATE KEY", "\r\n")),
        ("private key", pem("OPENSSH PRIVATE KEY", "\\n")),
        ("private key", pem("PGP PRIVATE KEY BLOCK", "\n")),
    ]
}

#[test]
fn each_shape_is_found_whole_wherever_it_stands() {
    for (kind, token) in secrets() {
        for (before, after) in [
            ("", ""),
            ("key = \"", "\"\n"),
            ("https://user:", "@host/"),
            ("é=", "; é"),
            ("A=", "\n"),
        ] {
            let found = scan(&format!("{before}{token}{after}"));
            let range = before.len()..before.len() + token.len();
            assert_eq!(found, [Secret { range, kind }], "{before}{token}{after}");
        }
    }
}

#[test]
fn all_of_several_are_found_in_order() {
    let tokens: Vec<String> = secrets().into_iter().map(|(_, token)| token).collect();
    let text = tokens.join("\nand\n");
    let found: Vec<&str> = scan(&text)
        .into_iter()
        .map(|secret| &text[secret.range])
        .collect();
    assert_eq!(found, tokens);
}

#[test]
fn a_broken_token_is_none() {
    for (_, token) in secrets() {
        let glued = format!("x{token}");
        assert_eq!(scan(&glued).is_empty(), !token.starts_with('-'), "{glued}");
        let short = &token[..token.len() / 3];
        assert_eq!(scan(short), [], "{short}");
    }
    let mut wrong = with_checksum("ghp_");
    let last = if wrong.ends_with('0') { "1" } else { "0" };
    wrong.replace_range(wrong.len() - 1.., last);
    assert_eq!(scan(&wrong), [], "the checksum of {wrong} is wrong");
}

#[test]
fn harmless_text_has_no_secrets() {
    let harmless = [
        ["AKIA", "IOSFODNN7EXAMPLE"].concat(),
        ["AKIA", "XXXXXXXXXXXXXXXX"].concat(),
        ["AKIA", "ABCDABCDABCDABCD"].concat(),
        ["ghp_", &"x".repeat(36)].concat(),
        ["ghp_", &noise(BASE62, 36)].concat(),
        ["npm_", "config_registry npm_lifecycle_event"].concat(),
        ["glpat-", "your-gitlab-token"].concat(),
        ["glpat-", &"x".repeat(20)].concat(),
        ["xoxb-", "your-token-goes-here-and-is-rather-long-indeed"].concat(),
        ["sk_live_", &"0".repeat(24)].concat(),
        ["sk_test_", &noise(BASE62, 24)].concat(),
        ["AIza", "SyExample-example-example-example-ex"].concat(),
        [
            "sk-proj-",
            "bootstrap-navbar-toggler-icon-and-some-more-words-here",
        ]
        .concat(),
        ["sk-ant-", "..."].concat(),
        ["sk-ant-api03-", &"x".repeat(95)].concat(),
        [
            &"-".repeat(5),
            "BEGIN PRIVATE KEY",
            &"-".repeat(5),
            "\n...\n",
            &"-".repeat(5),
            "END PRIVATE KEY-----",
        ]
        .concat(),
        [&"-".repeat(5), "BEGIN PRIVATE KEY", &"-".repeat(5)].concat(),
        pem("CERTIFICATE", "\n"),
        pem("PUBLIC KEY", "\n"),
        // Base64 that happens to hold a start.
        format!("{}AKIA{}", noise(BASE62, 40), noise(BASE62, 40)),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJd0jgH9t1".to_owned(),
        "d670460b4b4aece5915caf5c68d12f560a9fe3e4 550e8400-e29b-41d4-a716-446655440000".to_owned(),
    ];
    for text in harmless {
        assert_eq!(scan(&text), [], "{text}");
    }
}

#[test]
fn the_checksum_is_the_published_one() {
    // A published example of how GitHub computes it.
    let token = ["ghp", "_zQWBuTSOoRi4A9spHcVY5nc", "nsDkxkJ0mLq17"].concat();
    assert_eq!(scan(&token).len(), 1);
}

#[test]
fn every_start_can_be_searched_for() {
    assert!(STARTS.is_some());
}
