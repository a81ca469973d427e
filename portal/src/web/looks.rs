//! Who looks into a package: in the audit trail, and of a recipient also where who shares reads it.
//!
//! To look at images loads hundreds of entries: one event stands for a session, a request, the images or a report of
//! it, and an address (`visits.rs`).
//!
//! **Invariant:** what an entry tells of somebody is shown when that it is looked at is on the disk.

use std::net::IpAddr;

use store::{Accessed, Holder, PackageContent, Request, RequestId, SecretHash};

use crate::accounts::Origin;
use crate::web::App;
use crate::web::error::Refusal;
use crate::web::holding::Holding;

/// Where the logo of the institution lies, as a PNG or a JPEG.
const LOGO: &str = "IHE_PDI/LOGO.";

/// What of a package is looked at.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Look {
    /// Its images, and the pages around them.
    Images,
    /// A report or another document, by its name; without one, the pages of a package that has nothing else.
    Report(String),
}

impl Look {
    /// `None` for what tells nothing of a patient: style, script and logo, which the page of a report has too.
    fn of(path: &str, content: PackageContent) -> Option<Self> {
        let kind = path.rsplit_once('.').map_or("", |(_, kind)| kind);
        let is_style = ["css", "js"].iter().any(|one| kind.eq_ignore_ascii_case(one));
        if is_style || path.starts_with(LOGO) {
            return None;
        }
        Some(match document(path) {
            Some(name) => Self::Report(name.to_owned()),
            None if content == PackageContent::Reports => Self::Report(String::new()),
            None => Self::Images,
        })
    }
}

/// `RP000001` for the pages of a report in both languages, its PDF and its pictures, `DC000001` for what is no report.
fn document(path: &str) -> Option<&str> {
    let mut names = path.split('/').map(|name| name.split_once('.').map_or(name, |(name, _)| name));
    names.find(|name| name.starts_with("RP") || name.starts_with("DC"))
}

/// What one event stands for.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Visit {
    session: SecretHash,
    request: RequestId,
    /// `None`: the package itself, in parts other than its beginning.
    look: Option<Look>,
    from: IpAddr,
}

/// Has it told that somebody looks at an entry of a package, where that tells anything of a patient.
///
/// # Errors
/// [`Refusal::Fault`]: then it is not shown.
pub(crate) async fn note(
    app: &App,
    Holding { holder, session }: &Holding,
    request: &Request,
    path: &str,
    from: Origin,
) -> Result<(), Refusal> {
    let Some(look) = Look::of(path, request.content) else { return Ok(()) };
    let (action, accessed) = match look {
        Look::Images => ("images.open", Accessed::Images),
        Look::Report(_) => ("report.open", Accessed::Report),
    };
    let services = &app.services;
    let tell = async {
        match holder {
            Holder::Account(_) => services.downloads.looked(holder, request, action, from).await?,
            Holder::Recipient(_) => services.shares.accessed(holder, accessed, from).await?,
        }
        Ok::<(), Refusal>(())
    };
    let visit = Visit { session: *session, request: request.id, look: Some(look), from: from.0 };
    app.visits.tell_once(visit, services.clock.now(), tell).await
}

/// Has it told that a recipient fetches a package from byte `start` on: from its beginning each time, elsewhere once a
/// visit, since a program may fetch several parts at once. Whoever goes on without a session was noted before.
///
/// # Errors
/// [`Refusal::Fault`]: then it is not handed out.
pub(crate) async fn note_part(
    app: &App,
    holder: &Holder,
    session: Option<SecretHash>,
    request: RequestId,
    start: u64,
    from: Origin,
) -> Result<(), Refusal> {
    let services = &app.services;
    let tell = async {
        services.shares.accessed(holder, Accessed::Package, from).await?;
        Ok::<(), Refusal>(())
    };
    match session {
        _ if start == 0 => tell.await,
        Some(session) => {
            let visit = Visit { session, request, look: None, from: from.0 };
            app.visits.tell_once(visit, services.clock.now(), tell).await
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::index("index.htm", None)]
    #[case::picture("IHE_PDI/ST000001/SE000002/IM000003.JPG", None)]
    #[case::dicom("STUDIES/ST000001/SE000001/IM000001", None)]
    #[case::directory("DICOMDIR", None)]
    #[case::viewer("cdviewer/index.htm", None)]
    #[case::page("IHE_PDI/RP000001.HTM", Some("RP000001"))]
    #[case::in_english("IHE_PDI/EN/RP000001.HTM", Some("RP000001"))]
    #[case::pdf("IHE_PDI/RP00000A.PDF", Some("RP00000A"))]
    #[case::picture_of_a_report("IHE_PDI/RP000001/PC000001.JPG", Some("RP000001"))]
    #[case::other_document("other_content/DC000001.CDA", Some("DC000001"))]
    fn each_document_is_told_by_itself(#[case] path: &str, #[case] expected: Option<&str>) {
        let look = |content| Look::of(path, content).unwrap();
        let named = expected.map(|name| Look::Report(name.to_owned()));
        let of_reports = Look::Report(expected.unwrap_or_default().to_owned());
        assert_eq!(look(PackageContent::Everything), named.unwrap_or(Look::Images));
        assert_eq!(look(PackageContent::Reports), of_reports, "nothing else is in it");
    }

    #[rstest]
    fn what_is_the_same_in_all_packages_is_not_told(
        #[values(
            "IHE_PDI/STYLE.CSS",
            "IHE_PDI/STACK.JS",
            "IHE_PDI/LOGO.PNG",
            "IHE_PDI/LOGO.JPG",
            "cdviewer/VIEWER.JS"
        )]
        path: &str,
    ) {
        assert_eq!(Look::of(path, PackageContent::Everything), None);
    }
}
