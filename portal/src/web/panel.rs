//! The downloads of an account as every page shows them: in a panel at its corner, and on a page of their own
//! (S-081 to S-092). The same entries go to the script as JSON, so that it has no sentence of its own.

use axum::http::HeaderMap;
use serde::Serialize;
use store::{Holder, PackageContent, PersonId};
use texts::Texts;

use crate::downloads::{DownloadState, Preparing, ShownDownload};
use crate::web::App;
use crate::web::amounts::{display_bytes, display_wait};
use crate::web::cookie::Cookie;
use crate::web::dates::display_timestamp;
use crate::web::error::Refusal;
use crate::web::person::{display_name, represented};
use crate::web::routes;

/// The downloads, with a heading and how often they change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PanelView {
    /// `Preparazione del download` or `Stato del download`.
    pub(crate) title: &'static str,
    /// What the button that opens the panel says.
    pub(crate) label: String,
    /// `live` while something is made, `slow` while something is brought back, else `still`.
    pub(crate) pace: &'static str,
    pub(crate) entries: Vec<Entry>,
    /// How many came back from where they were not online, and were not looked at since.
    #[serde(skip)]
    pub(crate) news: usize,
}

/// A download, in sentences.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) id: String,
    /// A word for style sheet and script.
    pub(crate) state: &'static str,
    /// What the order is called.
    pub(crate) name: String,
    /// What of it, and whose, where that is not plain.
    pub(crate) about: String,
    /// `Esito disponibile` or `Esito non disponibile`; empty before it is known (S-085).
    pub(crate) outcome: &'static str,
    pub(crate) says: String,
    /// Images, bytes, time left.
    pub(crate) detail: String,
    /// How far, of a thousand.
    pub(crate) permille: Option<u64>,
    pub(crate) is_preparing: bool,
    pub(crate) is_ready: bool,
    pub(crate) can_again: bool,
    /// Where the package is.
    pub(crate) href: String,
    /// Where its images are looked at.
    pub(crate) look: String,
    pub(crate) look_label: String,
    pub(crate) bar_label: String,
    pub(crate) fetch_label: String,
    pub(crate) withdraw_label: String,
    pub(crate) again_label: String,
    /// Has a recipient written to when it is back; empty where nobody can be.
    pub(crate) tell_label: String,
    /// What is read aloud when it comes to this state; empty where that would be chatter.
    pub(crate) announced: String,
}

/// How the panel is shown; a browser keeps it, and asking for a download opens it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PanelShown {
    #[default]
    Open,
    Folded,
    Closed,
}

impl PanelShown {
    const ALL: [Self; 3] = [Self::Open, Self::Folded, Self::Closed];

    pub(crate) fn as_term(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Folded => "folded",
            Self::Closed => "closed",
        }
    }

    /// By the word of a form or a cookie.
    pub(crate) fn of_term(term: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shown| shown.as_term() == term)
    }
}

/// The panel of a page.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) view: PanelView,
    pub(crate) shown: PanelShown,
    /// What the script makes further entries of.
    pub(crate) blank: Entry,
}

impl Panel {
    /// As this browser left it.
    pub(crate) fn new(view: PanelView, headers: &HeaderMap) -> Self {
        let shown = Cookie::Panel.read(headers).and_then(PanelShown::of_term);
        Self { view, shown: shown.unwrap_or_default(), blank: Entry::default() }
    }

    pub(crate) fn is_folded(&self) -> bool {
        self.shown == PanelShown::Folded
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.shown == PanelShown::Closed
    }
}

impl PanelView {
    /// All downloads of who asks.
    pub(crate) async fn of(app: &App, holder: &Holder, text: Texts) -> Result<Self, Refusal> {
        let found = app.services.downloads.of(holder).await?;
        Self::new(app, holder, &found, text).await
    }

    /// Of downloads that are known already.
    pub(crate) async fn new(
        app: &App,
        holder: &Holder,
        found: &[ShownDownload],
        text: Texts,
    ) -> Result<Self, Refusal> {
        let persons = match (found, holder) {
            ([], _) | (_, Holder::Recipient(_)) => Vec::new(),
            (_, Holder::Account(account)) => represented(&app.services, account).await?,
        };
        let whose = |id: PersonId| match persons.as_slice() {
            [] | [_] => None,
            persons => persons.iter().find(|one| one.id == id).map(|one| display_name(&one.name)),
        };
        let is = |wanted: fn(&DownloadState) -> bool| found.iter().any(|one| wanted(&one.state));
        let is_made =
            is(|state| matches!(state, DownloadState::Waiting | DownloadState::Preparing(_)));
        let is_recalled = is(|state| matches!(state, DownloadState::Recalling { .. }));
        Ok(Self {
            title: if is_made { text.panel_preparing() } else { text.download_title() },
            label: text.panel_open(found.len()),
            pace: match (is_made, is_recalled) {
                (true, _) => "live",
                (false, true) => "slow",
                (false, false) => "still",
            },
            news: found.iter().filter(|one| one.is_news).count(),
            entries: found.iter().map(|one| entry(holder, one, whose(one.person), text)).collect(),
        })
    }
}

fn entry(holder: &Holder, one: &ShownDownload, whose: Option<String>, text: Texts) -> Entry {
    let name = one.description.clone().unwrap_or_else(|| text.panel_some_result().to_owned());
    let content = match one.content {
        PackageContent::Everything => None,
        PackageContent::Reports => Some(text.download_reports().to_owned()),
        PackageContent::NoViewer => Some(text.download_no_viewer().to_owned()),
    };
    let about: Vec<_> = content.into_iter().chain(whose).collect();
    let id = one.id.to_string();
    let common = Entry {
        href: routes::package(holder, one.id),
        look: routes::pages(holder, one.id),
        look_label: text.download_look_of(&name),
        about: about.join(" · "),
        bar_label: text.panel_bar(&name),
        fetch_label: text.panel_fetch(&name),
        withdraw_label: if one.state.is_under_way() {
            text.panel_withdraw(&name)
        } else {
            text.panel_remove(&name)
        },
        again_label: text.panel_again(&name),
        tell_label: match (holder, &one.state) {
            (Holder::Recipient(_), DownloadState::Recalling { .. }) => text.enter_tell(&name),
            _ => String::new(),
        },
        can_again: one.state.can_be_asked_again(),
        id,
        ..Entry::default()
    };
    let told = told(holder, &one.state, text);
    let announced = if told.is_announced {
        let sentences = [told.outcome, &told.says].into_iter().filter(|one| !one.is_empty());
        format!("{name}: {}", sentences.collect::<Vec<_>>().join(". "))
    } else {
        String::new()
    };
    Entry {
        name,
        state: told.word,
        outcome: told.outcome,
        says: told.says,
        detail: told.detail,
        permille: told.permille,
        is_preparing: told.is_preparing,
        is_ready: told.word == "ready",
        announced,
        ..common
    }
}

/// What a state says.
#[derive(Default)]
struct Told {
    word: &'static str,
    outcome: &'static str,
    says: String,
    detail: String,
    permille: Option<u64>,
    is_preparing: bool,
    is_announced: bool,
}

fn told(holder: &Holder, state: &DownloadState, text: Texts) -> Told {
    let is_recipient = matches!(holder, Holder::Recipient(_));
    let unavailable = |word, says: &str| Told {
        word,
        outcome: text.download_unavailable(),
        says: says.to_owned(),
        is_announced: true,
        ..Told::default()
    };
    match state {
        DownloadState::Waiting => Told {
            word: "waiting",
            says: text.download_waiting().to_owned(),
            is_preparing: true,
            ..Told::default()
        },
        DownloadState::Preparing(so_far) => Told {
            word: "preparing",
            says: text.download_collecting().to_owned(),
            detail: progress(*so_far, text),
            permille: permille(*so_far),
            is_preparing: true,
            ..Told::default()
        },
        // To whom the guide gives its advice (S-093, S-094); who wants to be told can ask for that.
        DownloadState::Recalling { .. } if is_recipient => Told {
            detail: text.shared_withdrawn().to_owned(),
            ..unavailable("recalling", text.shared_recall())
        },
        DownloadState::Recalling { .. } => {
            Told { outcome: "", ..unavailable("recalling", text.download_recalling()) }
        }
        DownloadState::Ready { bytes, missing, until } => {
            let size = display_bytes(*bytes, text);
            let kept = text.panel_until(display_timestamp(*until, text));
            let lost = (*missing > 0).then(|| text.download_missing(*missing));
            let detail: Vec<_> = [size, kept].into_iter().chain(lost).collect();
            Told {
                word: "ready",
                outcome: text.download_available(),
                says: text.download_ready().to_owned(),
                detail: detail.join(" · "),
                is_announced: true,
                ..Told::default()
            }
        }
        DownloadState::Failed(_) => unavailable("failed", text.download_failed()),
        DownloadState::Gone => unavailable("gone", text.download_gone()),
        DownloadState::Unavailable if is_recipient => {
            unavailable("unavailable", text.shared_withdrawn())
        }
        DownloadState::Unavailable => unavailable("unavailable", text.panel_withheld()),
    }
}

/// `12 di 120 immagini · 3,4 MB · ancora circa un minuto`.
fn progress(so_far: Preparing, text: Texts) -> String {
    let images =
        (so_far.of_instances > 0).then(|| text.panel_images(so_far.instances, so_far.of_instances));
    let bytes = (so_far.received_bytes > 0).then(|| display_bytes(so_far.received_bytes, text));
    let left = so_far.seconds_left.map(|seconds| display_wait(seconds, text));
    images.into_iter().chain(bytes).chain(left).collect::<Vec<_>>().join(" · ")
}

/// How far of a thousand; nothing before it is known of how many.
fn permille(so_far: Preparing) -> Option<u64> {
    let done = so_far.instances.min(so_far.of_instances);
    done.checked_mul(1000)?.checked_div(so_far.of_instances)
}
