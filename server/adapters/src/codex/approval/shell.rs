//! The command line inside the shell that Codex wraps it in.

/// `cargo check` from `/bin/bash -lc 'cargo check'`. Anything else is given back as it is: what a person approves must
/// be all that is run.
pub(super) fn unwrapped(command: &str) -> String {
    inner(command).unwrap_or_else(|| command.to_owned())
}

fn inner(command: &str) -> Option<String> {
    let (shell, rest) = command.split_once(' ')?;
    let (option, script) = rest.split_once(' ')?;
    let shell = shell.rsplit('/').next()?;
    let is_shell = matches!(shell, "bash" | "zsh" | "sh");
    (is_shell && matches!(option, "-c" | "-lc")).then(|| word(script))?
}

/// The only word in `text`, by the rules of a POSIX shell; `None` when there is more than that, or less.
fn word(text: &str) -> Option<String> {
    let mut word = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\'' => loop {
                match rest.next()? {
                    '\'' => break,
                    inside => word.push(inside),
                }
            },
            '"' => loop {
                match rest.next()? {
                    '"' => break,
                    '\\' => match rest.next()? {
                        escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                        other => word.extend(['\\', other]),
                    },
                    // The outer shell would put something else here.
                    '$' | '`' => return None,
                    inside => word.push(inside),
                }
            },
            '\\' => word.push(rest.next()?),
            plain if plain.is_ascii_alphanumeric() || "-_./:=,+@%^".contains(plain) => {
                word.push(plain);
            }
            _ => return None,
        }
    }
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_shell_around_the_whole_is_taken_off() {
        let cases = [
            ("/bin/bash -lc 'cargo check'", "cargo check"),
            ("/bin/zsh -lc ls", "ls"),
            ("bash -c \"echo 'a b'\"", "echo 'a b'"),
            (r#"bash -lc "echo \"\$HOME\"""#, r#"echo "$HOME""#),
            (r"sh -c 'it'\''s'", "it's"),
            ("/bin/bash -lc 'a' 'b'", "/bin/bash -lc 'a' 'b'"),
            ("/bin/bash -lc 'a'; rm -rf x", "/bin/bash -lc 'a'; rm -rf x"),
            ("/bin/bash -lc \"echo $X\"", "/bin/bash -lc \"echo $X\""),
            ("/bin/bash -lc 'open", "/bin/bash -lc 'open"),
            ("/bin/bash -x 'a'", "/bin/bash -x 'a'"),
            ("/bin/fish -lc 'a'", "/bin/fish -lc 'a'"),
            ("rm -rf x", "rm -rf x"),
            ("bash", "bash"),
            ("", ""),
        ];
        for (command, expected) in cases {
            assert_eq!(unwrapped(command), expected, "{command}");
        }
    }
}
