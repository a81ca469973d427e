//! The language that somebody is written to in: the one that they chose last.

use store::{Account, AccountId, Actor, Changed, Language, Outcome};

use crate::accounts::{Accounts, AccountsError, Origin};

/// How often it is tried when others change the account meanwhile.
const TRIES: usize = 3;

impl Accounts {
    /// Writes to the holder of an account in this language from now on.
    ///
    /// An account that is changed all the time meanwhile, or gone, stays as it is.
    ///
    /// # Errors
    /// [`AccountsError::Store`].
    pub(crate) async fn speak(
        &self,
        id: AccountId,
        language: Language,
        from: Origin,
    ) -> Result<(), AccountsError> {
        for _ in 0..TRIES {
            let Some(old) = self.account(id).await?.filter(|old| old.language != language) else {
                return Ok(());
            };
            let new = Account { language, ..old.clone() };
            let mut event = self.event("account.language", Actor::Account(id), Outcome::Done, from);
            event.account = Some(id);
            if self.store.replace_account(old, new, event.into()).await? != Changed::Stale {
                return Ok(());
            }
        }
        Ok(())
    }
}
