//! Recovery of a password by a code in an SMS, and of a user name by e-mail (S-014, S-020 to S-022).
//!
//! What is asked for is answered before anything is looked up: neither the answer nor its time tells
//! whether there is such an account.
//!
//! Who knows a user name can ask for codes and try them. A browser in which its holder logged in before is counted by
//! itself, and its code is not used up by others; and what one network asks for and tries leaves enough for a browser
//! that is not known yet.

use store::{
    Account, AccountId, AccountState, Actor, Admission, Along, AttemptKey, OneTimeCode, Outcome,
    Purpose, Spent, TriedBy,
};

use crate::accounts::login::NewPassword;
use crate::accounts::{Accounts, AccountsError, Origin};
use crate::password::Password;
use crate::secret::Code;

/// Wrong codes of strangers that one code stands: more than the 14 that `Limits::guessing` leaves one network in its
/// ten minutes. With all of them one code in five million is guessed.
const TRIES: u32 = 20;
/// No account: those are random.
const NOBODY: [u8; 16] = [0; 16];

impl Accounts {
    /// Sends a code to the telephone of an account, if there is one with this user name.
    ///
    /// To be run behind the answer: what comes back is for the log only, and not for who asked. `device` is what
    /// [`Accounts::device`] gave to this browser.
    ///
    /// # Errors
    /// [`AccountsError`].
    pub async fn send_code(
        &self,
        user_name: &str,
        from: Origin,
        device: Option<&str>,
    ) -> Result<bool, AccountsError> {
        let typed = user_name.trim().to_ascii_lowercase();
        let known = device.and_then(|device| self.device_key("message device", &typed, device));
        if !self.may_send("code", typed.as_bytes(), from, known).await? {
            return Ok(false);
        }
        let account = self.account_named(&typed).await?;
        let Some(account) = account.filter(|account| account.state == AccountState::Active) else {
            return Ok(false);
        };
        let code = Code::fresh()?;
        let now = self.now();
        let Some(message) = self.site.recovery_code(&account, &code, self.limits.code, now)? else {
            return Ok(false);
        };
        let mut event = self.event("password.recover", Actor::Anonymous, Outcome::Done, from);
        event.account = Some(account.id);
        let along = Along { messages: vec![message], events: vec![event] };
        self.store.put_code(self.one_time(&account, &code), along).await?;
        Ok(true)
    }

    /// Sets a new password for who has the code.
    ///
    /// A password that breaks rules is refused before the code is spent. `device` is what [`Accounts::device`] gave to
    /// this browser.
    ///
    /// # Errors
    /// [`AccountsError`].
    pub async fn recover_password(
        &self,
        user_name: &str,
        code: &str,
        new: Password,
        from: Origin,
        device: Option<&str>,
    ) -> Result<NewPassword, AccountsError> {
        let typed = user_name.trim().to_ascii_lowercase();
        let network = from.network();
        let known = device.and_then(|device| self.device_key("code device", &typed, device));
        let (counted, by) = match known {
            // Each login makes one more such browser: all of an account have a limit together.
            Some(known) => (
                vec![
                    (known, self.limits.guessing),
                    (self.attempt_key("code devices", &[typed.as_bytes()]), self.limits.account),
                ],
                TriedBy::Known,
            ),
            None => (
                vec![
                    (self.attempt_key("code", &[typed.as_bytes(), &network]), self.limits.guessing),
                    (self.attempt_key("code network", &[&network]), self.limits.network),
                ],
                TriedBy::Stranger,
            ),
        };
        if let Admission::Wait { until } = self.store.admit_attempt(counted, self.now()).await? {
            return Ok(NewPassword::Wait { until });
        }
        let account = self.account_named(&typed).await?;
        // Only what a stranger knows too is said before the code was right.
        let broken = new.broken_rules(&[&typed]);
        if !broken.is_empty() {
            return Ok(NewPassword::Refused(broken));
        }
        let Some(code) = Code::parse(code) else { return Ok(NewPassword::Wrong) };
        let account = account.filter(|account| account.state == AccountState::Active);
        // Where there is no account, nobody's code is looked for: that takes as long.
        let whose = account.as_ref().map_or(NOBODY.into(), |account| account.id);
        let is_right = self.spend(whose, &code, by).await?;
        let (Some(account), true) = (account, is_right) else { return Ok(NewPassword::Wrong) };
        let changed =
            self.set_password(&account, new, None, Actor::Account(account.id), from).await?;
        if matches!(changed, NewPassword::Refused(_)) {
            // The name of the person is in it: the code is as good as before.
            let kept = self.one_time(&account, &code);
            self.store.put_code(kept, Along::nothing()).await?;
        }
        Ok(changed)
    }

    /// Sends the user names of the accounts with this address to it, if there are any.
    ///
    /// To be run behind the answer, as [`Accounts::send_code`].
    ///
    /// # Errors
    /// [`AccountsError`].
    pub async fn send_user_names(&self, email: &str, from: Origin) -> Result<usize, AccountsError> {
        let typed = email.trim().to_lowercase();
        if !self.may_send("user name", typed.as_bytes(), from, None).await? {
            return Ok(0);
        }
        let mut sent = 0;
        for account in self.store.accounts_by_email(&typed).await? {
            if account.state != AccountState::Active {
                continue;
            }
            if let Some(message) = self.site.user_name_again(&account, self.now())? {
                let mut event =
                    self.event("user-name.recover", Actor::Anonymous, Outcome::Done, from);
                event.account = Some(account.id);
                self.store.put_message(message, event.into()).await?;
                sent += 1;
            }
        }
        Ok(sent)
    }

    /// Nobody is flooded with messages, nobody floods others with them, and nobody keeps others from theirs.
    async fn may_send(
        &self,
        what: &str,
        to: &[u8],
        from: Origin,
        known: Option<AttemptKey>,
    ) -> Result<bool, AccountsError> {
        let (limits, what, network) = (&self.limits, what.as_bytes(), from.network());
        let counted = match known {
            Some(known) => vec![
                (known, limits.messages),
                (self.attempt_key("message devices", &[what, to]), limits.messages_anywhere),
            ],
            None => vec![
                (self.attempt_key("message", &[what, to, &network]), limits.messages),
                (self.attempt_key("message anywhere", &[what, to]), limits.messages_anywhere),
                (self.attempt_key("message network", &[&network]), limits.network),
            ],
        };
        Ok(self.store.admit_attempt(counted, self.now()).await? == Admission::Admitted)
    }

    async fn spend(
        &self,
        account: AccountId,
        code: &Code,
        by: TriedBy,
    ) -> Result<bool, AccountsError> {
        let hash = code.hash(&self.secret, account);
        let purpose = Purpose::PasswordRecovery;
        Ok(self.store.spend_code(account, purpose, hash, by, self.now()).await? == Spent::Right)
    }

    /// A code as the store keeps it, with its whole life before it.
    fn one_time(&self, account: &Account, code: &Code) -> OneTimeCode {
        let now = self.now();
        OneTimeCode {
            account: account.id,
            purpose: Purpose::PasswordRecovery,
            hash: code.hash(&self.secret, account.id),
            expires: now.checked_add(self.limits.code).unwrap_or(now),
            tries: TRIES,
        }
    }
}
