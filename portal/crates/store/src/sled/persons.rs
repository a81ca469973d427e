//! [`Persons`] in sled.

use async_trait::async_trait;

use crate::account::{Account, Created};
use crate::along::Along;
use crate::error::StoreError;
use crate::id::PersonId;
use crate::person::{Added, Erased, IssuedId, Person, Persons, Replaced};
use crate::sled::SledStore;
use crate::sled::accounts;
use crate::sled::accounts::MOST_SHARED;
use crate::sled::downloads;
use crate::sled::key::Key;
use crate::sled::orders;
use crate::sled::overlay::{Outcome, ReadError, View};
use crate::sled::seen;
use crate::sled::shares;
use crate::sled::table::{Index, Record, Table};

impl Record for Person {
    const TABLE: Table = Table::Persons;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.id.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let mut keys: Vec<_> = self
            .patient_ids
            .iter()
            .map(|id| Index::PersonByPatientId.key(&patient_id_key(id)))
            .collect();
        keys.push(Index::PersonByName.key(&name_key(self)));
        keys.extend(tax_code_index_key(self));
        // Two Patient IDs that are the same have one entry.
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

fn patient_id_key(id: &IssuedId) -> Vec<u8> {
    Key::new().text(&id.issuer).text(&id.id).build()
}

/// None for a person without a tax code.
pub(crate) fn tax_code_index_key(person: &Person) -> Option<Vec<u8>> {
    let key = tax_code_key(person.tax_code.as_ref()?).fixed(person.id.as_bytes());
    Some(Index::PersonByTaxCode.key(&key.build()))
}

fn tax_code_key(text: &str) -> Key {
    let bare: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    Key::new().text(&bare.to_uppercase())
}

fn name_key(person: &Person) -> Vec<u8> {
    Key::new()
        .text(&person.name.family.to_lowercase())
        .text(&person.name.given.to_lowercase())
        .fixed(person.id.as_bytes())
        .build()
}

/// Why a person cannot be stored as it is.
enum Unfit {
    PatientIdTaken(PersonId),
    NoPatientId,
}

impl From<Unfit> for Added {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::PatientIdTaken(other) => Self::PatientIdTaken(other),
            Unfit::NoPatientId => Self::NoPatientId,
        }
    }
}

impl From<Unfit> for Replaced {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::PatientIdTaken(other) => Self::PatientIdTaken(other),
            Unfit::NoPatientId => Self::NoPatientId,
        }
    }
}

fn unfit(view: &View<'_>, person: &Person) -> Result<Option<Unfit>, ReadError> {
    if person.patient_ids.is_empty() {
        return Ok(Some(Unfit::NoPatientId));
    }
    for id in &person.patient_ids {
        let found: Vec<Person> = view.indexed(Index::PersonByPatientId, &patient_id_key(id), 1)?;
        if let Some(other) = found.first().filter(|other| other.id != person.id) {
            return Ok(Some(Unfit::PatientIdTaken(other.id)));
        }
    }
    Ok(None)
}

#[async_trait]
impl Persons for SledStore {
    async fn add_person(
        &self,
        person: Person,
        account: Option<Account>,
        along: Along,
    ) -> Result<Added, StoreError> {
        self.write(move |transaction| {
            if transaction.view().get::<Person>(person.id.as_bytes())?.is_some() {
                return Ok(Outcome::Refuse(Added::Exists));
            }
            if let Some(unfit) = unfit(&transaction.view(), &person)? {
                return Ok(Outcome::Refuse(unfit.into()));
            }
            transaction.put(&person)?;
            if let Some(account) = account {
                match accounts::taken(&transaction.view(), &account)? {
                    None => transaction.put(&account)?,
                    Some(Created::SubjectTaken) => {
                        return Ok(Outcome::Refuse(Added::SubjectTaken));
                    }
                    Some(Created::NoSuchPerson) => {
                        return Ok(Outcome::Refuse(Added::NoSuchPerson));
                    }
                    Some(Created::UserNameTaken | Created::Done) => {
                        return Ok(Outcome::Refuse(Added::UserNameTaken));
                    }
                }
            }
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Added::Done))
        })
        .await
    }

    async fn replace_person(
        &self,
        old: Person,
        new: Person,
        along: Along,
    ) -> Result<Replaced, StoreError> {
        self.write(move |transaction| {
            match transaction.view().get::<Person>(old.id.as_bytes())? {
                None => return Ok(Outcome::Refuse(Replaced::Gone)),
                Some(found) if found != old || new.id != old.id => {
                    return Ok(Outcome::Refuse(Replaced::Stale));
                }
                Some(_) => {}
            }
            if let Some(unfit) = unfit(&transaction.view(), &new)? {
                return Ok(Outcome::Refuse(unfit.into()));
            }
            transaction.put(&new)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Replaced::Done))
        })
        .await
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        self.read(move |view| view.get(id.as_bytes())).await
    }

    async fn person_by_patient_id(&self, id: &IssuedId) -> Result<Option<Person>, StoreError> {
        let key = patient_id_key(id);
        self.read(move |view| Ok(view.indexed(Index::PersonByPatientId, &key, 1)?.pop())).await
    }

    async fn persons_by_tax_code(&self, tax_code: &str) -> Result<Vec<Person>, StoreError> {
        let key = tax_code_key(tax_code).build();
        self.read(move |view| view.indexed(Index::PersonByTaxCode, &key, MOST_SHARED)).await
    }

    async fn list_persons(
        &self,
        after: Option<&Person>,
        limit: usize,
    ) -> Result<Vec<Person>, StoreError> {
        let after = after.map(name_key);
        self.read(move |view| view.indexed_after(Index::PersonByName, &[], after.as_deref(), limit))
            .await
    }

    async fn erase_person(&self, id: PersonId, along: Along) -> Result<Option<Erased>, StoreError> {
        self.write(move |transaction| {
            if !transaction.remove::<Person>(id.as_bytes())? {
                return Ok(Outcome::Refuse(None));
            }
            let orders = orders::erase(transaction, id)?;
            shares::erase_of_person(transaction, id)?;
            downloads::erase_person(transaction, id)?;
            let mut erased = Erased::default();
            let linked: Vec<Account> = accounts::of_person(&transaction.view(), id)?;
            for mut account in linked {
                account.persons.retain(|representation| representation.person != id);
                seen::erase(transaction, account.id, Some(&orders))?;
                if account.persons.is_empty() {
                    accounts::erase(transaction, account.id)?;
                    erased.accounts += 1;
                } else {
                    transaction.put(&account)?;
                    erased.unlinked += 1;
                }
            }
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Some(erased)))
        })
        .await
    }
}
