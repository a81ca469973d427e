//! Enrolment: the site makes somebody a patient of the portal.

use store::{
    Account, AccountId, AccountState, Actor, Added, Along, Changed, Created, Event, Language,
    Outcome, PasswordChange, Person, PersonId, Private, Representation, Role, Subject, UserName,
};

use crate::accounts::{Accounts, AccountsError};
use crate::password::queue::Turn;
use crate::secret::first_password;

/// A new account of somebody.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What to log in with.
    pub user_name: UserName,
    /// Where the user name is sent.
    pub email: Option<Private<String>>,
    /// Where the password is sent.
    pub phone: Option<Private<String>>,
    /// Language of messages.
    pub language: Language,
    /// Who it is at an identity provider.
    pub subject: Option<Subject>,
    /// What the account is to the person.
    pub role: Role,
}

/// A person, and perhaps an account with it.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Whose results.
    pub person: Person,
    /// Who may see them.
    pub account: Option<NewAccount>,
    /// Who enrols: the name of a token, or `console`.
    pub by: String,
}

/// Somebody is enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The person.
    pub person: PersonId,
    /// The account, if one was asked for.
    pub account: Option<AccountId>,
}

/// Why somebody is not enrolled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentRefused {
    /// A person needs one.
    #[error("give at least one Patient ID: results are found by it")]
    NoPatientId,
    /// It is somebody else's.
    #[error(
        "a Patient ID belongs to another person already ({0}): correct the ID, or take it from that person first"
    )]
    PatientIdTaken(PersonId),
    /// It is somebody else's.
    #[error("the user name is taken: choose another")]
    UserNameTaken,
    /// It is somebody else's.
    #[error("the subject of the identity provider belongs to another account")]
    SubjectTaken,
    /// A password could reach nobody.
    #[error(
        "give an e-mail address and a telephone number, or a subject of an identity provider: the credentials go there"
    )]
    Unreachable,
    /// It is there.
    #[error("the person is enrolled already")]
    Exists,
    /// There is no such person.
    #[error("there is no such person")]
    NoPerson,
    /// There is no such account.
    #[error("there is no such account")]
    NoAccount,
}

impl Accounts {
    /// Enrols a person, and sends user name and first password to whoever gets an account with it: all of
    /// it is stored together, or nothing.
    ///
    /// # Errors
    /// [`AccountsError`].
    pub async fn enrol(
        &self,
        enrolment: Enrolment,
    ) -> Result<Result<Enrolled, EnrolmentRefused>, AccountsError> {
        let Enrolment { person, account: new, by } = enrolment;
        let id = person.id;
        let mut along = Along::from(self.admin_event("person.add", &by, Some(id), None));
        let account = match new {
            None => None,
            Some(new) if new.is_reachable() => {
                Some(self.new_account(id, new, &by, &mut along).await?)
            }
            Some(_) => return Ok(Err(EnrolmentRefused::Unreachable)),
        };
        let account_id = account.as_ref().map(|account| account.id);
        Ok(match self.store.add_person(person, account, along).await? {
            Added::Done => Ok(Enrolled { person: id, account: account_id }),
            Added::Exists => Err(EnrolmentRefused::Exists),
            Added::NoPatientId => Err(EnrolmentRefused::NoPatientId),
            Added::PatientIdTaken(other) => Err(EnrolmentRefused::PatientIdTaken(other)),
            Added::UserNameTaken => Err(EnrolmentRefused::UserNameTaken),
            Added::SubjectTaken => Err(EnrolmentRefused::SubjectTaken),
            Added::NoSuchPerson => Err(EnrolmentRefused::NoPerson),
        })
    }

    /// Opens an account that sees the results of a person who is enrolled, and sends user name and first
    /// password to its holder.
    ///
    /// # Errors
    /// [`AccountsError`].
    pub async fn open_account(
        &self,
        person: PersonId,
        new: NewAccount,
        by: &str,
    ) -> Result<Result<AccountId, EnrolmentRefused>, AccountsError> {
        if !new.is_reachable() {
            return Ok(Err(EnrolmentRefused::Unreachable));
        }
        let mut along = Along::nothing();
        let account = self.new_account(person, new, by, &mut along).await?;
        let id = account.id;
        Ok(match self.store.create_account(account, along).await? {
            Created::Done => Ok(id),
            Created::UserNameTaken => Err(EnrolmentRefused::UserNameTaken),
            Created::SubjectTaken => Err(EnrolmentRefused::SubjectTaken),
            Created::NoSuchPerson => Err(EnrolmentRefused::NoPerson),
        })
    }

    /// Sends a new first password, and ends what the account has open.
    ///
    /// # Errors
    /// [`AccountsError`].
    pub async fn reset(
        &self,
        id: AccountId,
        by: &str,
    ) -> Result<Result<(), EnrolmentRefused>, AccountsError> {
        let Some(account) = self.account(id).await? else {
            return Ok(Err(EnrolmentRefused::NoAccount));
        };
        let password = first_password()?;
        let now = self.now();
        let Some(message) = self.site.first_password(&account, &password, now)? else {
            return Ok(Err(EnrolmentRefused::Unreachable));
        };
        let change = PasswordChange {
            was: account.password.clone(),
            hash: self.hasher.hash(password, Turn::of_site()).await?,
            must_change: true,
            at: now,
            keep: None,
        };
        let event = self.admin_event("password.reset", by, None, Some(id));
        let along = Along { messages: vec![message], events: vec![event] };
        Ok(match self.store.change_password(id, change, along).await? {
            Changed::Done => Ok(()),
            Changed::Gone | Changed::Stale | Changed::Taken => Err(EnrolmentRefused::NoAccount),
        })
    }

    /// An account, and what goes along with making it: the messages with its credentials, and an event.
    async fn new_account(
        &self,
        person: PersonId,
        new: NewAccount,
        by: &str,
        along: &mut Along,
    ) -> Result<Account, AccountsError> {
        let now = self.now();
        let mut account = Account {
            id: AccountId::fresh()?,
            user_name: new.user_name,
            email: new.email,
            phone: new.phone,
            language: new.language,
            password: None,
            must_change_password: false,
            state: AccountState::Active,
            subject: new.subject,
            persons: vec![Representation { person, role: new.role, until: None }],
            created: now,
            password_set: None,
        };
        let event = self.admin_event("account.add", by, Some(person), Some(account.id));
        along.events.push(event);
        if account.phone.is_some() && account.email.is_some() {
            let password = first_password()?;
            along.messages.extend(self.site.user_name(&account, now)?);
            along.messages.extend(self.site.first_password(&account, &password, now)?);
            account.password = Some(self.hasher.hash(password, Turn::of_site()).await?);
            account.must_change_password = true;
            account.password_set = Some(now);
        }
        Ok(account)
    }

    fn admin_event(
        &self,
        action: &str,
        by: &str,
        person: Option<PersonId>,
        account: Option<AccountId>,
    ) -> Event {
        Event {
            at: self.now(),
            actor: Actor::Admin(by.to_owned()),
            action: action.to_owned(),
            person,
            account,
            object: None,
            outcome: Outcome::Done,
            address: None,
        }
    }
}

impl NewAccount {
    /// Whether its holder can ever log in.
    pub(crate) fn is_reachable(&self) -> bool {
        self.subject.is_some() || (self.email.is_some() && self.phone.is_some())
    }
}
