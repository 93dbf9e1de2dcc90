//! Secrets: files that hold nothing else, and tokens inside of other files.

use domain::text::Text;

/// Names of files that hold secrets; compared without regard to case.
const NAMES: &[&str] = &[
    ".dockercfg",
    ".git-credentials",
    ".htpasswd",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    "_netrc",
    "credentials",
    "credentials.json",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
    "secrets.json",
    "secrets.toml",
    "secrets.yaml",
    "secrets.yml",
    "terraform.tfstate",
];

/// Endings of such names.
const ENDINGS: &[&str] = &[
    ".jks",
    ".kdbx",
    ".key",
    ".keystore",
    ".p12",
    ".pem",
    ".pfx",
    ".ppk",
    ".tfvars",
];

/// Second halves of `.env.…` names that are meant to be read.
const HARMLESS_ENVS: &[&str] = &[
    "defaults", "dist", "example", "sample", "schema", "template",
];

/// True when the name of a file says that it holds secrets. `path` has `/` between names.
pub(crate) fn is_secret_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_env = match name.strip_prefix(".env") {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('.')
            .is_some_and(|kind| !HARMLESS_ENVS.iter().any(|it| kind.ends_with(it))),
        None => false,
    };
    is_env
        || NAMES.contains(&name.as_str())
        || ENDINGS
            .iter()
            .any(|it| name.len() > it.len() && name.ends_with(it))
}

/// The text with each secret replaced by `*` of equal length in bytes; line ends stay, so every position stays.
/// `None` when there is no secret in it.
pub(crate) fn masked(text: &Text) -> Option<Text> {
    masked_str(&text.to_string()).map(|it| Text::new(&it))
}

/// As [`masked`].
pub(crate) fn masked_str(text: &str) -> Option<String> {
    let secrets = domain::secrets::scan(text);
    if secrets.is_empty() {
        return None;
    }
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for secret in secrets {
        masked.push_str(&text[done..secret.range.start]);
        for c in text[secret.range.clone()].chars() {
            match c {
                '\n' | '\r' => masked.push(c),
                c => (0..c.len_utf8()).for_each(|_| masked.push('*')),
            }
        }
        done = secret.range.end;
    }
    masked.push_str(&text[done..]);
    Some(masked)
}

/// Number of secrets in a text.
pub(crate) fn count(text: &Text) -> usize {
    domain::secrets::scan(&text.to_string()).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_files_are_known_by_name() {
        for path in [
            ".env",
            "a/.env.local",
            ".ENV",
            "k/server.pem",
            "id_rsa",
            "x.p12",
            ".aws/credentials",
            ".npmrc",
            "prod.tfvars",
        ] {
            assert!(is_secret_file(path), "{path}");
        }
        for path in [
            ".env.example",
            "env",
            "src/env.rs",
            "a.pem.rs",
            "id_rsa.pub",
            "credentials.rs",
            ".pem",
            "keys.rs",
            ".environment",
        ] {
            assert!(!is_secret_file(path), "{path}");
        }
    }

    #[test]
    fn masking_keeps_every_position() {
        // Put together here so that this file holds no secret itself.
        let token = format!("AKIA{}", "Z7QWERTYUIOPASDF");
        let text = format!("é\r\nkey = \"{token}\"\nend");
        let masked = masked_str(&text).unwrap_or_default();
        assert_eq!(masked, format!("é\r\nkey = \"{}\"\nend", "*".repeat(20)));
        assert_eq!(masked.len(), text.len());
        assert_eq!(masked_str("nothing here"), None);
    }
}
