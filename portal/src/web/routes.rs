//! Every route on one page.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post};
use store::{Holder, OrderId, PersonId, ReportId, RequestId, ShareId};

use crate::oidc::RETURN_PATH;
use crate::web::form::LONGEST_FORM;
use crate::web::{
    App, about, assets, done, downloads, enter, language, live, login, news, order, orders, outbox,
    package, pages, password, pictures, profile, provider, reading, recovery, report, shared,
    shares, viewer,
};

/// Log in.
pub(crate) const LOGIN: &str = "/login";
/// Log out.
pub(crate) const LOGOUT: &str = "/logout";
/// To the identity provider, and back from it.
const PROVIDER: &str = "/login/provider";
/// Logged out here, and perhaps not at the identity provider.
pub(crate) const LOGGED_OUT: &str = "/logout/provider";
/// Change the password.
pub(crate) const PASSWORD: &str = "/password";
/// Choose a language.
pub(crate) const LANGUAGE: &str = "/language";
/// The password is changed.
pub(crate) const PASSWORD_CHANGED: &str = "/password/changed";
/// End all other sessions.
pub(crate) const LOGOUT_ELSEWHERE: &str = "/logout/elsewhere";
/// Password or user name forgotten.
pub(crate) const RECOVERY: &str = "/recovery";
const RECOVERY_PASSWORD: &str = "/recovery/password";
const RECOVERY_CODE: &str = "/recovery/code";
const RECOVERY_USER_NAME: &str = "/recovery/user-name";
/// A user name is on its way.
pub(crate) const RECOVERY_SENT: &str = "/recovery/sent";
/// The password is recovered.
pub(crate) const RECOVERY_CHANGED: &str = "/recovery/changed";
const RESULTS: &str = "/persons/{person}/results";
const ORDER: &str = "/persons/{person}/orders/{order}";
const REPORT: &str = "/persons/{person}/orders/{order}/reports/{report}";
/// Where the reports of an order are asked for, to be read.
const READ: &str = "/persons/{person}/orders/{order}/report";
const SHARE: &str = "/persons/{person}/orders/{order}/share";
/// What the account shares.
pub(crate) const SHARES: &str = "/shares";
const SHARE_DONE: &str = "/shares/{share}/done";
const REVOKE: &str = "/shares/{share}/revoke";
const EXTEND: &str = "/shares/{share}/extend";
const RENEW_PIN: &str = "/shares/{share}/pin";
const REARM: &str = "/shares/{share}/rearm";
const PROFILE: &str = "/persons/{person}/profile";
const ASK: &str = "/persons/{person}/orders/{order}/downloads";
/// The downloads of the account.
pub(crate) const DOWNLOADS: &str = "/downloads";
const WITHDRAW: &str = "/downloads/{request}/withdraw";
const AGAIN: &str = "/downloads/{request}/again";
/// How the panel of the downloads is shown.
const PANEL: &str = "/downloads/panel";
/// The downloads for a script: as they are, and whenever they change.
const STATE: &str = "/downloads/state";
const EVENTS: &str = "/downloads/events";
const PACKAGE: &str = "/downloads/{request}/package";
/// The report of a download, or that it is being prepared.
const READING: &str = "/downloads/{request}/report";
const PAGES: &str = "/downloads/{request}/pages";
const ENTRY: &str = "/downloads/{request}/pages/{*entry}";
/// Below it the link of a share leads to a page that asks for its PIN.
pub(crate) const LINK: &str = "/s/";
const ENTER: &str = "/s/{token}";
/// Below it lies what is shared.
const SHARED: &str = "/shared/";
const SHARED_ORDER: &str = "/shared/{share}";
const SHARED_ASK: &str = "/shared/{share}/downloads";
const SHARED_READ: &str = "/shared/{share}/report";
const SHARED_REPORT: &str = "/shared/{share}/reports/{report}";
const SHARED_WITHDRAW: &str = "/shared/{share}/downloads/{request}/withdraw";
const SHARED_AGAIN: &str = "/shared/{share}/downloads/{request}/again";
/// Has a recipient told when something is back.
const SHARED_TELL: &str = "/shared/{share}/downloads/{request}/tell";
const SHARED_PANEL: &str = "/shared/{share}/downloads/panel";
const SHARED_STATE: &str = "/shared/{share}/downloads/state";
const SHARED_EVENTS: &str = "/shared/{share}/downloads/events";
const SHARED_PACKAGE: &str = "/shared/{share}/downloads/{request}/package";
const SHARED_READING: &str = "/shared/{share}/downloads/{request}/report";
const SHARED_PAGES: &str = "/shared/{share}/downloads/{request}/pages";
const SHARED_ENTRY: &str = "/shared/{share}/downloads/{request}/pages/{*entry}";
/// What is new.
pub(crate) const NOTIFICATIONS: &str = "/notifications";
/// Where somebody who is logged in begins.
pub(crate) const HOME: &str = "/";
/// The messages of a demonstration.
pub(crate) const OUTBOX: &str = "/outbox";
const OUTBOX_MAIL: &str = "/outbox/{message}";

/// Every path with what answers there.
fn table() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        (HOME, get(login::home)),
        (LOGIN, get(login::show).post(login::log_in)),
        (LOGOUT, post(login::log_out)),
        (PROVIDER, get(provider::start)),
        (RETURN_PATH, get(provider::come_back)),
        (LOGGED_OUT, get(provider::logged_out)),
        (LOGOUT_ELSEWHERE, get(done::elsewhere).post(login::log_out_elsewhere)),
        (PASSWORD, get(password::show).post(password::change)),
        (PASSWORD_CHANGED, get(done::password_changed)),
        (RECOVERY, get(recovery::show)),
        (RECOVERY_PASSWORD, post(recovery::password)),
        (RECOVERY_CODE, post(recovery::code)),
        (RECOVERY_USER_NAME, post(recovery::user_name)),
        (RECOVERY_SENT, get(done::recovery_sent)),
        (RECOVERY_CHANGED, get(done::recovery_changed)),
        (RESULTS, get(orders::show).post(orders::search)),
        (ORDER, get(order::show)),
        (REPORT, get(report::show)),
        (PROFILE, get(profile::show)),
        (SHARE, get(shares::show).post(shares::share)),
        (SHARES, get(shares::list)),
        (SHARE_DONE, get(shares::done)),
        (REVOKE, post(shares::revoke)),
        (EXTEND, post(shares::extend)),
        (RENEW_PIN, post(shares::renew_pin)),
        (REARM, post(shares::rearm)),
        (ASK, post(downloads::ask)),
        (DOWNLOADS, get(downloads::show)),
        (WITHDRAW, post(downloads::withdraw)),
        (AGAIN, post(downloads::again)),
        (PANEL, post(downloads::show_panel)),
        (STATE, get(live::state)),
        (EVENTS, get(live::events)),
        (PACKAGE, get(package::fetch)),
        (READ, post(reading::ask)),
        (READING, get(reading::show)),
        (PAGES, get(pages::start)),
        (ENTRY, get(pages::entry)),
        (ENTER, get(enter::show).post(enter::enter)),
        (SHARED_ORDER, get(order::show_shared)),
        (SHARED_ASK, get(downloads::show).post(shared::ask)),
        (SHARED_READ, post(shared::read)),
        (SHARED_REPORT, get(shared::report)),
        (SHARED_WITHDRAW, post(downloads::withdraw)),
        (SHARED_AGAIN, post(downloads::again)),
        (SHARED_TELL, post(shared::tell)),
        (SHARED_PANEL, post(downloads::show_panel)),
        (SHARED_STATE, get(live::state)),
        (SHARED_EVENTS, get(live::events)),
        (SHARED_PACKAGE, get(package::fetch)),
        (SHARED_READING, get(reading::show)),
        (SHARED_PAGES, get(pages::start)),
        (SHARED_ENTRY, get(pages::entry)),
        (NOTIFICATIONS, get(news::show).post(news::read)),
        ("/help", get(about::help)),
        ("/accessibility", get(about::accessibility)),
        ("/privacy", get(about::privacy)),
        (LANGUAGE, post(language::choose)),
        (assets::STYLE_ROUTE, get(assets::style)),
        (assets::THEME_ROUTE, get(assets::theme)),
        (assets::SCRIPT_ROUTE, get(assets::script)),
        (assets::ICON_ROUTE, get(assets::icon)),
        // Pages of packages name no icon: browsers ask for this one then.
        ("/favicon.ico", get(assets::favicon)),
        (viewer::ROUTE, get(viewer::viewer)),
        (pictures::PICTURE_ROUTE, get(pictures::show)),
        (assets::LOGO_ROUTE, get(assets::logo)),
    ]
}

/// The paths of the patients' listener, a parameter in braces: a test asks each of them as everybody.
pub fn paths() -> Vec<&'static str> {
    table().into_iter().map(|(path, _)| path).collect()
}

/// `shown`: whether messages stand on a page instead of being sent.
pub(crate) fn routes(shown: bool) -> Router<App> {
    let outbox = [(OUTBOX, get(outbox::show)), (OUTBOX_MAIL, get(outbox::html))];
    let routes = table().into_iter().chain(outbox.into_iter().filter(|_| shown));
    routes
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods))
        .layer(DefaultBodyLimit::max(LONGEST_FORM))
}

/// The results of a person.
pub(crate) fn results(person: PersonId) -> String {
    format!("/persons/{person}/results")
}

/// An order of a person.
pub(crate) fn order(person: PersonId, order: OrderId) -> String {
    format!("/persons/{person}/orders/{order}")
}

/// The downloads of who asks: those of a recipient lie below what is shared with them.
pub(crate) fn downloads(holder: &Holder) -> String {
    match holder {
        Holder::Account(_) => DOWNLOADS.to_owned(),
        Holder::Recipient(open) => format!("{}{DOWNLOADS}", shared(open.share.id)),
    }
}

/// Whether a path lies below what is shared.
pub(crate) fn is_shared(path: &str) -> bool {
    path.starts_with(SHARED)
}

/// The page of an order for who asks.
pub(crate) fn order_of(holder: &Holder, person: PersonId, id: OrderId) -> String {
    match holder {
        Holder::Account(_) => order(person, id),
        Holder::Recipient(open) => shared(open.share.id),
    }
}

/// Where the reports of an order are asked for by who asks, to be read.
pub(crate) fn read_of(holder: &Holder, person: PersonId, id: OrderId) -> String {
    match holder {
        Holder::Account(_) => read(person, id),
        Holder::Recipient(open) => format!("{}/report", shared(open.share.id)),
    }
}

/// The page of a link.
pub(crate) fn link(token: &str) -> String {
    format!("{LINK}{token}")
}

/// Whether a path is one of a recipient.
pub(crate) fn is_of_recipient(path: &str) -> bool {
    path.starts_with(LINK) || is_shared(path)
}

/// What is shared with somebody.
pub(crate) fn shared(share: ShareId) -> String {
    format!("/shared/{share}")
}

/// A download, with all that is below it.
pub(crate) fn download(holder: &Holder, request: RequestId) -> String {
    format!("{}/{request}", downloads(holder))
}

/// The ZIP of a download.
pub(crate) fn package(holder: &Holder, request: RequestId) -> String {
    format!("{}/package", download(holder, request))
}

/// The images of a download.
pub(crate) fn pages(holder: &Holder, request: RequestId) -> String {
    format!("{}/pages", download(holder, request))
}

/// The report of a download.
pub(crate) fn reading(holder: &Holder, request: RequestId) -> String {
    format!("{}/report", download(holder, request))
}

/// Where the reports of an order are asked for, to be read.
pub(crate) fn read(person: PersonId, order: OrderId) -> String {
    format!("/persons/{person}/orders/{order}/report")
}

/// Where the package of an order is asked for.
pub(crate) fn ask(person: PersonId, order: OrderId) -> String {
    format!("/persons/{person}/orders/{order}/downloads")
}

/// A report on an order, as PDF.
pub(crate) fn report(person: PersonId, order: OrderId, report: ReportId) -> String {
    format!("/persons/{person}/orders/{order}/reports/{report}")
}

/// Where an order is shared.
pub(crate) fn share(person: PersonId, order: OrderId) -> String {
    format!("/persons/{person}/orders/{order}/share")
}

/// That an order is shared, and with whom.
pub(crate) fn share_done(share: ShareId) -> String {
    format!("{SHARES}/{share}/done")
}

/// A report on what is shared, as PDF.
pub(crate) fn shared_report(share: ShareId, report: ReportId) -> String {
    format!("{}/reports/{report}", shared(share))
}

/// The profile of a person.
pub(crate) fn profile(person: PersonId) -> String {
    format!("/persons/{person}/profile")
}
