//! Logins at an HTTP agent: the browser is the test's asker.

use super::*;
use crate::OAuth;
use crate::question::{Ask, Question, Reply};
use futures::FutureExt;
use server::{Knobs, World};

mod server;

/// What the user does with the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    /// Opens it, and goes where it leads.
    LogsIn,
    /// Says no.
    Declines,
    /// Comes back with somebody else's answer first.
    IsAttacked,
    /// Opens it and goes away.
    Leaves,
}

struct Door {
    stage: Stage,
    asked: Arc<Mutex<Vec<Question>>>,
}

fn agent(world: &World, oauth: OAuth) -> AgentSpec {
    AgentSpec {
        endpoint: Endpoint::Http {
            url: format!("{}/mcp", world.base),
            headers: BTreeMap::new(),
            ca: None,
            oauth,
        },
        ..spec("", limits())
    }
}

fn door(world: &World, user: User, logins: Option<&Path>) -> Door {
    door_for(agent(world, OAuth::default()), user, logins)
}

fn door_for(agent: AgentSpec, user: User, logins: Option<&Path>) -> Door {
    let mut stage = stage_of(spec("", limits()));
    let asked: Arc<Mutex<Vec<Question>>> = Arc::default();
    let noted = Arc::clone(&asked);
    let asker: Asker = Arc::new(move |question| {
        noted.lock().unwrap().push(question.clone());
        let Ask::Url(page) = question.ask else {
            panic!("{question:?}")
        };
        visit(user, page).boxed()
    });
    let notices = Arc::clone(&stage.notices);
    stage.pool = Pool::new(Arc::new(move |event| {
        if let AgentEvent::Notice { text, .. } = event {
            notices.lock().unwrap().push(text);
        }
    }))
    .with_asker(asker);
    if let Some(logins) = logins {
        stage.pool = stage.pool.with_logins(logins.to_owned());
    }
    stage.pool.configure(vec![agent]);
    Door { stage, asked }
}

async fn visit(user: User, page: String) -> Reply {
    let opened = Reply::Accept(serde_json::Map::new());
    match user {
        User::Declines => return Reply::Deny("the user said no".into()),
        User::Leaves => return opened,
        User::IsAttacked => {
            let url = url::Url::parse(&page).unwrap();
            let (_, back) = url
                .query_pairs()
                .find(|(name, _)| name == "redirect_uri")
                .unwrap();
            let base = back.strip_suffix("/callback").unwrap();
            for (path, status) in [
                ("/callback?code=theirs&state=theirs", 400),
                ("/callback?code=theirs", 400),
                ("/callback?state=a&state=b&code=theirs", 400),
                ("/favicon.ico", 404),
                ("/", 404),
            ] {
                let answer = get(&format!("{base}{path}")).await;
                assert_eq!(answer.status(), status, "{path}");
            }
            let posted = reqwest::Client::new().post(&*back).send().await.unwrap();
            assert_eq!(posted.status(), 405);
        }
        User::LogsIn => {}
    }
    let answer = get(&page).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.url().path() == "/callback", "{}", answer.url());
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("You can close this page")
    );
    opened
}

async fn get(url: &str) -> reqwest::Response {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new().get(url).send().await.unwrap()
}

impl Door {
    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[tokio::test]
async fn the_user_logs_in_once_and_the_login_is_kept() {
    let world = World::new(Knobs::default()).await;
    let home = tempfile::tempdir().unwrap();
    let first = door(&world, User::LogsIn, Some(home.path()));
    for _ in 0..3 {
        assert_eq!(first.stage.text().await, "let in");
    }
    assert_eq!(first.asked(), 1);
    let question = first.asked.lock().unwrap()[0].clone();
    assert_eq!((question.agent.as_str(), question.run), ("fake", Some(1)));
    assert_eq!(
        question.message,
        format!("{0} wants you to log in at {0}", world.base)
    );
    // A login that is needed is no failure.
    assert!(first.stage.notices.lock().unwrap().is_empty());

    // Another process, later.
    let second = door(&world, User::Declines, Some(home.path()));
    assert_eq!(second.stage.text().await, "let in");
    assert_eq!((second.asked(), world.count("register")), (0, 1));
    second.stage.pool.shutdown().await;
}

#[tokio::test]
async fn nobody_is_asked_but_for_a_call() {
    let world = World::new(Knobs::default()).await;
    let door = door(&world, User::LogsIn, None);
    let inspected = door
        .stage
        .pool
        .inspect("fake", door.stage.root.path())
        .await;
    let Err(CallError::Unauthorized { reason, .. }) = inspected else {
        panic!("{inspected:?}")
    };
    assert_eq!(
        reason,
        "it wants a login (HTTP 401), which the next review asks you for"
    );
    assert_eq!(door.asked(), 0);
    assert_eq!(door.stage.text().await, "let in");
    assert_eq!(door.asked(), 1);
}

#[tokio::test]
async fn many_calls_ask_once() {
    for (user, expected) in [(User::LogsIn, "let in"), (User::Declines, "said no")] {
        let world = World::new(Knobs::default()).await;
        let door = door(&world, user, None);
        let calls = (0..4).map(|_| door.stage.text());
        for text in futures::future::join_all(calls).await {
            assert!(text.contains(expected), "{text}");
        }
        assert_eq!(door.asked(), 1, "{user:?}");
    }
}

#[tokio::test]
async fn tokens_are_renewed_without_asking() {
    let world = World::new(Knobs::default()).await;
    let home = tempfile::tempdir().unwrap();
    let one = door(&world, User::LogsIn, Some(home.path()));
    assert_eq!(one.stage.text().await, "let in");
    world.expire();
    let calls = (0..4).map(|_| one.stage.text());
    for text in futures::future::join_all(calls).await {
        assert_eq!(text, "let in");
    }
    assert_eq!((one.asked(), world.count("refresh_token")), (1, 1));

    // A refresh token is good once. Who has an old one takes the new one that another process has kept.
    let other = door(&world, User::Declines, Some(home.path()));
    assert_eq!(other.stage.text().await, "let in");
    world.expire();
    assert_eq!(one.stage.text().await, "let in");
    assert_eq!(other.stage.text().await, "let in");
    world.expire();
    let both = futures::future::join(one.stage.text(), other.stage.text()).await;
    assert_eq!(both, ("let in".to_owned(), "let in".to_owned()));
    assert_eq!(world.count("refresh_token"), 3);
    assert_eq!((one.asked(), other.asked()), (1, 0));
}

#[tokio::test]
async fn tokens_that_end_are_renewed_before_they_are_used() {
    let world = World::new(Knobs {
        lasts: Some(1),
        ..Knobs::default()
    })
    .await;
    let door = door(&world, User::LogsIn, None);
    assert_eq!(door.stage.text().await, "let in");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(door.stage.text().await, "let in");
    assert!(world.count("refresh_token") > 0);
    assert_eq!(door.asked(), 1);
}

#[tokio::test]
async fn a_login_that_was_taken_back_is_asked_for_again() {
    let world = World::new(Knobs::default()).await;
    let door = door(&world, User::LogsIn, None);
    assert_eq!(door.stage.text().await, "let in");
    world.revoke();
    assert_eq!(door.stage.text().await, "let in");
    assert_eq!(door.asked(), 2);
}

#[tokio::test]
async fn more_rights_are_asked_for_when_they_are_needed() {
    let world = World::new(Knobs {
        call_scope: Some("reviews"),
        ..Knobs::default()
    })
    .await;
    let oauth = OAuth {
        scopes: vec!["basic".into()],
        ..OAuth::default()
    };
    let door = door_for(agent(&world, oauth), User::LogsIn, None);
    assert_eq!(door.stage.text().await, "let in");
    assert_eq!(door.asked(), 2);
    let pages = door.asked.lock().unwrap();
    let Ask::Url(last) = &pages[1].ask else {
        panic!()
    };
    assert!(last.contains("scope=basic+reviews"), "{last}");
}

#[tokio::test]
async fn foreign_answers_do_not_end_a_login() {
    let world = World::new(Knobs::default()).await;
    let door = door(&world, User::IsAttacked, None);
    assert_eq!(door.stage.text().await, "let in");
}

#[tokio::test]
async fn a_configured_client_is_not_registered() {
    let world = World::new(Knobs {
        registers_nobody: true,
        ..Knobs::default()
    })
    .await;
    let oauth = OAuth {
        client_id: Some("known".into()),
        client_secret: Some("hush".into()),
        ..OAuth::default()
    };
    let known = door_for(agent(&world, oauth), User::LogsIn, None);
    assert_eq!(known.stage.text().await, "let in");
    let unknown = door(&world, User::LogsIn, None);
    assert!(
        unknown
            .stage
            .text()
            .await
            .ends_with("it registers no clients; set `oauth.client_id` to one that it knows")
    );
}

#[tokio::test]
async fn logins_that_fail_say_why() {
    let other = World::new(Knobs::default()).await;
    let there = |path: &str| Some(format!("{}{path}", other.base));
    let away = || Some("http://login.example.org".to_owned());
    let cases: [(Knobs, User, &str); 8] = [
        (
            Knobs {
                denies: true,
                ..Knobs::default()
            },
            User::LogsIn,
            "its login was refused: access_denied: not you",
        ),
        (
            Knobs::default(),
            User::Declines,
            "which was not begun: the user said no",
        ),
        (
            Knobs {
                issuer: there(""),
                ..Knobs::default()
            },
            User::LogsIn,
            "issuer mismatch",
        ),
        (
            Knobs {
                resource: there("/mcp"),
                ..Knobs::default()
            },
            User::LogsIn,
            "resource mismatch",
        ),
        (
            Knobs {
                metadata_at: there("/.well-known/oauth-protected-resource/mcp"),
                ..Knobs::default()
            },
            User::LogsIn,
            "resource mismatch",
        ),
        (
            Knobs {
                authorization_server: away(),
                ..Knobs::default()
            },
            User::LogsIn,
            "http://login.example.org is asked for, which is not `https:`",
        ),
        (
            Knobs {
                authorization_endpoint: away(),
                ..Knobs::default()
            },
            User::LogsIn,
            "it wants a login at http://login.example.org, which is not safe to open",
        ),
        (
            Knobs {
                authorization_endpoint: Some("file:///etc/passwd".into()),
                ..Knobs::default()
            },
            User::LogsIn,
            "which is not safe to open",
        ),
    ];
    for (knobs, user, expected) in cases {
        let case = format!("{knobs:?}");
        let world = World::new(knobs).await;
        let door = door(&world, user, None);
        let text = door.stage.text().await;
        assert!(
            text.starts_with("agent `fake` could not be asked: ") && text.contains(expected),
            "{case}: {text}"
        );
        assert!(
            !text.contains("secret") && !text.contains("the code"),
            "{text}"
        );
        assert_eq!(world.count("authorization_code"), 0, "{case}");
    }
}

#[tokio::test]
async fn without_a_door_it_is_said_what_to_do() {
    let world = World::new(Knobs::default()).await;
    let stage = stage_of(agent(&world, OAuth::default()));
    assert_eq!(
        stage.text().await,
        "agent `fake` could not be asked: it wants you to log in, and nobody can be asked here; \
         review once from an editor or a terminal, or set its `headers`"
    );
    // Who is sent a header of the user's own is not asked for a login.
    assert_eq!(world.count("register"), 0);
}

#[tokio::test]
async fn a_user_who_goes_away_can_still_cancel() {
    let world = World::new(Knobs::default()).await;
    let door = door(&world, User::Leaves, None);
    let mut running = door.stage.start();
    running
        .until(CallProgress::Message {
            text: "waiting for you to log in".into(),
            fraction: None,
        })
        .await;
    running.cancel.cancel();
    assert_eq!(
        running.end().await,
        Err(CallError::Cancelled("fake".into()))
    );
}

#[tokio::test]
async fn nothing_but_the_user_reads_what_is_kept() {
    let world = World::new(Knobs::default()).await;
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("state");
    let first = door(&world, User::LogsIn, Some(&directory));
    assert_eq!(first.stage.text().await, "let in");
    let file = directory.join("logins.json");
    assert!(std::fs::read_to_string(&file).unwrap().contains("secret 2"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&directory)), (0o600, 0o700));
        // Somebody opened it up.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let second = door(&world, User::Declines, Some(&directory));
        assert_eq!(second.stage.text().await, "let in");
        assert_eq!(mode(&file), 0o600);
    }
    // Whatever is in the file, the login is only lost.
    std::fs::write(&file, "{\"logins\": 7").unwrap();
    let third = door(&world, User::LogsIn, Some(&directory));
    assert_eq!(third.stage.text().await, "let in");
    assert_eq!(third.asked(), 1);
    let entries = std::fs::read_dir(&directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["logins.json", "logins.lock"]);
}
