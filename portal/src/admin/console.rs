//! The console: whoever is at the machine, through a socket beside the store or straight into the router.
//!
//! The store is one process's at a time. While a server has it, its socket takes the requests; without a
//! server they go to the same router in this process. So a command has one implementation and one set of
//! rules.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use axum::middleware::{Next, from_fn};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};
use tower::ServiceExt as _;

use crate::admin::guard::Caller;

/// Name of the socket in the folder of the store.
const SOCKET: &str = "admin.sock";

/// A way to the router.
#[derive(Debug)]
pub enum Console {
    /// Of a server that runs.
    Server(PathBuf),
    /// In this process.
    Here(Router),
}

/// Why the router gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsoleError {
    /// The socket could not be made or reached.
    #[error("the socket {} cannot be used", path.display())]
    Socket {
        /// Where it is.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The server went away before it answered.
    #[error("the server ended the connection: see its log")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Console {
    /// The console of the server that has the store in `folder`; `None` when there is no server.
    ///
    /// # Errors
    /// [`ConsoleError::Socket`] when there is one that does not let us in.
    pub async fn of_server(folder: &Path) -> Result<Option<Self>, ConsoleError> {
        let path = folder.join(SOCKET);
        match UnixStream::connect(&path).await {
            Ok(_greeting) => Ok(Some(Self::Server(path))),
            // Nobody listens behind a socket that a process left when it was killed.
            Err(error) if is_nobody(&error) => Ok(None),
            Err(source) => Err(ConsoleError::Socket { path, source }),
        }
    }

    /// The console of a router in this process.
    pub fn here(router: Router) -> Self {
        Self::Here(trusted(router))
    }

    /// Asks.
    ///
    /// # Errors
    /// [`ConsoleError`].
    pub async fn ask(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ConsoleError> {
        match self {
            Self::Here(router) => {
                let request = request.map(Body::from);
                let response = match router.clone().oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                whole(response).await
            }
            Self::Server(path) => {
                let refused = |source| ConsoleError::Socket { path: path.clone(), source };
                let stream = UnixStream::connect(path).await.map_err(refused)?;
                let broken = |error: hyper::Error| ConsoleError::Broken(error.into());
                let (mut sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream))
                        .await
                        .map_err(broken)?;
                let connection = tokio::spawn(connection);
                let response = sender.send_request(request.map(Full::new)).await.map_err(broken)?;
                let answer = whole(response).await;
                connection.abort();
                answer
            }
        }
    }
}

async fn whole<B>(response: Response<B>) -> Result<Response<Bytes>, ConsoleError>
where
    B: axum::body::HttpBody<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| ConsoleError::Broken(error.into()))?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// A router whose callers are the console's.
pub(crate) fn trusted(router: Router) -> Router {
    router.layer(from_fn(|mut request: axum::extract::Request, next: Next| async move {
        request.extensions_mut().insert(Caller::console());
        next.run(request).await
    }))
}

/// Makes the socket in the folder of a store that this process has open. Only its own user can connect.
///
/// # Errors
/// [`ConsoleError::Socket`].
pub(crate) fn listen(folder: &Path) -> Result<UnixListener, ConsoleError> {
    let path = folder.join(SOCKET);
    let refused = |source| ConsoleError::Socket { path: path.clone(), source };
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(refused(error)),
        // The store is ours, so whoever left a socket there has ended.
        _ => {}
    }
    // The folder lets nobody else in: nobody can be quicker than the change of the mode.
    let listener = UnixListener::bind(&path).map_err(refused)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(refused)?;
    Ok(listener)
}
