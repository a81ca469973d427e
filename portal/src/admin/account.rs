//! An account as administrators read and write it: never with its password.

use serde::{Deserialize, Serialize};
use store::{NotAUserName, Private, Subject};
use utoipa::ToSchema;

use crate::accounts::NewAccount;
use crate::admin::problem::Problem;
use crate::admin::values::{
    AccountRef, Email, Id, LongLine, Moment, PersonRef, Phone, TypedUserName,
};

/// A new account of somebody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountData {
    /// What to log in with; compared without case.
    pub(crate) user_name: TypedUserName,
    /// How its holder is reached.
    #[serde(default)]
    pub(crate) contact: Contact,
    /// What the account is to the person.
    #[serde(default)]
    pub(crate) role: Role,
}

/// How the holder of an account is reached and known: e-mail address and telephone together, or a subject.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contact {
    /// Where the user name is sent.
    #[serde(default)]
    pub(crate) email: Option<Email>,
    /// Where passwords and codes are sent.
    #[serde(default)]
    pub(crate) phone: Option<Phone>,
    /// Language of messages.
    #[serde(default)]
    pub(crate) language: Language,
    /// Who it is at an identity provider.
    #[serde(default)]
    pub(crate) subject: Option<SubjectData>,
}

/// Language of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// Italian.
    #[default]
    It,
    /// English.
    En,
}

/// Somebody at an identity provider (`OpenID` Connect Core 1.0 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubjectData {
    /// Issuer.
    pub(crate) issuer: LongLine,
    /// Value of the claim that names the person there.
    pub(crate) claim: LongLine,
}

/// What an account is to a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// The person.
    #[default]
    Oneself,
    /// A parent of a minor.
    Parent,
    /// A guardian, or an administrator of support.
    Guardian,
    /// Somebody whom the person asked to.
    Delegate,
}

/// Whether an account can log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It can.
    Active,
    /// It cannot, until it is enabled again.
    Disabled,
}

/// An account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AccountView {
    /// Names it; never changes.
    pub(crate) id: AccountRef,
    /// What is typed at login, in lower case.
    pub(crate) user_name: TypedUserName,
    /// How its holder is reached.
    pub(crate) contact: Contact,
    /// Whether it can log in.
    pub(crate) state: State,
    /// Whether it has a password at all.
    pub(crate) has_password: bool,
    /// Whether the next login must choose a new password.
    pub(crate) must_change_password: bool,
    /// When the password was last set.
    pub(crate) password_set: Option<Moment>,
    /// When it was opened.
    pub(crate) created: Moment,
    /// Whose results it sees.
    pub(crate) persons: Vec<Represented>,
}

/// A person whose results an account sees.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Represented {
    /// Whose.
    pub(crate) person: PersonRef,
    /// Why.
    pub(crate) role: Role,
    /// Until when; without it, for good.
    pub(crate) until: Option<Moment>,
}

impl From<Role> for store::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Oneself => Self::Oneself,
            Role::Parent => Self::Parent,
            Role::Guardian => Self::Guardian,
            Role::Delegate => Self::Delegate,
        }
    }
}

impl From<store::Role> for Role {
    fn from(role: store::Role) -> Self {
        match role {
            store::Role::Oneself => Self::Oneself,
            store::Role::Parent => Self::Parent,
            store::Role::Guardian => Self::Guardian,
            store::Role::Delegate => Self::Delegate,
        }
    }
}

impl From<&store::Account> for AccountView {
    fn from(account: &store::Account) -> Self {
        Self {
            id: Id(account.id),
            user_name: TypedUserName::known(account.user_name.as_str()),
            contact: Contact {
                email: account.email.as_ref().map(|email| Email::known(email)),
                phone: account.phone.as_ref().map(|phone| Phone::known(phone)),
                language: match account.language {
                    store::Language::It => Language::It,
                    store::Language::En => Language::En,
                },
                subject: account.subject.as_ref().map(|subject| SubjectData {
                    issuer: LongLine::known(&subject.issuer),
                    claim: LongLine::known(&subject.claim),
                }),
            },
            state: match account.state {
                store::AccountState::Active => State::Active,
                store::AccountState::Disabled => State::Disabled,
            },
            has_password: account.password.is_some(),
            must_change_password: account.must_change_password,
            password_set: account.password_set.map(Moment),
            created: Moment(account.created),
            persons: account
                .persons
                .iter()
                .map(|represented| Represented {
                    person: Id(represented.person),
                    role: represented.role.into(),
                    until: represented.until.map(Moment),
                })
                .collect(),
        }
    }
}

impl Contact {
    /// Puts what it says into an account.
    pub(crate) fn apply(self, account: &mut store::Account) {
        account.email = self.email.map(|email| Private(email.into_string()));
        account.phone = self.phone.map(|phone| Private(phone.into_string()));
        account.language = self.language.into();
        account.subject = self.subject.map(SubjectData::into_subject);
    }
}

impl From<Language> for store::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::It => Self::It,
            Language::En => Self::En,
        }
    }
}

impl SubjectData {
    fn into_subject(self) -> Subject {
        Subject { issuer: self.issuer.into_string(), claim: Private(self.claim.into_string()) }
    }
}

impl AccountData {
    /// For enrolment.
    pub(crate) fn into_new(self) -> Result<NewAccount, Problem> {
        let user_name = self.user_name.into_string().parse();
        Ok(NewAccount {
            user_name: user_name
                .map_err(|odd: NotAUserName| Problem::malformed(odd.to_string()))?,
            email: self.contact.email.map(|email| Private(email.into_string())),
            phone: self.contact.phone.map(|phone| Private(phone.into_string())),
            language: self.contact.language.into(),
            subject: self.contact.subject.map(SubjectData::into_subject),
            role: self.role.into(),
        })
    }
}
