//! [`Persons`] in sled.

use async_trait::async_trait;

use crate::account::Account;
use crate::along::Along;
use crate::error::StoreError;
use crate::id::PersonId;
use crate::person::{Erased, IssuedId, Person, Persons, Stored};
use crate::sled::SledStore;
use crate::sled::accounts;
use crate::sled::key::Key;
use crate::sled::overlay::Outcome;
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
        keys
    }
}

fn patient_id_key(id: &IssuedId) -> Vec<u8> {
    Key::new().text(&id.issuer).text(&id.id).build()
}

fn name_key(person: &Person) -> Vec<u8> {
    Key::new()
        .text(&person.name.family.to_lowercase())
        .text(&person.name.given.to_lowercase())
        .fixed(person.id.as_bytes())
        .build()
}

#[async_trait]
impl Persons for SledStore {
    async fn put_person(&self, person: Person, along: Along) -> Result<Stored, StoreError> {
        self.write(move |transaction| {
            if person.patient_ids.is_empty() {
                return Ok(Outcome::Refuse(Stored::NoPatientId));
            }
            for id in &person.patient_ids {
                let key = patient_id_key(id);
                let found: Vec<Person> =
                    transaction.view().indexed(Index::PersonByPatientId, &key, 1)?;
                if let Some(other) = found.first().filter(|other| other.id != person.id) {
                    return Ok(Outcome::Refuse(Stored::PatientIdTaken(other.id)));
                }
            }
            transaction.put(&person)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Stored::Done))
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
            let mut erased = Erased::default();
            let linked: Vec<Account> = accounts::of_person(&transaction.view(), id)?;
            for mut account in linked {
                account.persons.retain(|representation| representation.person != id);
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
