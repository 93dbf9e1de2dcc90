//! Secrets in text: a few well-known token shapes, each with enough structure that a hit is hardly ever wrong.

use aho_corasick::AhoCorasick;
use std::ops::Range;
use std::sync::LazyLock;

#[cfg(test)]
mod tests;

/// A secret found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Bytes of the whole secret; for a private key all from `-----BEGIN` to the end of its `-----END` line.
    pub range: Range<usize>,
    /// What it is, for a person: `GitHub token`.
    pub kind: &'static str,
}

/// Finds the secrets in a text, in text order, none overlapping another. Placeholders (`AKIA…EXAMPLE`, `xxxx`) and
/// tokens whose own checksum is wrong are no secrets.
pub fn scan(text: &str) -> Vec<Secret> {
    let Some(starts) = STARTS.as_ref() else {
        return Vec::new();
    };
    let mut secrets: Vec<Secret> = Vec::new();
    for hit in starts.find_iter(text) {
        let shape = &SHAPES[hit.pattern().as_usize()];
        let taken = secrets
            .last()
            .is_some_and(|last| hit.start() < last.range.end);
        if taken || !begins_token(text, hit.start()) {
            continue;
        }
        if let Some(length) = (shape.rest)(&text[hit.end()..]) {
            let range = hit.start()..hit.end() + length;
            secrets.push(Secret {
                range,
                kind: shape.kind,
            });
        }
    }
    secrets
}

/// One kind of secret: how it starts, and how long the rest is, if what follows the start is one.
struct Shape {
    start: &'static str,
    kind: &'static str,
    rest: fn(&str) -> Option<usize>,
}

const fn shape(start: &'static str, kind: &'static str, rest: fn(&str) -> Option<usize>) -> Shape {
    Shape { start, kind, rest }
}

const AWS: &str = "AWS access key ID";
const GITHUB: &str = "GitHub token";
const SLACK: &str = "Slack token";
const STRIPE: &str = "Stripe live key";
const PYPI: &str = "PyPI token";
const OPENAI: &str = "OpenAI API key";

static SHAPES: &[Shape] = &[
    shape("AKIA", AWS, aws),
    shape("ASIA", AWS, aws),
    shape("ABIA", AWS, aws),
    shape("ACCA", AWS, aws),
    shape("ghp_", GITHUB, checksummed),
    shape("gho_", GITHUB, checksummed),
    shape("ghu_", GITHUB, checksummed),
    shape("ghs_", GITHUB, checksummed),
    shape("ghr_", GITHUB, checksummed),
    shape("github_pat_", GITHUB, github_fine_grained),
    shape("glpat-", "GitLab token", gitlab),
    shape("xoxa-", SLACK, slack),
    shape("xoxb-", SLACK, slack),
    shape("xoxp-", SLACK, slack),
    shape("xoxr-", SLACK, slack),
    shape("xoxs-", SLACK, slack),
    shape("sk_live_", STRIPE, |rest| {
        word(rest, alphanumeric, 24..=247)
    }),
    shape("rk_live_", STRIPE, |rest| {
        word(rest, alphanumeric, 24..=247)
    }),
    shape("AIza", "Google API key", |rest| {
        word(rest, url_safe, 35..=35)
    }),
    shape("npm_", "npm token", checksummed),
    // The start of every macaroon of the Python Package Index and of its test index.
    shape("pypi-AgEIcHlwaS5vcmc", PYPI, |rest| {
        word(rest, url_safe, 50..=1000)
    }),
    shape("pypi-AgENdGVzdC5weXBpLm9yZw", PYPI, |rest| {
        word(rest, url_safe, 50..=1000)
    }),
    shape("sk-proj-", OPENAI, openai),
    shape("sk-svcacct-", OPENAI, openai),
    shape("sk-admin-", OPENAI, openai),
    shape("sk-ant-", "Anthropic API key", anthropic),
    shape("-----BEGIN ", "private key", private_key),
];

/// `None` only if the table above were not fit for the automaton, which a test rules out.
static STARTS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(SHAPES.iter().map(|shape| shape.start)).ok());

/// A token begins where no longer word goes on: `xghp_…` and base64 text that happens to hold `AKIA` are none.
/// The dashes of a key may follow anything, such as the `n` of a `\n` in JSON.
fn begins_token(text: &str, at: usize) -> bool {
    let before = text.as_bytes()[..at].last();
    text[at..].starts_with('-')
        || !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+'))
}

/// Sixteen characters of base 32, at least one of them a digit as in all but one in thirty of the real ones.
fn aws(rest: &str) -> Option<usize> {
    let base32 = |byte: u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
    let length = word(rest, base32, 16..=16)?;
    let more = rest.as_bytes().get(length);
    let ends =
        !more.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+'));
    let digit = rest[..length].bytes().any(|byte| byte.is_ascii_digit());
    (ends && digit).then_some(length)
}

/// GitHub and npm: thirty random characters and, in six more, their CRC-32 in base 62.
fn checksummed(rest: &str) -> Option<usize> {
    let length = run(rest, alphanumeric);
    (length == 36 && base62(crc32(&rest.as_bytes()[..30])) == rest.as_bytes()[30..36])
        .then_some(length)
}

fn github_fine_grained(rest: &str) -> Option<usize> {
    let length = word(rest, |byte| alphanumeric(byte) || byte == b'_', 82..=82)?;
    (run(rest, alphanumeric) == 22).then_some(length)
}

/// Twenty characters, or a longer routable token with a dot and nine more.
fn gitlab(rest: &str) -> Option<usize> {
    if let Some(length) = word(rest, url_safe, 20..=20) {
        return Some(length);
    }
    let length = word(rest, url_safe, 27..=300)?;
    let tail = rest[length..].strip_prefix('.')?;
    let dotted = |byte: u8| byte == b'.' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let tail = run(tail, dotted);
    (9..=12).contains(&tail).then_some(length + 1 + tail)
}

/// Groups of digits that name the workspace and the app, then the secret proper.
fn slack(rest: &str) -> Option<usize> {
    let length = word(rest, |byte| alphanumeric(byte) || byte == b'-', 40..=250)?;
    let (groups, secret) = rest[..length].rsplit_once('-')?;
    let numbered = groups.split('-').all(|group| {
        (9..=13).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit())
    });
    (numbered && secret.len() >= 24).then_some(length)
}

/// All of them hold `OpenAI` in base 64 in the middle.
fn openai(rest: &str) -> Option<usize> {
    let length = word(rest, url_safe, 40..=300)?;
    rest[..length].contains("T3BlbkFJ").then_some(length)
}

/// A kind and its version, as in `api03-`, then the key.
fn anthropic(rest: &str) -> Option<usize> {
    let length = word(rest, url_safe, 85..=200)?;
    let (kind, _) = rest[..length].split_once('-')?;
    let name = kind.trim_end_matches(|c: char| c.is_ascii_digit());
    let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
    (named && kind.len() - name.len() == 2).then_some(length)
}

/// Longest private key looked at; a 16384-bit RSA key has 12.5 kB.
const MAX_KEY: usize = 20_000;

/// A PEM block with a body worth the name. Line ends may be written `\n`, as in JSON.
fn private_key(rest: &str) -> Option<usize> {
    let rest = &rest[..rest.floor_char_boundary(MAX_KEY)];
    let (label, body) = rest.split_once("-----")?;
    let label = label.strip_suffix(" BLOCK").unwrap_or(label);
    let named = label
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ');
    if !named || !label.ends_with("PRIVATE KEY") {
        return None;
    }
    let (body, end) = body.split_once("-----END ")?;
    let lines = body.split(['\n', '\r']).flat_map(|line| line.split("\\n"));
    let longest = lines.map(|line| line.trim().trim_matches(['"', '\'', ',', '+', '\\', ' ']));
    let key = longest.max_by_key(|line| line.len())?;
    let real = key.len() >= 40 && key.bytes().all(base64) && is_random(key);
    let tail = end.find("-----")? + "-----".len();
    real.then(|| rest.len() - end.len() + tail)
}

/// Length of a run of `allowed` bytes at the start of `rest`, if it is in `lengths`, ends there and looks random.
fn word(
    rest: &str,
    allowed: impl Fn(u8) -> bool,
    lengths: std::ops::RangeInclusive<usize>,
) -> Option<usize> {
    let length = run(rest, allowed);
    (lengths.contains(&length) && is_random(&rest[..length])).then_some(length)
}

fn run(rest: &str, allowed: impl Fn(u8) -> bool) -> usize {
    rest.bytes().take_while(|byte| allowed(*byte)).count()
}

/// Told apart by these, and by too little variety: what people write where a secret would stand.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "placeholder",
    "xxxx",
    "0000",
    "1234567",
    "abcdefg",
    "changeme",
    "redacted",
    "dummy",
    "fake",
];

/// Fewest bits per character of a random token of 16 characters or more; `hunter2hunter2…` has less.
const MIN_ENTROPY: f64 = 2.8;

fn is_random(token: &str) -> bool {
    let lower = token.to_ascii_lowercase();
    !PLACEHOLDERS
        .iter()
        .any(|placeholder| lower.contains(placeholder))
        && entropy(token) >= MIN_ENTROPY
}

/// Shannon entropy in bits per byte.
fn entropy(token: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in token.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = token.len() as f64;
    let shares = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total);
    shares.map(|share| -share * share.log2()).sum()
}

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// CRC-32 as in Ethernet and zip, bit by bit: it is asked for thirty bytes at a time.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        if crc & 1 == 1 {
            (crc >> 1) ^ 0xEDB8_8320
        } else {
            crc >> 1
        }
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc))
    })
}

/// Six digits of base 62, the most significant first.
fn base62(mut number: u32) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    digits
}
