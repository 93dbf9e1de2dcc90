//! Agents made of rmcp's own server, in both eras, behind HTTP.

use super::http::{hear, stage_at};
use super::streams::with_asker;
use super::*;
use crate::question::{Asker, Reply};
use futures::FutureExt;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ElicitRequest,
    ElicitRequestParams, ErrorData, InputRequest, InputRequests, InputRequiredResult,
    ProgressNotificationParam, ProtocolVersion, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{RoleServer, ServerHandler};
use std::borrow::Cow;
use std::io;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

type Service = StreamableHttpService<Peer, LocalSessionManager>;

/// A server that tells progress, asks for a colour, and answers with it.
#[derive(Clone)]
struct Peer {
    versions: Vec<ProtocolVersion>,
}

impl ServerHandler for Peer {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.versions.clone().into()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let token = context.meta.get_progress_token().unwrap();
        let progress = ProgressNotificationParam::new(token, 1.0).with_message("thinking");
        context.peer.notify_progress(progress).await.unwrap();
        let schema = json!({ "type": "object", "properties": { "colour": { "type": "string", "enum": ["red", "blue"] } } });
        let params: ElicitRequestParams = serde_json::from_value(
            json!({ "mode": "form", "message": "Which?", "requestedSchema": schema }),
        )
        .unwrap();
        let answer = if self.versions.contains(&ProtocolVersion::V_2026_07_28) {
            let Some(mut answers) = request.input_responses else {
                let asked = InputRequest::Elicitation(ElicitRequest::new(params));
                let asked = InputRequests::from([("colour".to_owned(), asked)]);
                let asked = InputRequiredResult::new(Some(asked), Some("here".to_owned()));
                return Ok(CallToolResponse::InputRequired(asked));
            };
            assert_eq!(request.request_state.as_deref(), Some("here"));
            answers.remove("colour").unwrap()
        } else {
            serde_json::to_value(context.peer.create_elicitation(params).await.unwrap()).unwrap()
        };
        let colour = answer["content"]["colour"].as_str().unwrap_or("none");
        Ok(CallToolResult::success(vec![ContentBlock::text(colour)]).into())
    }
}

async fn serve(versions: Vec<ProtocolVersion>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let service: Service = StreamableHttpService::new(
        move || {
            Ok(Peer {
                versions: versions.clone(),
            })
        },
        Arc::default(),
        StreamableHttpServerConfig::default(),
    );
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            // A client that goes away is no concern of the test.
            tokio::spawn(async move { talk(stream, &service).await });
        }
    });
    url
}

/// HTTP with one request per connection.
async fn talk(stream: TcpStream, service: &Service) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (head, message) = hear(&mut stream).await?;
    let mut lines = head.lines();
    let method = lines.next().unwrap().split(' ').next().unwrap();
    let method = reqwest::Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
    let url = url::Url::parse("http://localhost/mcp").unwrap();
    let mut request = reqwest::Request::new(method, url);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if name != "content-length" {
            let name = reqwest::header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    *request.body_mut() = Some(message.to_string().into());
    let response = service.handle(request.try_into().unwrap()).await;
    let mut response = reqwest::Response::from(response.map(reqwest::Body::wrap));
    let mut head = format!("HTTP/1.1 {}\r\n", response.status());
    for (name, value) in response.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    head += "connection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    while let Some(chunk) = response.chunk().await.map_err(io::Error::other)? {
        stream.write_all(&chunk).await?;
        stream.flush().await?;
    }
    stream.shutdown().await
}

#[tokio::test]
async fn both_eras_of_it_review_tell_progress_and_ask() {
    for (versions, expected) in [
        (vec![ProtocolVersion::V_2026_07_28], "2026-07-28"),
        (vec![ProtocolVersion::V_2025_11_25], "2025-11-25"),
    ] {
        let asker: Asker = Arc::new(|_| {
            let chosen = json!({ "colour": "blue" }).as_object().unwrap().clone();
            async { Reply::Accept(chosen) }.boxed()
        });
        let stage = with_asker(stage_at(&serve(versions).await, limits()), asker);
        let mut running = stage.start();
        running
            .until(CallProgress::Message {
                text: "thinking".to_owned(),
                fraction: None,
            })
            .await;
        assert_eq!(running.end().await.unwrap().texts, ["blue"]);
        assert_eq!(stage.status().server.unwrap().protocol, expected);
        assert_eq!(stage.text().await, "blue");
        assert_eq!(stage.status().starts, 1);
    }
}
