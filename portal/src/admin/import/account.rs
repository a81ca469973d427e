//! The account that a row wants: opened, changed, or left as it is.

use store::{Account, NotAUserName, PersonId, Subject};

use crate::accounts::{EnrolmentRefused, NewAccount};
use crate::admin::account::AccountView;
use crate::admin::import::row::Row;
use crate::admin::import::{Import, Stop, fault, patiently};
use crate::admin::problem::Problem;

/// What is to be done for the account of a row.
pub(super) enum Wanted {
    /// There is none, or it is as the row says.
    Nothing,
    /// It is to be opened.
    Open(NewAccount),
    /// It is to be changed.
    Change {
        /// As it is.
        old: Box<Account>,
        /// As the row says.
        new: Box<Account>,
    },
}

impl Import<'_> {
    /// What a row wants, whether it can be had included: a dry run sees what enrolment would.
    pub(super) async fn wanted(
        &self,
        row: &Row<'_>,
        person: Option<PersonId>,
    ) -> Result<Wanted, Stop> {
        let Some(user_name) = row.user_name().map_err(Stop::Row)? else {
            return Ok(Wanted::Nothing);
        };
        let name = user_name.clone().into_string().parse();
        let name = name.map_err(|odd: NotAUserName| Problem::malformed(odd.to_string()))?;
        let store = &self.app.services.store;
        let Some(old) = store.account_by_user_name(&name).await? else {
            let new = row.account(user_name).map_err(Stop::Row)?.into_new()?;
            if !new.is_reachable() {
                return Err(Stop::Row(fault(&EnrolmentRefused::Unreachable)));
            }
            self.is_free(new.subject.as_ref()).await?;
            return Ok(Wanted::Open(new));
        };
        let mut new = old.clone();
        let link = new.persons.iter_mut().find(|link| Some(link.person) == person);
        let Some(link) = link else {
            return Err(Stop::Row(fault(&EnrolmentRefused::UserNameTaken)));
        };
        if let Some(role) = row.role().map_err(Stop::Row)? {
            link.role = role.into();
        }
        let known = AccountView::from(&old).contact;
        row.contact(known).map_err(Stop::Row)?.apply(&mut new);
        if new == old {
            return Ok(Wanted::Nothing);
        }
        if new.subject.is_none() && (new.email.is_none() || new.phone.is_none()) {
            return Err(Stop::Row(fault(&EnrolmentRefused::Unreachable)));
        }
        if new.subject != old.subject {
            self.is_free(new.subject.as_ref()).await?;
        }
        Ok(Wanted::Change { old: Box::new(old), new: Box::new(new) })
    }

    async fn is_free(&self, subject: Option<&Subject>) -> Result<(), Stop> {
        let Some(subject) = subject else { return Ok(()) };
        match self.app.services.store.account_by_subject(subject).await? {
            None => Ok(()),
            Some(_) => Err(Stop::Row(fault(&EnrolmentRefused::SubjectTaken))),
        }
    }

    /// Does for somebody who is there already what is wanted.
    pub(super) async fn provide(&self, person: PersonId, wanted: Wanted) -> Result<(), Stop> {
        match wanted {
            Wanted::Nothing => Ok(()),
            Wanted::Open(account) => {
                let accounts = &self.app.services.accounts;
                let by = self.caller.name();
                let open = || accounts.open_account(person, account.clone(), by);
                patiently(open).await?.map(|_id| ()).map_err(|why| Stop::Row(fault(&why)))
            }
            Wanted::Change { old, new } => {
                let event = self.app.event(self.caller, "account.replace", None, Some(old.id));
                if self.app.replace_account(*old, *new, event).await? {
                    Ok(())
                } else {
                    Err(Problem::stale().into())
                }
            }
        }
    }
}
