//! Argument templates: JSON whose strings are minijinja templates.
//!
//! A string that is one expression and nothing else (`"{{ paths }}"`) becomes the expression's value with its
//! type; a key whose value is undefined or none is left out. Undefined names inside text are errors.

use serde_json::Value;

/// Fills `arguments` with `variables`.
///
/// # Errors
/// A sentence that names the argument and what is wrong with its template.
pub fn render(arguments: &Value, variables: &Value) -> Result<Value, String> {
    let _ = (arguments, variables);
    unimplemented!()
}

/// Checks templates without filling them: syntax, and names that no call provides ([`VARIABLES`]).
///
/// # Errors
/// As [`render`].
pub fn check(arguments: &Value) -> Result<(), String> {
    let _ = arguments;
    unimplemented!()
}

/// The names that calls provide, with what they are; the documentation is made from this.
pub const VARIABLES: &[(&str, &str)] = &[
    ("prompt", "the whole task as text: instructions, guidelines, code with line numbers, and the form of the answer"),
    ("instructions", "the task without the code"),
    ("root", "absolute path of the workspace root"),
    ("targets", "list of {path, absolute_path, text, ranges: [{start_line, end_line}]}: what to look at; lines 1-based inclusive"),
    ("paths", "absolute paths of the targets"),
    ("files", "paths of the targets relative to the root"),
    ("diff", "the reviewed changes as a unified diff; none for whole files"),
    ("base", "what the changes are against; none for whole files"),
    ("schema", "JSON Schema of the findings answer"),
    ("session", "the agent's session to continue; none for a new one"),
];
