//! Login of somebody whom the identity provider vouches for.

use std::collections::BTreeMap;

use store::{
    Account, AccountState, Actor, Admission, Begun, Outcome, Proof, Role, StoreError, Subject,
    Through,
};

use crate::accounts::{Accounts, AccountsError, Origin};
use crate::oidc::pending::{ONCE, Pending};
use crate::secret::Token;

/// Stands in the audit trail beside each login through the provider.
const OBJECT: &str = "oidc";
/// What SPID and CIE write before a tax code (Italian attribute `fiscalNumber`).
const TAX_CODE_PREFIX: &str = "TINIT-";

/// How the provider names somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Vouched {
    /// By what an account was given.
    Subject(Subject),
    /// By a tax code, `TINIT-` perhaps before it.
    TaxCode(store::Private<String>),
}

impl Accounts {
    /// Counts a return from the provider; false when somebody has come back with it before, or too many come from
    /// this network.
    pub(crate) async fn admit_return(
        &self,
        pending: &Pending,
        from: Origin,
    ) -> Result<bool, AccountsError> {
        let network = self.login_keys("", from).network;
        let counted = vec![(pending.key(&self.secret), ONCE), (network, self.limits.network)];
        let admission = self.store.admit_attempt(counted, self.now()).await?;
        Ok(admission == Admission::Admitted)
    }

    /// Logs somebody in, in the place of the session `replaces`; none when no account, or more than one, is
    /// theirs and enabled.
    pub(crate) async fn log_in_vouched(
        &self,
        who: &Vouched,
        from: Origin,
        replaces: Option<&Token>,
    ) -> Result<Option<(Token, Account)>, AccountsError> {
        let Some(account) = self.vouched(who).await? else {
            self.return_refused(from).await?;
            return Ok(None);
        };
        let (token, session) = self.session(&account, Through::Provider)?;
        let mut event = self.event("login", Actor::Account(account.id), Outcome::Done, from);
        event.account = Some(account.id);
        event.object = Some(OBJECT.to_owned());
        let replaces = replaces.map(Token::hash);
        match self.store.begin_session(session, Proof::Provider, replaces, event.into()).await? {
            Begun::NoAccount => Ok(None),
            Begun::Done => Ok(Some((token, account))),
        }
    }

    /// Records that a return from the provider led to nothing.
    pub(crate) async fn return_refused(&self, from: Origin) -> Result<(), AccountsError> {
        let mut event = self.event("login", Actor::Anonymous, Outcome::Refused, from);
        event.object = Some(OBJECT.to_owned());
        Ok(self.store.record_event(event).await?)
    }

    /// The one account of somebody that can log in.
    async fn vouched(&self, who: &Vouched) -> Result<Option<Account>, StoreError> {
        let found = match who {
            Vouched::Subject(subject) => {
                self.store.account_by_subject(subject).await?.into_iter().collect()
            }
            Vouched::TaxCode(code) => self.accounts_of_tax_code(code).await?,
        };
        let mut active: Vec<_> =
            found.into_iter().filter(|account| account.state == AccountState::Active).collect();
        Ok(active.pop().filter(|_| active.is_empty()))
    }

    /// The accounts of the persons themselves with a tax code; those of parents and others who represent them are
    /// not.
    async fn accounts_of_tax_code(&self, code: &str) -> Result<Vec<Account>, StoreError> {
        let code = code.trim();
        let bare = match code.get(..TAX_CODE_PREFIX.len()) {
            Some(prefix) if prefix.eq_ignore_ascii_case(TAX_CODE_PREFIX) => {
                code.get(TAX_CODE_PREFIX.len()..).unwrap_or_default()
            }
            _ => code,
        };
        if bare.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now();
        // The site can know one person under two identifiers, with one account for both.
        let mut found = BTreeMap::new();
        for person in self.store.persons_by_tax_code(bare).await? {
            for account in self.store.accounts_of_person(person.id).await? {
                let is_own = account.persons.iter().any(|link| {
                    link.person == person.id
                        && link.role == Role::Oneself
                        && link.until.is_none_or(|until| now < until)
                });
                if is_own {
                    found.insert(account.id, account);
                }
            }
        }
        Ok(found.into_values().collect())
    }
}
