//! What holds for every request and every answer.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::web::App;
use crate::web::error::Refusal;
use crate::web::routes;

/// What a page may load and do: nothing that is not ours, and no script or style inside it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// Headers of every answer. `Referrer-Policy` is `same-origin`: with `no-referrer`, which the page of a link has,
/// browsers send `Origin: null` from our own forms.
const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// Two years, as browsers ask for (RFC 6797).
const STRICT_TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=63072000");
const CLOSE: HeaderValue = HeaderValue::from_static("close");
/// For a page whose address is a secret: nobody is told it, not even we.
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Puts the headers on every answer. What says nothing of how long it may be kept is not kept.
///
/// Browsers do not send forms in chunks: what does is answered, and then nothing more is read from it, as a
/// proxy before us might see the end of the request elsewhere (RFC 9112 §6.1).
pub(crate) async fn headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let is_secret = request.uri().path().starts_with(routes::LINK);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if is_chunked {
        headers.insert(header::CONNECTION, CLOSE);
    }
    for (name, value) in HEADERS {
        // What is no page may have a policy of its own.
        if name != header::CONTENT_SECURITY_POLICY || !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if is_secret {
        headers.insert(header::REFERRER_POLICY, NO_REFERRER);
    }
    if app.settings.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT_SECURITY);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    response
}

/// Lets a request take only so long; what it sends late is not waited for.
pub(crate) async fn time_out(State(app): State<App>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.settings.limits().request_time, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => Refusal::TooSlow.into_response(),
    }
}

/// Refuses a head beyond the limits with a page: the listener takes somewhat more, since what it refuses by
/// itself is an empty answer.
pub(crate) async fn head_limits(State(app): State<App>, request: Request, next: Next) -> Response {
    let limits = app.settings.limits();
    let address = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    // A colon, a blank and the end of a line go with each.
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let head = lines.fold(address, usize::saturating_add);
    if address > limits.head_bytes / 2 {
        Refusal::AddressTooLong.into_response()
    } else if head > limits.head_bytes || request.headers().len() > limits.head_lines {
        Refusal::HeadTooLarge.into_response()
    } else {
        next.run(request).await
    }
}

/// Refuses what changes something and comes from another site.
///
/// Browsers tell by `Sec-Fetch-Site` (W3C Fetch Metadata), older ones by `Origin`; a program that sends
/// neither is stopped by the token of the form.
pub(crate) async fn same_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let site = request.headers().get("sec-fetch-site");
    let origin = request.headers().get(header::ORIGIN);
    // A page that names itself to nobody has no origin in its forms either: that it is ours the browser tells by
    // `Sec-Fetch-Site`, and an older one by the token of the form.
    let is_nameless = origin.is_some_and(|origin| origin == "null")
        && (site.is_some() || request.uri().path().starts_with(routes::LINK));
    let is_ours = site.is_none_or(|site| site == "same-origin")
        && (is_nameless || origin.is_none_or(|origin| origin == app.settings.origin()));
    if is_ours { next.run(request).await } else { Refusal::Forgery.into_response() }
}
