//! What a program says, as a message may quote it: without the secrets that are in it.

/// One line of at most `max` characters.
pub(crate) fn line(text: &str, max: usize) -> String {
    domain::sanitize::line(&without_secrets(text), max)
}

/// The text with the kind of each secret in its place. Programs quote lines of their configuration.
pub(crate) fn without_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for secret in domain::secrets::scan(text) {
        shown.push_str(&text[end..secret.range.start]);
        shown.push('[');
        shown.push_str(secret.kind);
        shown.push(']');
        end = secret.range.end;
    }
    shown + &text[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_and_not_shown() {
        let key = ["AKIA", "Q3EGRZ5TW2JHKP4M"].concat();
        let text = format!("line 3:\n  token = \"{key}\" is é wrong");
        let expected = "line 3: token = \"[AWS access key ID]\" is é wrong";
        assert_eq!(line(&text, 200), expected);
        assert_eq!(without_secrets("nothing"), "nothing");
    }
}
