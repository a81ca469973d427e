//! Browsers in which somebody logged in before: they do not wait because strangers guess at the account.

use store::{Account, AttemptKey};

use crate::accounts::{Accounts, AccountsError};
use crate::secret::Token;

/// For how many days a browser is known after somebody logged in there; each login begins them anew. A cookie that
/// somebody copied is worth as little after that.
pub(crate) const KNOWN_DAYS: i64 = 180;
const SECONDS_A_DAY: i64 = 24 * 60 * 60;

impl Accounts {
    /// What a browser in which somebody has logged in is known by for `KNOWN_DAYS`: worth nothing for another
    /// account, and for this one no more than attempts, which are counted. The store holds nothing of it.
    ///
    /// # Errors
    /// [`AccountsError::NoRandom`].
    pub fn device(&self, account: &Account) -> Result<String, AccountsError> {
        let token = Token::fresh()?;
        let today = self.today().to_string();
        let seal = self.seal(account.user_name.as_str(), &token, &today);
        Ok(format!("{}.{today}.{seal}", token.as_str()))
    }

    /// Under what the attempts of a browser at something are counted, if it is known for this account.
    pub(super) fn device_key(
        &self,
        purpose: &str,
        typed: &str,
        device: &str,
    ) -> Option<AttemptKey> {
        let (token, dated) = device.split_once('.')?;
        let (day, sealed) = dated.split_once('.')?;
        let token = Token::parse(token)?;
        if !self.secret.same(&self.seal(typed, &token, day), sealed) {
            return None;
        }
        let age = self.today().checked_sub(day.parse().ok()?)?;
        (age < KNOWN_DAYS)
            .then(|| self.attempt_key(purpose, &[typed.as_bytes(), token.as_str().as_bytes()]))
    }

    fn today(&self) -> i64 {
        self.now().as_second().div_euclid(SECONDS_A_DAY)
    }

    fn seal(&self, user_name: &str, token: &Token, day: &str) -> String {
        let parts = [user_name.as_bytes(), token.as_str().as_bytes(), day.as_bytes()];
        String::from(self.secret.hash("device", &parts))
    }
}
