//! Reading the reports that lie in the study itself, without downloading: a package of the reports alone is made for
//! that, unless one with all of them is there.

use store::{
    Holder, Language, OrderId, PackageContent, Preparation, PreparationState, Request, RequestId,
    StoreError,
};

use crate::accounts::Origin;
use crate::downloads::contents::Contents;
use crate::downloads::delivery::Delivery;
use crate::downloads::{AskedFor, Downloads, DownloadsError};

/// The page that lists all reports of a package.
const LIST: &str = "index.htm#reports";
/// Where reports lie in a package, and how their names begin.
const REPORTS: &str = "IHE_PDI/RP";
/// What a package may hold, the smallest that has the reports first.
const CONTENTS: [PackageContent; 3] =
    [PackageContent::Reports, PackageContent::NoViewer, PackageContent::Everything];

/// What there is to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The page or document of the package to open.
    Ready(String),
    /// It is being prepared.
    Preparing,
    /// It is being brought back from where it is not online.
    Recalling,
    /// It failed, or is not there any more.
    Gone,
}

impl Downloads {
    /// The request with which somebody reads the reports of an order now: one that they have, or a new one.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub(crate) async fn read(
        &self,
        holder: &Holder,
        order: OrderId,
        language: Language,
        from: Origin,
    ) -> Result<AskedFor, DownloadsError> {
        let Some(opened) = self.0.results.visible_to(holder, order).await? else {
            // The audit trail hears of it as of any other request.
            return self.ask(holder, order, PackageContent::Reports, language, from).await;
        };
        let contents = Contents::of(&opened.order);
        let person = &opened.person;
        let keys = CONTENTS
            .map(|content| contents.key(&self.0.secret, &self.0.maker, person, content, language));
        let ready = |(request, made): (Request, Preparation)| {
            let is_ready = matches!(made.state, PreparationState::Ready(_));
            (is_ready && keys.contains(&request.key)).then_some(request.id)
        };
        let known = self.0.store.requests_of(holder.asker()).await?;
        match known.into_iter().find_map(ready) {
            Some(request) => Ok(AskedFor::Done(request)),
            None => self.ask(holder, order, PackageContent::Reports, language, from).await,
        }
    }

    /// What there is to read of a request, and of which order; `None` when they have none such, or may not
    /// have it.
    ///
    /// # Errors
    /// [`DownloadsError`].
    pub(crate) async fn reading(
        &self,
        holder: &Holder,
        request: RequestId,
    ) -> Result<Option<(Request, Reading)>, DownloadsError> {
        let Some((request, delivery)) = self.deliver(holder, request).await? else {
            return Ok(None);
        };
        let reading = match delivery {
            Delivery::Ready(ready) => match self.index(&ready).await {
                Ok(index) => Reading::Ready(first_page(index.keys().map(String::as_str))),
                Err(error) => {
                    tracing::error!(%error, "a package cannot be read");
                    Reading::Gone
                }
            },
            Delivery::NotYet if self.is_recalled(&request).await? => Reading::Recalling,
            Delivery::Growing(_) | Delivery::NotYet => Reading::Preparing,
            Delivery::Gone => Reading::Gone,
        };
        Ok(Some((request, reading)))
    }

    async fn is_recalled(&self, request: &Request) -> Result<bool, StoreError> {
        let made = self.0.store.preparation(request.key).await?;
        Ok(made.is_some_and(|made| made.recall.is_some()))
    }
}

/// The only report, as a page where there is one; the list of several.
fn first_page<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let mut reports: Vec<(&str, &str)> = paths.filter_map(report_of).collect();
    // `HTM` before `PDF`.
    reports.sort_unstable();
    match reports.as_slice() {
        [(first, kind), others @ ..] if others.iter().all(|(number, _)| number == first) => {
            format!("{REPORTS}{first}.{kind}")
        }
        _ => LIST.to_owned(),
    }
}

/// Number and kind of a report, if a path is one of a page or document.
fn report_of(path: &str) -> Option<(&str, &str)> {
    let (number, kind) = path.strip_prefix(REPORTS)?.split_once('.')?;
    (!number.contains('/') && matches!(kind, "HTM" | "PDF")).then_some((number, kind))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SR: [&str; 3] =
        ["IHE_PDI/RP000001.PDF", "IHE_PDI/RP000001.HTM", "IHE_PDI/EN/RP000001.HTM"];

    #[rstest]
    #[case::structured(&SR, "IHE_PDI/RP000001.HTM")]
    #[case::document(&["index.htm", "IHE_PDI/RP00000A.PDF"], "IHE_PDI/RP00000A.PDF")]
    #[case::with_picture(&[SR[0], SR[1], "IHE_PDI/RP000001/PC000001.JPG"], "IHE_PDI/RP000001.HTM")]
    #[case::several(&[SR[0], SR[1], "IHE_PDI/RP000002.PDF"], LIST)]
    #[case::none(&["index.htm", "IHE_PDI/ST000001.HTM"], LIST)]
    fn the_only_report_is_opened_and_of_several_the_list(
        #[case] paths: &[&str],
        #[case] expected: &str,
    ) {
        assert_eq!(first_page(paths.iter().copied()), expected);
    }
}
