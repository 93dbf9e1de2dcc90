//! Where a person sits down: an installed editor, `crosscheck` on `PATH`, and a file with misspellings to review.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tests::{PATIENCE, Sandbox, sandbox, skip};

/// The reviewed file, in the workspace.
pub(crate) const FILE: &str = "src/main.rs";
/// Misspelt words, put together so that this file has none, and what they should be.
pub(crate) const WORDS: [(&str, &str); 3] = [
    (concat!("rec", "ieve"), "receive"),
    (concat!("occ", "ured"), "occurred"),
    (concat!("sep", "erate"), "separate"),
];

/// A sandboxed user with an editor.
pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) editor: PathBuf,
}

impl Desk {
    /// A desk with this editor, or `None` where something is not installed: the test is skipped then, and fails in CI.
    pub(crate) fn with(editor: &str, others: &[&str]) -> Option<Self> {
        let missing = |name: &str| -> Option<PathBuf> {
            let install =
                "run tests/editors/install.sh for the editors, and install tmux by the system";
            skip(name, install);
            None
        };
        let editor = installed(editor).or_else(|| missing(editor))?;
        for name in others {
            installed(name).or_else(|| missing(name))?;
        }
        let sandbox = sandbox!();
        sandbox.install("crosscheck", sandbox.program());
        Some(Self { sandbox, editor })
    }

    /// Writes [`FILE`]: one misspelling on each of the lines 1, 3 and 4, the second one behind letters that are longer
    /// than one byte.
    pub(crate) fn misspelt_file(&self) {
        let [(first, _), (second, _), (third, _)] = WORDS;
        self.sandbox.file(
            FILE,
            format!("// We {first} data.\nfn main() {{\n    // Größe: it {second}.\n    let {third} = 1;\n}}\n"),
        );
    }

    /// A file of the person's own configuration.
    pub(crate) fn dotfile(&self, path: &str, text: &str) -> PathBuf {
        let file = self.sandbox.path().join("home/.config").join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    /// A command of the person, in the workspace. `PATH` holds `crosscheck` and the system's programs, so that no other
    /// language server of this machine takes part.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.sandbox.command(program);
        let mut path = OsString::from(self.sandbox.path().join("bin"));
        path.push(":/usr/local/bin:/usr/bin:/bin");
        command.env("PATH", path);
        for name in ["CACHE", "DATA"] {
            let home = self.sandbox.path().join("home").join(name.to_lowercase());
            command.env(format!("XDG_{name}_HOME"), home);
        }
        command.env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
        command
    }

    /// Waits until no process is left that works in the workspace: no server and no agent outlives its editor.
    pub(crate) fn everything_ended(&self) {
        let deadline = Instant::now() + PATIENCE;
        let root = self.sandbox.root();
        loop {
            // Where the system does not tell, there is nothing to check.
            let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
            let left: Vec<PathBuf> = processes
                .map(|it| it.path())
                .filter(|it| {
                    std::fs::read_link(it.join("cwd")).is_ok_and(|it| it.starts_with(&root))
                })
                .collect();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "left behind: {left:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Replaces the sandbox's directory and the misspelt words in text.
    pub(crate) fn mask(&self, text: &str) -> String {
        let text = WORDS
            .iter()
            .zip(["FIRST", "SECOND", "THIRD"])
            .fold(self.sandbox.mask(text), |text, ((wrong, _), mark)| {
                text.replace(wrong, mark)
            });
        text.replace("[sandbox]/work/", "")
    }
}

/// A file of the directory `editors` of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../editors")
        .join(path)
        .canonicalize()
        .unwrap()
}

/// The `number`th fenced block in this language of a README under `editors`, as a person pastes it.
pub(crate) fn pasted(readme: &str, language: &str, number: usize) -> String {
    let text = std::fs::read_to_string(repository(readme)).unwrap();
    let fence = format!("```{language}\n");
    let block = text
        .split(&fence)
        .nth(number + 1)
        .expect("the README has it");
    block.split("```").next().unwrap().to_owned()
}

/// What `tests/editors/install.sh` installed, else what is on `PATH`.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/editors/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(ours)
        .chain(std::env::split_paths(&path))
        .map(|it| it.join(name))
        .find(|it| it.is_file())
}
