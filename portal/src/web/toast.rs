//! What a page says of what was done before it (S-037): once, and the next page no more.

use axum::http::{HeaderMap, HeaderValue};
use texts::Texts;

use crate::web::cookie::Cookie;

/// Something that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toast {
    /// Nobody is logged in any more.
    LoggedOut,
    /// Nothing is news any more.
    NewsRead,
    /// A package is being prepared (S-080).
    DownloadAsked,
    /// It is not: there are as many as there may be.
    TooManyDownloads,
    /// A share is extended, has another PIN, can be opened again, or is over.
    ShareChanged,
}

impl Toast {
    const ALL: [Self; 5] = [
        Self::LoggedOut,
        Self::NewsRead,
        Self::DownloadAsked,
        Self::TooManyDownloads,
        Self::ShareChanged,
    ];

    fn as_term(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged-out",
            Self::NewsRead => "news-read",
            Self::DownloadAsked => "download-asked",
            Self::TooManyDownloads => "too-many-downloads",
            Self::ShareChanged => "share-changed",
        }
    }

    /// What is said.
    pub(crate) fn sentence(self, text: Texts) -> &'static str {
        match self {
            Self::LoggedOut => text.shell_logged_out(),
            Self::NewsRead => text.news_read(),
            Self::DownloadAsked => text.download_asked(),
            Self::TooManyDownloads => text.download_too_many(),
            Self::ShareChanged => text.share_changed(),
        }
    }

    /// What the answer before left to be said.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let term = Cookie::Toast.read(headers)?;
        Self::ALL.into_iter().find(|toast| toast.as_term() == term)
    }

    /// The header that leaves it for the next page.
    pub(crate) fn leave(self) -> Option<HeaderValue> {
        Cookie::Toast.set(self.as_term())
    }
}
