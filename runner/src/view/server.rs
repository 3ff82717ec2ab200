//! Answers the page's requests: files of the page, and JSON of what the trace file
//! holds.

use std::net::SocketAddr;
use std::path::Path;

use agent_react::hooks::Tier;
use anyhow::Context as _;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path as Segments, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use env_crafter::{Achievement, Item, Material, Textures};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracer::store::StoreError;

use super::assets::ASSETS;
use super::catalog::Filter;
use super::episode::Detail;
use super::guard::{Guard, guarded};
use super::pictures;
use super::question::Desk;
use super::shelf::Library;
use crate::exit::{Coded, Exit, of_error};
use crate::rebuild::{NoSession, RebuildError};

/// Pixels of a cell in a frame that the world draws.
const UNIT: u32 = 48;

/// The port that is listened on unless another is named or something else has it.
const USUAL_PORT: u16 = 8642;

/// Where to listen.
#[derive(Debug, Clone)]
pub struct Address {
    /// An address or a name of this machine.
    pub host: String,
    /// The port; without one the usual, or any that is free.
    pub port: Option<u16>,
}

/// A server that listens, but does not answer yet.
pub struct Server {
    listener: TcpListener,
    router: Router,
    at: SocketAddr,
}

impl Server {
    /// Opens a trace file and listens.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, or the address cannot be listened on.
    pub async fn new(traces: &Path, address: &Address) -> anyhow::Result<Server> {
        let library = Library::open(traces)?;
        let desk = Desk::new(traces)?;
        let host = address.host.trim_start_matches('[').trim_end_matches(']');
        let listener = match address.port {
            Some(port) => TcpListener::bind((host, port)).await,
            None => match TcpListener::bind((host, USUAL_PORT)).await {
                Ok(listener) => Ok(listener),
                Err(_) => TcpListener::bind((host, 0)).await,
            },
        };
        let listener = listener.map_err(|error| {
            let port = address
                .port
                .map(|port| format!(":{port}"))
                .unwrap_or_default();
            Coded::usage(format!(
                "cannot listen on {}{port} ({error}): name another --host or --port",
                address.host
            ))
        })?;
        let at = listener.local_addr().context("the socket has no address")?;
        let guard = Guard {
            host: host.to_owned(),
            loopback: at.ip().is_loopback(),
            port: at.port(),
        };
        Ok(Server {
            router: router(library, desk).layer(middleware::from_fn_with_state(guard, guarded)),
            listener,
            at,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.at
    }

    /// Answers until `ended`.
    ///
    /// # Errors
    ///
    /// Where the socket gives out.
    pub async fn serve(self, ended: impl Future<Output = ()>) -> std::io::Result<()> {
        // Not gracefully: a browser keeps its connections open for minutes.
        tokio::select! {
            result = async { axum::serve(self.listener, self.router).await } => result,
            () = ended => Ok(()),
        }
    }
}

fn router(library: Library, desk: Desk) -> Router {
    let mut router = Router::new();
    for asset in ASSETS {
        let answer = ([(header::CONTENT_TYPE, asset.kind)], asset.text);
        router = router.route(asset.path, get(move || async move { answer }));
    }
    router
        .route("/tiles.png", get(async || png(pictures::tiles())))
        .route("/api/facts", get(async || Json(facts())))
        .route("/api/status", get(status))
        .route("/api/runs", get(runs))
        .route("/api/episodes", get(episodes))
        .route("/api/episodes/{id}", get(episode))
        .route("/api/episodes/{id}/turns/{turn}", get(turn))
        .route("/api/episodes/{id}/frames/{step}", get(frame))
        .route("/api/tables", get(tables))
        .fallback(async || Problem::from(NotThere("there is nothing here")))
        .with_state(library)
        .route("/api/sql", post(sql).with_state(desk))
}

/// What the page has to know of the game.
pub(super) fn facts() -> Value {
    let materials = Material::ALL.map(|it| (it.id().to_string(), it.name().into()));
    // What is easy comes first, so that a row of them reads as progress.
    let achievements: Vec<Value> = Tier::ALL
        .into_iter()
        .flat_map(|tier| {
            Achievement::ALL
                .into_iter()
                .filter(move |it| Tier::of(*it) == tier)
        })
        .map(|it| json!({ "name": it.name(), "tier": Tier::of(it).name() }))
        .collect();
    json!({
        "materials": serde_json::Map::from_iter(materials),
        "sprites": Textures::SPRITES,
        "items": Item::ALL.map(Item::name),
        "achievements": achievements,
        "version": env!("CARGO_PKG_VERSION"),
    })
}

async fn status(State(library): State<Library>) -> Answer {
    json_of(
        library
            .ask(|shelf| Ok(serde_json::to_value(shelf.status()?)?))
            .await?,
    )
}

async fn runs(State(library): State<Library>) -> Answer {
    let catalog = library.ask(|shelf| shelf.catalog()).await?;
    json_of(catalog.runs())
}

async fn episodes(
    State(library): State<Library>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Answer {
    let Query(filter) = filter.map_err(|error| {
        let text = error.body_text();
        let what = text
            .rsplit_once("query string: ")
            .map_or(&*text, |(_, what)| what);
        Coded::usage(format!("a filter in the address is none: {what}"))
    })?;
    let catalog = library.ask(|shelf| shelf.catalog()).await?;
    json_of(catalog.page(&filter))
}

async fn episode(State(library): State<Library>, Segments(id): Segments<String>) -> Answer {
    let episode = library.ask(move |shelf| shelf.episode(&id)).await?;
    json_of(episode.summary())
}

/// `outside` is what was recorded outside of any turn.
async fn turn(
    State(library): State<Library>,
    Segments((id, turn)): Segments<(String, String)>,
) -> Answer {
    let turn = match turn.as_str() {
        "outside" => None,
        number => Some(number.parse().map_err(|_| {
            Coded::usage(format!("{number:?} is no turn: a number, or \"outside\""))
        })?),
    };
    let episode = library.ask(move |shelf| shelf.episode(&id)).await?;
    let there = turn.is_none_or(|turn| episode.turns().any(|each| each == turn));
    match there {
        true => json_of(episode.turn(turn, Detail::Bodies)),
        false => Err(NotThere("this session has no such turn").into()),
    }
}

async fn frame(
    State(library): State<Library>,
    Segments((id, step)): Segments<(String, u64)>,
) -> Answer {
    let episode = library.ask(move |shelf| shelf.episode(&id)).await?;
    let drawn = tokio::task::spawn_blocking(move || {
        let recording = episode.recording();
        let recording = recording.context("this session is no episode that can be rebuilt")?;
        let mut states = recording.states()?;
        states.advance_to(step)?;
        pictures::frame(states.env(), UNIT)
    });
    Ok(png(drawn.await?))
}

async fn tables(State(library): State<Library>) -> Answer {
    let found = library.ask(|shelf| {
        Ok(shelf.store()?.query(
            "select table_name as name, list(column_name order by column_index) as columns \
             from duckdb_columns() where not internal group by table_name order by table_name",
        )?)
    });
    json_of(found.await?.to_objects())
}

#[derive(Deserialize)]
struct Question {
    sql: String,
}

async fn sql(State(desk): State<Desk>, Json(question): Json<Question>) -> Answer {
    let answer = desk.ask(&question.sql).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

type Answer = Result<Response, Problem>;

fn json_of(value: impl serde::Serialize) -> Answer {
    Ok(Json(value).into_response())
}

fn png(drawn: anyhow::Result<Vec<u8>>) -> Response {
    match drawn {
        Ok(bytes) => ([(header::CONTENT_TYPE, "image/png")], bytes).into_response(),
        Err(error) => Problem(error).into_response(),
    }
}

/// That there is nothing at an address.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotThere(&'static str);

/// Why there is no answer.
struct Problem(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Problem {
    fn from(error: E) -> Problem {
        Problem(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let missing = |cause: &(dyn std::error::Error + 'static)| {
            matches!(cause.downcast_ref(), Some(StoreError::NoSession { .. }))
                || matches!(cause.downcast_ref(), Some(RebuildError::NoStep { .. }))
                || cause.is::<NoSession>()
                || cause.is::<NotThere>()
        };
        let status = if self.0.chain().any(missing) {
            StatusCode::NOT_FOUND
        } else if of_error(&self.0) == Exit::Usage {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        };
        (status, Json(json!({ "error": format!("{:#}", self.0) }))).into_response()
    }
}
