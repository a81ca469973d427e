//! Browsers in which somebody logged in before: they do not wait because strangers guess at the account.

use store::{Account, AttemptKey};

use crate::accounts::{Accounts, AccountsError};
use crate::secret::Token;

impl Accounts {
    /// What a browser in which somebody has logged in is known by from now on: worth nothing for another
    /// account, and nothing without its password. The store holds nothing of it.
    ///
    /// # Errors
    /// [`AccountsError::NoRandom`].
    pub fn device(&self, account: &Account) -> Result<String, AccountsError> {
        let token = Token::fresh()?;
        let seal = self.seal(account.user_name.as_str(), &token);
        Ok(format!("{}.{seal}", token.as_str()))
    }

    /// Under what the attempts of a browser are counted, if it is known for this account.
    pub(super) fn device_key(&self, typed: &str, device: &str) -> Option<AttemptKey> {
        let (token, sealed) = device.split_once('.')?;
        let token = Token::parse(token)?;
        self.secret.same(&self.seal(typed, &token), sealed).then(|| {
            self.attempt_key("login device", &[typed.as_bytes(), token.as_str().as_bytes()])
        })
    }

    fn seal(&self, user_name: &str, token: &Token) -> String {
        let parts = [user_name.as_bytes(), token.as_str().as_bytes()];
        String::from(self.secret.hash("device", &parts))
    }
}
