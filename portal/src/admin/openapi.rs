//! The description of the API (`OpenAPI` 3.1), made of the routes themselves.

use std::collections::BTreeMap;

use axum::Json;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::problem::Problem;
use crate::admin::scope::Scope;
use crate::admin::{
    App, accounts, audit, import, jobs, messages, orders, persons, reports, shares,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Esito: administration",
        description = "Persons, accounts, orders, reports, the audit trail and the outbox of a patient \
            portal. What is refused is answered with problem details (RFC 9457) that say what to do."
    ),
    components(schemas(Problem)),
    modifiers(&Tokens),
)]
struct Base;

/// How a caller shows who it is.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut OpenApi) {
        let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(format!(
                "A token of the configuration. Scopes: {}.",
                scopes.join(", ")
            )))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

/// All routes with their description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    let mut routes = OpenApiRouter::with_openapi(Base::openapi())
        .routes(routes!(read))
        .merge(persons::routes())
        .merge(accounts::routes())
        .merge(import::routes())
        .merge(orders::routes())
        .merge(reports::routes())
        .merge(messages::routes())
        .merge(jobs::routes())
        .merge(shares::routes())
        .merge(audit::routes());
    close_variants(routes.get_openapi_mut());
    routes
}

/// Of an object that stands for a variant the parser takes one field, which utoipa does not say.
fn close_variants(document: &mut OpenApi) {
    let schemas =
        document.components.iter_mut().flat_map(|components| components.schemas.values_mut());
    for schema in schemas {
        let RefOr::T(Schema::OneOf(variants)) = schema else { continue };
        for variant in &mut variants.items {
            if let RefOr::T(Schema::Object(variant)) = variant
                && !variant.properties.is_empty()
            {
                let closed = AdditionalProperties::FreeForm(false);
                variant.additional_properties = Some(Box::new(closed));
            }
        }
    }
}

/// The description of the API.
pub fn description() -> OpenApi {
    routes().into_openapi()
}

/// Reads this description.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    operation_id = "openapi.read",
    tag = "description",
    security(("token" = [])),
    responses((status = 200, description = "The description."), Guarded)
)]
async fn read() -> Json<OpenApi> {
    Json(description())
}

/// Problems that several routes answer with.
macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident { $($status:literal $text:literal)* })*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([$((stringify!($status).to_owned(), problem($text))),*])
            }
        }
    )*};
}

problems! {
    /// Of the guard before every route.
    Guarded {
        401 "No token, or none that is known."
        403 "The token lacks the scope."
        429 "Too many wrong tokens came from this network."
        500 "It failed: see the log of the server."
    }
    /// Of a route with parameters.
    Malformed {
        400 "A parameter cannot be read."
    }
    /// Of a route with a body.
    Unreadable {
        400 "Body or parameters cannot be read."
        413 "The body is too large."
        415 "The body is of another media type."
    }
    /// Of a route of one thing.
    Missing {
        404 "There is no such thing."
    }
    /// Of a route that can be in the way of something.
    InTheWay {
        409 "What is there is in the way."
    }
    /// Of a route that takes a document.
    Refused {
        422 "What was sent cannot be taken."
    }
    /// Of a route that replaces.
    Conditional {
        412 "Somebody changed it since it was read."
        428 "If-Match is missing."
    }
    /// Of a route that hashes a password.
    Hashing {
        503 "Too many passwords are being hashed."
    }
}

fn problem(description: &str) -> RefOr<Response> {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content);
    RefOr::T(response.build())
}
