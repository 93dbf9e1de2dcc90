//! How an endpoint is asked: what it may be too simple for, and what it has taught us about that.

use super::endpoint::Question;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// How an endpoint is asked. Begins with everything, and gives up what the endpoint refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    /// How the form of the answer is asked for.
    form: Form,
    /// Asks for the answer bit by bit.
    streams: bool,
    /// Asks for the count of tokens at the end of a stream.
    counts: bool,
}

/// How the form of an answer is asked for, beside in the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Free,
    Object,
    Schema,
}

impl Manner {
    pub(super) fn new() -> Self {
        Self {
            form: Form::Schema,
            streams: true,
            counts: true,
        }
    }

    /// The body of a request.
    pub(super) fn body(self, model: &str, question: &Question) -> Value {
        let mut body = json!({
            "model": model,
            "messages": [{ "role": "user", "content": question.prompt }],
            "stream": self.streams,
        });
        if self.streams && self.counts {
            body["stream_options"] = json!({ "include_usage": true });
        }
        match (&question.schema, self.form) {
            (Some(schema), Form::Schema) => {
                let schema = json!({ "name": "review", "strict": true, "schema": schema });
                body["response_format"] = json!({ "type": "json_schema", "json_schema": schema });
            }
            (Some(_), Form::Object) => body["response_format"] = json!({ "type": "json_object" }),
            (None, _) | (_, Form::Free) => {}
        }
        body
    }

    /// How to ask instead, when this refusal of `question` is about how it was asked.
    pub(super) fn lesson(
        self,
        question: &Question,
        status: StatusCode,
        refusal: &str,
    ) -> Option<Self> {
        let could_be = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
                false
            }
            StatusCode::INTERNAL_SERVER_ERROR | StatusCode::NOT_IMPLEMENTED => true,
            status => status.is_client_error(),
        };
        if !could_be || is_about_length(refusal) {
            return None;
        }
        let words = words(refusal);
        let says = |phrases: &[&str]| phrases.iter().any(|it| words.contains(it));
        if self.streams && self.counts && says(&[" stream options ", " include usage "]) {
            return Some(Self {
                counts: false,
                ..self
            });
        }
        let asks_for_form = question.schema.is_some() && self.form != Form::Free;
        if asks_for_form
            && says(&[
                " response format",
                " json schema",
                " json object",
                " structured output",
                " grammar",
                " guided",
            ])
        {
            let form = if self.form == Form::Schema {
                Form::Object
            } else {
                Form::Free
            };
            return Some(Self { form, ..self });
        }
        (self.streams && says(&[" stream ", " streaming "])).then_some(Self {
            streams: false,
            ..self
        })
    }

    /// What both have learned.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            form: self.form.min(other.form),
            streams: self.streams && other.streams,
            counts: self.counts && other.counts,
        }
    }
}

/// True when the prompt was too long for the model.
pub(super) fn is_about_length(refusal: &str) -> bool {
    let words = words(refusal);
    [
        " context length",
        " context window",
        " context size",
        " maximum context",
        " prompt is too long",
        " too many tokens",
    ]
    .iter()
    .any(|it| words.contains(it))
}

/// Lower case, with one space around each word, however the words were joined.
fn words(text: &str) -> String {
    let mut words = String::from(" ");
    for word in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        words += &word.to_lowercase();
        words.push(' ');
    }
    words
}
