//! An MCP server that wants a login, and the authorization server that gives it, in one small HTTP server.

use super::*;
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// What is out of the ordinary.
#[derive(Clone, Debug, Default)]
pub(super) struct Knobs {
    /// `Some` names the authorization server, in place of the server itself.
    pub(super) authorization_server: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) resource: Option<String>,
    pub(super) authorization_endpoint: Option<String>,
    /// The metadata of the resource is there, not here.
    pub(super) metadata_at: Option<String>,
    /// How long tokens last, in seconds.
    pub(super) lasts: Option<u64>,
    /// The call needs this scope.
    pub(super) call_scope: Option<&'static str>,
    /// The page says no.
    pub(super) denies: bool,
    /// No client can be registered.
    pub(super) registers_nobody: bool,
}

/// The server and what it has seen.
pub(super) struct World {
    pub(super) base: String,
    pub(super) knobs: Mutex<Knobs>,
    pub(super) seen: Mutex<Vec<String>>,
    grant: Mutex<Grant>,
}

#[derive(Default)]
struct Grant {
    number: u32,
    scope: String,
    challenge: String,
    redirect: String,
    /// All tokens were taken back.
    revoked: bool,
}

struct Request {
    method: String,
    url: Url,
    head: String,
    body: String,
}

impl World {
    pub(super) async fn new(knobs: Knobs) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let world = Arc::new(Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            knobs: Mutex::new(knobs),
            seen: Mutex::default(),
            grant: Mutex::default(),
        });
        let served = Arc::clone(&world);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served = Arc::clone(&served);
                tokio::spawn(async move { served.talk(stream).await });
            }
        });
        world
    }

    /// How often this was asked for.
    pub(super) fn count(&self, what: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|it| it.as_str() == what).count()
    }

    /// Takes back the token, but not the right to a new one.
    pub(super) fn expire(&self) {
        self.grant.lock().unwrap().number += 1;
    }

    /// Takes back everything.
    pub(super) fn revoke(&self) {
        self.grant.lock().unwrap().revoked = true;
    }

    async fn talk(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while stream.read_line(&mut head).await? > 2 {}
        let line = |name: &str| {
            let mut lines = head.lines();
            lines.find_map(|it| {
                it.to_ascii_lowercase()
                    .strip_prefix(name)
                    .map(str::to_owned)
            })
        };
        let length = line("content-length: ").map_or(0, |it| it.trim().parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let mut words = head.split(' ');
        let method = words.next().unwrap().to_owned();
        let url = Url::parse(&format!("{}{}", self.base, words.next().unwrap())).unwrap();
        let body = String::from_utf8(body).unwrap();
        let request = Request {
            method,
            url,
            head,
            body,
        };
        let answer = self.answer(&request);
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    }

    fn answer(&self, request: &Request) -> String {
        let path = request.url.path().to_owned();
        let note = |what: &str| self.seen.lock().unwrap().push(what.to_owned());
        let knobs = self.knobs.lock().unwrap().clone();
        match (request.method.as_str(), path.as_str()) {
            ("POST", "/mcp") => self.mcp(request, &knobs),
            ("GET", "/.well-known/oauth-protected-resource/mcp") => ok(&json!({
                "resource": knobs.resource.unwrap_or_else(|| format!("{}/mcp", self.base)),
                "authorization_servers": [knobs.authorization_server.unwrap_or_else(|| self.base.clone())],
            })),
            ("GET", "/.well-known/oauth-authorization-server") => ok(&json!({
                "issuer": knobs.issuer.unwrap_or_else(|| self.base.clone()),
                "authorization_endpoint": knobs.authorization_endpoint.unwrap_or_else(|| format!("{}/authorize", self.base)),
                "token_endpoint": format!("{}/token", self.base),
                "registration_endpoint": (!knobs.registers_nobody).then(|| format!("{}/register", self.base)),
                "code_challenge_methods_supported": ["S256"],
                "response_types_supported": ["code"],
            })),
            ("POST", "/register") => {
                note("register");
                let asked: Value = serde_json::from_str(&request.body).unwrap();
                ok(&json!({ "client_id": "registered", "redirect_uris": asked["redirect_uris"] }))
            }
            ("GET", "/authorize") => {
                note("authorize");
                self.authorize(&request.url, &knobs)
            }
            ("POST", "/token") => self.token(request, &knobs),
            _ => http("404 Not Found", "", ""),
        }
    }

    fn authorize(&self, url: &Url, knobs: &Knobs) -> String {
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["resource"], format!("{}/mcp", self.base));
        let mut grant = self.grant.lock().unwrap();
        grant.challenge.clone_from(&asked["code_challenge"]);
        grant.redirect.clone_from(&asked["redirect_uri"]);
        grant.scope = asked.get("scope").cloned().unwrap_or_default();
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        back.query_pairs_mut().append_pair("state", &asked["state"]);
        if knobs.denies {
            back.query_pairs_mut()
                .append_pair("error", "access_denied")
                .append_pair("error_description", "not\u{7} you");
        } else {
            back.query_pairs_mut().append_pair("code", "the code");
        }
        http("302 Found", &format!("location: {back}\r\n"), "")
    }

    fn token(&self, request: &Request, knobs: &Knobs) -> String {
        let form = Url::parse(&format!("http://x/?{}", request.body)).unwrap();
        let form: BTreeMap<String, String> = form.query_pairs().into_owned().collect();
        let mut grant = self.grant.lock().unwrap();
        let kind = form["grant_type"].clone();
        self.seen.lock().unwrap().push(kind.clone());
        let is_good = match kind.as_str() {
            "authorization_code" => {
                let verifier = PkceCodeVerifier::new(form["code_verifier"].clone());
                let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
                grant.revoked = false;
                form["code"] == "the code"
                    && challenge.as_str() == grant.challenge
                    && form["redirect_uri"] == grant.redirect
            }
            // The token before this one was good for this; it is not any more.
            _ => {
                !grant.revoked && form["refresh_token"] == format!("refresh {}", grant.number & !1)
            }
        };
        if !is_good || form["resource"] != format!("{}/mcp", self.base) {
            let error = json!({ "error": "invalid_grant" }).to_string();
            return http(
                "400 Bad Request",
                "content-type: application/json\r\n",
                &error,
            );
        }
        grant.number = (grant.number & !1) + 2;
        ok(&json!({
            "access_token": format!("secret {}", grant.number),
            "refresh_token": format!("refresh {}", grant.number),
            "token_type": "Bearer",
            "expires_in": knobs.lasts.unwrap_or(3600),
            "scope": grant.scope,
        }))
    }

    fn mcp(&self, request: &Request, knobs: &Knobs) -> String {
        let grant = self.grant.lock().unwrap();
        let token = format!("authorization: Bearer secret {}\r\n", grant.number);
        let metadata = knobs
            .metadata_at
            .clone()
            .unwrap_or_else(|| format!("{}/.well-known/oauth-protected-resource/mcp", self.base));
        if !request.head.contains(&token) || grant.revoked || grant.number == 0 {
            let challenge =
                format!("www-authenticate: Bearer resource_metadata=\"{metadata}\"\r\n");
            return http("401 Unauthorized", &challenge, "");
        }
        let message: Value = serde_json::from_str(&request.body).unwrap();
        let id = &message["id"];
        match message["method"].as_str().unwrap() {
            "initialize" => ok(
                &json!({ "jsonrpc": "2.0", "id": id, "result": { "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": { "name": "guarded", "version": "1" } } }),
            ),
            "tools/call" => {
                let scopes: Vec<&str> = grant.scope.split(' ').collect();
                if let Some(scope) = knobs.call_scope
                    && !scopes.contains(&scope)
                {
                    let challenge = format!(
                        "www-authenticate: Bearer error=\"insufficient_scope\", scope=\"{scope}\", resource_metadata=\"{metadata}\"\r\n"
                    );
                    return http("403 Forbidden", &challenge, "");
                }
                ok(
                    &json!({ "jsonrpc": "2.0", "id": id, "result": { "content": [{ "type": "text", "text": "let in" }] } }),
                )
            }
            _ => http("202 Accepted", "", ""),
        }
    }
}

fn ok(body: &Value) -> String {
    http(
        "200 OK",
        "content-type: application/json\r\n",
        &body.to_string(),
    )
}

fn http(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
