//! What is new to somebody, and what came back: behind the bell (S-031, S-131, S-132).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use store::Holder;
use texts::Texts;

use crate::accounts::Page;
use crate::downloads::DownloadState;
use crate::results::News;
use crate::web::App;
use crate::web::client::Client;
use crate::web::dates::{display_moment, display_timestamp};
use crate::web::error::Refusal;
use crate::web::form::{Nothing, Submitted};
use crate::web::login::append;
use crate::web::orders::shown;
use crate::web::person::{display_name, represented};
use crate::web::routes;
use crate::web::session::AccountSession;
use crate::web::shell::Shell;
use crate::web::toast::Toast;

/// What stands on the page; the bell counts the rest too.
const MOST: usize = 100;

#[derive(Template)]
#[template(path = "notifications.html")]
struct NewsPage<'a> {
    shell: &'a Shell,
    news: Vec<NewsLine>,
}

struct NewsLine {
    href: String,
    description: String,
    placed: String,
    /// Whose order, where the account sees those of several persons.
    whose: Option<String>,
    what: &'static str,
}

pub(crate) async fn show(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    AccountSession(who): AccountSession,
) -> Result<Response, Refusal> {
    let text = shell.text;
    let persons = represented(&app.services, &who.account).await?;
    for person in &persons {
        // That nothing is new of one is told too.
        app.services.accounts.views(&who, person.id, Page::Results, from).await?;
    }
    let whose = |id| match persons.as_slice() {
        [] | [_] => None,
        persons => persons.iter().find(|one| one.id == id).map(|one| display_name(&one.name)),
    };
    let news = app.services.results.news(&who.account).await?;
    let back = app.services.downloads.of(&Holder::from(who.account.clone())).await?;
    let back = back.into_iter().filter(|one| one.is_news).map(|one| NewsLine {
        href: routes::DOWNLOADS.to_owned(),
        description: shown(one.description.as_ref(), text),
        placed: match one.state {
            DownloadState::Ready { until, .. } => text.panel_until(display_timestamp(until, text)),
            _ => String::new(),
        },
        whose: whose(one.person),
        what: text.news_back(),
    });
    let line = |(order, why): (crate::results::ShownOrder, News)| NewsLine {
        href: routes::order(order.person, order.id),
        description: shown(order.description.as_ref(), text),
        placed: order
            .placed
            .as_ref()
            .map_or_else(|| shown(None, text), |moment| display_moment(moment, text)),
        whose: whose(order.person),
        what: label(why, text),
    };
    let frozen = app.services.shares.frozen_of(&who.account).await?;
    let frozen = frozen.into_iter().map(|share| NewsLine {
        href: routes::SHARES.to_owned(),
        description: text.news_share().to_owned(),
        placed: display_timestamp(share.created, text),
        whose: whose(share.person),
        what: text.news_share_frozen(),
    });
    let news = frozen.chain(back).chain(news.into_iter().map(line)).take(MOST).collect();
    Ok(shell.page(StatusCode::OK, &NewsPage { shell: &shell, news }))
}

/// Marks all as seen.
pub(crate) async fn read(
    State(app): State<App>,
    AccountSession(who): AccountSession,
    _form: Submitted<Nothing>,
) -> Result<Response, Refusal> {
    app.services.results.see(&who.account, None).await?;
    app.services.downloads.see(&Holder::from(who.account)).await?;
    let mut response = Redirect::to(routes::NOTIFICATIONS).into_response();
    append(&mut response, [Toast::NewsRead.leave()]);
    Ok(response)
}

/// Why something is new, in a word.
pub(crate) fn label(why: News, text: Texts) -> &'static str {
    match why {
        News::New => text.news_new(),
        News::Updated => text.news_updated(),
    }
}
