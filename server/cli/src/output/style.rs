//! The few colours of messages; `anstream` takes them away where they cannot be shown.

use anstyle::{AnsiColor, Style};

fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A word that names an error.
pub(crate) fn error(text: &str) -> String {
    paint(AnsiColor::Red.on_default().bold(), text)
}

/// A word that names a warning.
pub(crate) fn warning(text: &str) -> String {
    paint(AnsiColor::Yellow.on_default().bold(), text)
}

/// A word that names a note.
pub(crate) fn note(text: &str) -> String {
    paint(AnsiColor::Cyan.on_default().bold(), text)
}

/// A word that says that all is well.
pub(crate) fn good(text: &str) -> String {
    paint(AnsiColor::Green.on_default().bold(), text)
}

/// Something to be read first.
pub(crate) fn strong(text: &str) -> String {
    paint(Style::new().bold(), text)
}

/// Something to be read last.
pub(crate) fn dim(text: &str) -> String {
    paint(Style::new().dimmed(), text)
}
