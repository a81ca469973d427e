//! What all pages have around them: head, language chooser, who is logged in.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use store::Holder;
use texts::{Language, Texts};

use crate::messages::texts_in;
use crate::secret::Token;
use crate::web::App;
use crate::web::assets::{LogoImage, SCRIPT_PATH, STYLE_PATH};
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;
use crate::web::form::{FormToken, browser};
use crate::web::holding::UnlockedShare;
use crate::web::panel::{Panel, PanelView};
use crate::web::person::initials;
use crate::web::routes::{self, is_shared};
use crate::web::session::Visitor;
use crate::web::toast::Toast;

/// The frame of a page.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) text: Texts,
    /// What the portal is called.
    pub(crate) portal: String,
    pub(crate) institution: String,
    pub(crate) address: Option<String>,
    pub(crate) contact: Option<String>,
    pub(crate) logo: Option<LogoImage>,
    /// For the forms of the page; none when no random number could be had.
    token: Option<FormToken>,
    /// The path of the page, to come back to.
    pub(crate) path: String,
    /// Whether somebody is logged in, and what as.
    pub(crate) user: Option<User>,
    /// Whose pages these are, for the colours: `patient`, or `recipient` of what is shared.
    pub(crate) theme_class: &'static str,
    /// Where one begins.
    pub(crate) home: String,
    /// Where the downloads are.
    pub(crate) downloads: String,
    /// How much is new to who is logged in, and has chosen a password: orders, and what came back (S-131, S-132).
    pub(crate) news: Option<usize>,
    /// The downloads, if there are any, at the corner of the page.
    pub(crate) panel: Option<Panel>,
    /// What was done before.
    toast: Option<Toast>,
    /// Where style sheets and script are.
    pub(crate) style: &'static str,
    pub(crate) theme: Option<String>,
    pub(crate) script: &'static str,
    /// A cookie that the browser does not have yet.
    new_browser: Option<Token>,
}

/// Somebody who is logged in, at the top of a page (S-033).
#[derive(Debug)]
pub(crate) struct User {
    /// The name, or the user name of who has no person.
    pub(crate) name: String,
    pub(crate) initials: String,
    /// Not of who comes through an identity provider only.
    pub(crate) has_password: bool,
}

impl Shell {
    /// For a page that does not look at who is logged in.
    pub(crate) fn of_stranger(app: &App, headers: &HeaderMap, path: &str) -> Self {
        let (known, new) = match browser(headers) {
            Some(known) => (Some(known), None),
            None => (None, Token::fresh().ok()),
        };
        let token = known.as_ref().or(new.as_ref());
        let site = app.services.accounts.site();
        let text = language(headers).unwrap_or_default().texts();
        let is_recipient = routes::is_of_recipient(path);
        let branding = app.settings.branding();
        Self {
            text,
            portal: site.portal.clone(),
            institution: app.institution(text.language()).to_owned(),
            address: branding.address.clone(),
            contact: branding.contact.clone(),
            logo: app.logo.clone(),
            token: token.and_then(|token| FormToken::fresh(&app.services.secret, token).ok()),
            path: path.to_owned(),
            user: None,
            theme_class: if is_recipient { "recipient" } else { "patient" },
            // Whoever came by a link has no other page.
            home: if is_recipient { path } else { routes::HOME }.to_owned(),
            downloads: routes::DOWNLOADS.to_owned(),
            news: None,
            panel: None,
            toast: Toast::read(headers),
            style: &STYLE_PATH,
            theme: app.theme.clone(),
            script: &SCRIPT_PATH,
            new_browser: new,
        }
    }

    /// For the pages of a recipient: orange, with nothing of who may be logged in beside (S-121).
    async fn of_recipient(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let UnlockedShare { open, .. } = UnlockedShare::from_request_parts(parts, app).await?;
        let mut shell = Self::of_stranger(app, &parts.headers, parts.uri.path());
        shell.home = routes::shared(open.share.id);
        let holder = Holder::from(open);
        shell.downloads = routes::downloads(&holder);
        let view = PanelView::of(app, &holder, shell.text).await?;
        if !view.entries.is_empty() {
            shell.panel = Some(Panel::new(view, &parts.headers));
        }
        Ok(shell)
    }

    /// The value of the hidden field of each form.
    pub(crate) fn token(&self) -> &str {
        self.token.as_ref().map_or("", FormToken::as_str)
    }

    /// What was done before.
    pub(crate) fn toast(&self) -> Option<&'static str> {
        self.toast.map(|toast| toast.sentence(self.text))
    }

    /// Whether the page goes without the panel: it says the same, or is a form that the panel would lie on.
    pub(crate) fn is_without_panel(&self) -> bool {
        let below = self.path.strip_prefix(&*self.downloads);
        below.is_some_and(|below| below.is_empty() || below.ends_with("/report"))
            || self.path.ends_with("/share")
    }

    /// The part of the quick guide for who reads this.
    pub(crate) fn help(&self) -> &'static str {
        if self.theme_class == "patient" { "/help" } else { "/help#recipient" }
    }

    pub(crate) fn language(&self) -> &'static str {
        self.text.language().tag()
    }

    /// The language that the page is not in.
    pub(crate) fn other_language(&self) -> Language {
        self.text.language().other()
    }

    /// An answer with a page.
    pub(crate) fn page(&self, status: StatusCode, page: &impl Template) -> Response {
        let Ok(html) = page.render() else {
            return Refusal::Fault("a template").into_response();
        };
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, kind);
        if let Ok(language) = HeaderValue::from_str(self.language()) {
            headers.insert(header::CONTENT_LANGUAGE, language);
        }
        let cookie = self.new_browser.as_ref().and_then(|token| Cookie::Form.set(token.as_str()));
        let said = self.toast.and_then(|_| Cookie::Toast.remove());
        for cookie in cookie.into_iter().chain(said) {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl FromRequestParts<App> for Shell {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if is_shared(parts.uri.path()) {
            return Self::of_recipient(parts, app).await;
        }
        let Visitor(who) = Visitor::from_request_parts(parts, app).await?;
        let mut shell = Self::of_stranger(app, &parts.headers, parts.uri.path());
        if let Some(who) = who {
            if language_chosen(&parts.headers).is_none() {
                shell.text = texts_in(who.account.language);
                shell.institution = app.institution(shell.text.language()).to_owned();
            }
            shell.user = Some(user(app, &who.account).await?);
            if !who.must_change_password() {
                let orders = app.services.results.news(&who.account).await?.len();
                let frozen = app.services.shares.frozen_of(&who.account).await?.len();
                let view =
                    PanelView::of(app, &Holder::from(who.account.clone()), shell.text).await?;
                shell.news = Some(orders + frozen + view.news);
                if !view.entries.is_empty() {
                    shell.panel = Some(Panel::new(view, &parts.headers));
                }
            }
        }
        Ok(shell)
    }
}

async fn user(app: &App, account: &store::Account) -> Result<User, Refusal> {
    let oneself = account.persons.iter().find(|person| person.role == store::Role::Oneself);
    let person = match oneself {
        Some(oneself) => app.services.store.person(oneself.person).await?,
        None => None,
    };
    let has_password = account.password.is_some();
    let (name, initials) = match person {
        Some(person) => {
            let name = format!("{} {}", person.name.given, person.name.family).trim().to_owned();
            (name, initials(&person.name))
        }
        None => (account.user_name.as_str().to_owned(), String::new()),
    };
    Ok(User { name, initials, has_password })
}

/// What somebody who is logged in reads: in the language chosen here, or in that of the account.
fn spoken(headers: &HeaderMap, account: &store::Account) -> Texts {
    language_chosen(headers).map_or_else(|| texts_in(account.language), Language::texts)
}

/// What who asks reads: a recipient in the language of the browser.
pub(crate) fn spoken_to(headers: &HeaderMap, holder: &Holder) -> Texts {
    match holder {
        Holder::Account(account) => spoken(headers, account),
        Holder::Recipient(_) => language(headers).unwrap_or_default().texts(),
    }
}

/// A language by its tag.
pub(crate) fn language_of_tag(tag: &str) -> Option<Language> {
    Language::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(tag))
}

/// The one chosen in this browser, if one was.
pub(crate) fn language_chosen(headers: &HeaderMap) -> Option<Language> {
    Cookie::Language.read(headers).and_then(language_of_tag)
}

/// The one chosen here, or the first that the browser asks for and we have (RFC 9110 §12.5.4; its
/// weights are in falling order in practice).
fn language(headers: &HeaderMap) -> Option<Language> {
    language_chosen(headers).or_else(|| {
        let asked = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
        let ranges = asked.split(',').filter_map(|range| range.split([';', '-']).next());
        ranges.map(str::trim).find_map(language_of_tag)
    })
}

/// Why there is nothing here.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) heading: &'static str,
    pub(crate) advice: &'static str,
}
