//! Accounts: who may log in, and whose results each of them sees.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::along::Along;
use crate::error::StoreError;
use crate::id::{AccountId, PersonId, SecretHash};
use crate::private::Private;

/// Somebody who logs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Never changes.
    pub id: AccountId,
    /// What is typed at login; unique.
    pub user_name: UserName,
    /// Where the user name is sent.
    pub email: Option<Private<String>>,
    /// Where passwords and codes are sent.
    pub phone: Option<Private<String>>,
    /// Language of messages.
    pub language: Language,
    /// None for who logs in through an identity provider only.
    pub password: Option<PasswordHash>,
    /// The next login must choose a new password.
    pub must_change_password: bool,
    /// Whether it can log in at all.
    pub state: AccountState,
    /// Who this is at an identity provider; unique.
    pub subject: Option<Subject>,
    /// Whose results it sees.
    pub persons: Vec<Representation>,
    /// When it was made.
    pub created: Timestamp,
    /// When the password was last set.
    pub password_set: Option<Timestamp>,
}

/// A name to log in with: 3 to 64 of `a-z 0-9 . _ - @`, compared without case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

/// A text that cannot be a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user name has 3 to 64 characters out of a-z, 0-9, '.', '_', '-' and '@'")]
pub struct NotAUserName;

impl UserName {
    /// Its text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = NotAUserName;

    fn from_str(text: &str) -> Result<Self, NotAUserName> {
        let name = text.trim().to_ascii_lowercase();
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
        if (3..=64).contains(&name.len()) && name.bytes().all(known) {
            Ok(Self(name))
        } else {
            Err(NotAUserName)
        }
    }
}

impl TryFrom<String> for UserName {
    type Error = NotAUserName;

    fn try_from(text: String) -> Result<Self, NotAUserName> {
        text.parse()
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

/// A user name can hold the name of a person.
impl fmt::Debug for UserName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UserName([redacted])")
    }
}

/// A password as it is kept: a PHC string of Argon2id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash([redacted])")
    }
}

/// Languages of the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Italian.
    #[default]
    It,
    /// English.
    En,
}

/// Whether an account can log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountState {
    /// It can.
    Active,
    /// It cannot, until the site enables it again.
    Disabled,
}

/// Who somebody is at an identity provider (`OpenID` Connect Core 1.0 §2: `iss` and a claim).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Issuer.
    pub issuer: String,
    /// Value of the claim that names the person there.
    pub claim: Private<String>,
}

/// An account sees the results of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Representation {
    /// Whose.
    pub person: PersonId,
    /// Why.
    pub role: Role,
    /// Until when, if that is known: a child comes of age.
    pub until: Option<Timestamp>,
}

/// What an account is to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The person.
    Oneself,
    /// A parent of a minor.
    Parent,
    /// A guardian, or an administrator of support.
    Guardian,
    /// Somebody whom the person asked to.
    Delegate,
}

/// A new password.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    /// The password that it takes the place of; another one since then makes it stale.
    pub was: Option<PasswordHash>,
    /// The new one.
    pub hash: PasswordHash,
    /// The next login must choose another.
    pub must_change: bool,
    /// When.
    pub at: Timestamp,
    /// The one session that goes on; all others end.
    pub keep: Option<SecretHash>,
}

/// Outcome of [`Accounts::create_account`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It is there.
    Done,
    /// Another account has this user name.
    UserNameTaken,
    /// Another account has this subject.
    SubjectTaken,
    /// There is no such person to represent.
    NoSuchPerson,
}

/// Outcome of a change to one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is changed.
    Done,
    /// There is no such account.
    Gone,
    /// Somebody else changed it first.
    Stale,
    /// A unique value of it belongs to another account.
    Taken,
}

/// The accounts.
#[async_trait]
pub trait Accounts {
    /// Adds an account.
    async fn create_account(&self, account: Account, along: Along) -> Result<Created, StoreError>;

    /// One account.
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;

    /// The account with this user name.
    async fn account_by_user_name(&self, name: &UserName) -> Result<Option<Account>, StoreError>;

    /// The account of somebody at an identity provider.
    async fn account_by_subject(&self, subject: &Subject) -> Result<Option<Account>, StoreError>;

    /// The accounts with this address, compared without case; at most 32.
    async fn accounts_by_email(&self, email: &str) -> Result<Vec<Account>, StoreError>;

    /// The accounts that see a person's results.
    async fn accounts_of_person(&self, person: PersonId) -> Result<Vec<Account>, StoreError>;

    /// At most `limit` accounts by user name, behind `after`.
    async fn list_accounts(
        &self,
        after: Option<&UserName>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError>;

    /// Sets the password, and ends the account's other sessions and its one-time codes.
    async fn change_password(
        &self,
        id: AccountId,
        change: PasswordChange,
        along: Along,
    ) -> Result<Changed, StoreError>;

    /// Puts `new` in the place of `old`: stale when the account is not `old` any more.
    ///
    /// A disabled account has its sessions and one-time codes ended.
    async fn replace_account(
        &self,
        old: Account,
        new: Account,
        along: Along,
    ) -> Result<Changed, StoreError>;

    /// Removes an account, its sessions, its one-time codes and the messages to it; false when there is
    /// none.
    async fn erase_account(&self, id: AccountId, along: Along) -> Result<bool, StoreError>;
}
