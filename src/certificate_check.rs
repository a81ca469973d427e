//! What `esito check` says of certificates that end.

use portal::outbox::SmtpSettings;
use portal::{Certificates, Clock, days_left};

use crate::commands::check::Line;
use crate::config::Config;

/// Days before the end from which on it is a failure.
const TOO_LATE: i32 = 14;

/// Looks at every certificate that is named in the configuration, and at the one of the identity provider.
pub(crate) fn check(config: &Config, tell: &mut impl FnMut(Line)) {
    let portal = config.portal.as_ref();
    let portal = portal.map(|portal| ("[portal]", portal.web.transport()));
    let admin = config.admin.listen.as_ref().map(|(_, transport)| ("[admin]", transport));
    let listeners = portal.into_iter().chain(admin);
    let listeners = listeners.filter_map(|(name, of)| Certificates::of_listener(name, of));
    let mail = config.smtp.as_ref().and_then(SmtpSettings::tls);
    let mail = mail.and_then(|tls| Certificates::of_client("[smtp]", &tls));
    let sms = config.sms.as_ref().and_then(|sms| Certificates::of_client("[sms]", &sms.tls));
    let provider = config.oidc.as_ref().and_then(Certificates::of_provider);
    let pacs = config.pacs.iter().filter_map(Certificates::of_pacs);
    for one in listeners.chain(mail).chain(sms).chain(provider).chain(pacs) {
        // Whatever cannot be read or asked is told of where it is used.
        if let Ok(Some(day)) = one.last_day() {
            let result = match days_left(day, Clock::System.now()) {
                days if days < 0 => Err(format!("one ended on {day}: renew it")),
                days if days < TOO_LATE => {
                    Err(format!("one ends on {day}, in {days} days: renew it"))
                }
                days => Ok(format!("the first one ends on {day}, in {days} days")),
            };
            tell(Line { of: one.of().to_owned(), step: "certificates", result });
        }
    }
}
