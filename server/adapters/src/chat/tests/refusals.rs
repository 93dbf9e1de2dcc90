//! What endpoints refuse, and how they fail.

use super::*;

fn refusal(message: &str) -> Value {
    json!({ "error": { "message": message, "type": "invalid_request_error" } })
}

/// What each request asked for beyond the prompt.
fn manners(script: &Script) -> Vec<String> {
    let requests = script.requests();
    let manner = |body: &Value| {
        let form = body["response_format"]["type"].as_str().unwrap_or("free");
        let streams = if body["stream"] == true {
            " stream"
        } else {
            ""
        };
        let counts = if body.get("stream_options").is_some() {
            " counts"
        } else {
            ""
        };
        format!("{form}{streams}{counts}")
    };
    requests.iter().map(|it| manner(&it.body)).collect()
}

#[tokio::test]
async fn what_an_endpoint_refuses_it_is_not_asked_for_again() {
    let refuse = |status: &str, message: &str| Reply::json(status, &refusal(message));
    let script = Script::new(vec![
        refuse("400 Bad Request", "Unknown parameter: 'stream_options'."),
        refuse(
            "400 Bad Request",
            "This model does not support response format `json_schema`.",
        ),
        Reply::json(
            "422 Unprocessable Entity",
            &json!({ "detail": [{ "loc": ["body", "response_format"], "msg": "Extra inputs are not permitted" }] }),
        ),
        refuse("501 Not Implemented", "streaming is not supported"),
        Reply::json("200 OK", &message(NOTHING)),
    ])
    .await;
    let mut client = client(options(&script.url), limits()).await;
    for id in [1, 2] {
        client.call(id, "review", given("x\n")).await;
        let answer = result(&mut client, id).await;
        assert_eq!(
            answer["structuredContent"]["findings"],
            json!([]),
            "{answer}"
        );
    }
    client.end().await;
    assert_eq!(
        manners(&script),
        [
            "json_schema stream counts",
            "json_schema stream",
            "json_object stream",
            "free stream",
            "free",
            "free",
        ]
    );
}

#[tokio::test]
async fn a_busy_endpoint_is_asked_again_a_few_times() {
    let busy = || Reply::json("503 Service Unavailable", &refusal("Loading model"));
    let script = Script::new(vec![
        busy(),
        Reply::new("429 Too Many Requests", "retry-after: 1\r\n", ""),
        says("Because."),
    ])
    .await;
    let answer = ask(&script).await;
    assert_eq!(answer["structuredContent"]["text"], "Because.");
    assert_eq!(script.requests().len(), 3);

    let script = Script::new(vec![busy()]).await;
    let answer = ask(&script).await;
    assert!(
        error(&answer).ends_with(" failed (HTTP 503: Loading model); its own log may say why"),
        "{answer}"
    );
    assert_eq!(script.requests().len(), 3);
}

#[tokio::test]
async fn refusals_say_what_to_do_and_are_not_repeated() {
    let json = |status: &str, message: &str| Reply::json(status, &refusal(message));
    let mut errors = Vec::new();
    for reply in [
        json("401 Unauthorized", "You didn't provide an API key."),
        json(
            "404 Not Found",
            "model \"qwen3:8b\" not found, try pulling it first",
        ),
        Reply::new(
            "404 Not Found",
            "content-type: text/html\r\n",
            "<html>404 page not found</html>",
        ),
        json(
            "400 Bad Request",
            "the request exceeds the available context size, response_format",
        ),
        json("400 Bad Request", "no such user"),
        Reply::new(
            "429 Too Many Requests",
            "retry-after: 3600\r\n",
            "slow down",
        ),
        json("500 Internal Server Error", "out of memory"),
        Reply::new(
            "301 Moved Permanently",
            "location: https://elsewhere.example/v1\r\n",
            "",
        ),
        Reply::new(
            "307 Temporary Redirect",
            "location: http://elsewhere.example/v1\r\n",
            "",
        ),
        Reply::new(
            "200 OK",
            "content-type: text/html\r\n",
            "<html>Welcome</html>",
        ),
        Reply::json("200 OK", &json!({ "object": "list", "data": [] })),
        Reply::json("200 OK", &json!({ "error": "the model was unloaded" })),
        Reply::stream(&[
            delta("Beca"),
            json!({ "error": { "message": "upstream is gone", "code": 502 } }),
        ]),
        Reply::stream(&[delta("Beca")]).cut(),
    ] {
        let script = Script::new(vec![reply]).await;
        let answer = ask(&script).await;
        errors.push(error(&answer).replace(&script.url, "URL"));
        assert_eq!(script.requests().len(), 1, "{answer}");
    }
    expect![[r#"
        URL wants a key (HTTP 401: You didn't provide an API key.); put it in an environment variable and name that by `--key-env`
        URL does not have the model qwen3:8b (HTTP 404: model "qwen3:8b" not found, try pulling it first); see URL/models for those that it has
        there is no URL/chat/completions (HTTP 404); check `--url`, which mostly ends with `/v1`
        the prompt is too long for qwen3:8b (HTTP 400: the request exceeds the available context size, response_format); lower `limits.prompt_size`, or raise the context length on the server
        URL refused the request (HTTP 400: no such user)
        URL has had too many requests, or the quota is used up (HTTP 429: slow down); try again in 3600 s
        URL failed (HTTP 500: out of memory); its own log may say why
        URL sends elsewhere (HTTP 301), which is followed only on the same host; put the final address in `--url`
        URL sends elsewhere (HTTP 307), which is followed only on the same host; put the final address in `--url`
        URL answered with no chat completion but something else, which starts: <html>Welcome</html>; check `--url`, which mostly ends with `/v1`
        URL answered with no chat completion but something else, which starts: {"data":[],"object":"list"}; check `--url`, which mostly ends with `/v1`
        URL broke off its answer: the model was unloaded
        URL broke off its answer: upstream is gone
        URL ended its answer in the midst"#]].assert_eq(&errors.join("\n"));
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_named() {
    let gone = Script::new(vec![says("")]).await;
    let url = gone.url.clone();
    drop(gone);
    // The port is free once the listener is gone.
    let question = json!({ "prompt": "why?", "root": "/" });
    let mut message = String::new();
    for _ in 0..100 {
        let answer = called(options(&url), limits(), "ask", question.clone()).await;
        message = error(&answer).replace(&url, "URL");
        if message.contains("refused") {
            break;
        }
        tokio::task::yield_now().await;
    }
    expect!["nothing listens at URL (connection refused); is the server running there?"]
        .assert_eq(&message);
    // A server that does not speak TLS.
    let script = Script::new(vec![Reply::new("400 Bad Request", "", "")]).await;
    let secure = script.url.replace("http:", "https:");
    let answer = called(options(&secure), limits(), "ask", question).await;
    let message = error(&answer);
    assert!(
        message.starts_with("no secure connection to https://127.0.0.1:")
            && message.ends_with("or write `http://` if it speaks no TLS"),
        "{message}"
    );
}

#[tokio::test]
async fn silence_has_an_end() {
    let short = Duration::from_millis(200);
    let question = json!({ "prompt": "why?", "root": "/" });
    let beginning = || Reply::stream(&[delta("Beca")]).cut().hanging();
    let mut errors = Vec::new();
    for (reply, limits) in [
        (
            Reply::silence(),
            Limits {
                first: short,
                ..limits()
            },
        ),
        (
            beginning(),
            Limits {
                idle: short,
                ..limits()
            },
        ),
        (
            beginning(),
            Limits {
                call: short,
                ..limits()
            },
        ),
    ] {
        let script = Script::new(vec![reply]).await;
        let answer = called(options(&script.url), limits, "ask", question.clone()).await;
        errors.push(error(&answer).replace(&script.url, "URL"));
    }
    expect![[r#"
        URL sent nothing for 0.2 s; the model may be too slow for this prompt, or the server hangs
        URL sent nothing for 0.2 s; the model may be too slow for this prompt, or the server hangs
        URL did not end its answer within 0.2 s"#]]
    .assert_eq(&errors.join("\n"));
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let mega = "x".repeat(1024 * 1024);
    let events: Vec<Value> = (0..9).map(|_| delta(&mega)).collect();
    let script = Script::new(vec![Reply::stream(&events)]).await;
    let answer = ask(&script).await;
    let text = answer["structuredContent"]["text"].as_str().unwrap();
    let (kept, note) = text.split_at(completion::MAX_ANSWER);
    assert!(kept.bytes().all(|byte| byte == b'x'));
    assert_eq!(note, "\n\n[the answer was cut after 8388608 bytes]");
}

#[tokio::test]
async fn options_that_cannot_work_are_refused_at_once() {
    let mut errors = Vec::new();
    for (url, key) in [
        ("localhost:11434", None),
        ("not a url", None),
        ("ftp://host/v1", None),
        ("http://host/v1", Some("se\ncret")),
    ] {
        let key = key.map(str::to_owned);
        let options = Options {
            key,
            ..options(url)
        };
        let served = serve(options, tokio::io::empty(), tokio::io::sink()).await;
        errors.push(served.unwrap_err().to_string());
    }
    expect![[r#"
        the URL of the endpoint must begin with `http://` or `https://` and name a host; give its base, for example `http://127.0.0.1:11434/v1`
        the URL of the endpoint is not valid (relative URL without a base); give its base, for example `http://127.0.0.1:11434/v1`
        the URL of the endpoint must begin with `http://` or `https://` and name a host; give its base, for example `http://127.0.0.1:11434/v1`
        the key holds characters that no key has"#]].assert_eq(&errors.join("\n"));
}

#[tokio::test]
async fn the_url_is_taken_as_people_write_it() {
    for tail in ["", "/", "/chat/completions"] {
        let script = Script::new(vec![says("Because.")]).await;
        let url = format!("{}{tail}?version=1", script.url);
        let question = json!({ "prompt": "why?", "root": "/" });
        let answer = called(options(&url), limits(), "ask", question).await;
        assert_eq!(answer["isError"], false, "{answer}");
        let head = script.requests()[0].head.clone();
        assert!(
            head.starts_with("post /v1/chat/completions?version=1 "),
            "{head}"
        );
    }
}
