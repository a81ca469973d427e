//! Serves a file at `/file` by tower-http's `ServeFile` in pieces of 1 MiB: `serve_file PORT FILE`.

#![forbid(unsafe_code)]

use std::error::Error;
use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tower_http::services::ServeFile;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("serve_file PORT FILE".into());
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.parse::<u16>()?)).await?;
    let file = ServeFile::new(file).with_buf_chunk_size(1 << 20);
    axum::serve(listener, axum::Router::new().route_service("/file", file)).await?;
    Ok(())
}
