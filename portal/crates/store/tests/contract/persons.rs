//! Persons.

use store::{Along, Changed, Erased, Representation, Role, Stored};

use crate::on_each_store;
use crate::values::{at, enrolled, issued, message, person, secret, session};

#[test]
fn a_patient_id_belongs_to_one_person() {
    on_each_store(|store| async move {
        let mut maria = person("maria");
        maria.patient_ids.push(issued("SECOND"));
        store.put_person(maria.clone(), Along::nothing()).await.unwrap();
        let mut other = person("giulia");
        other.patient_ids.push(issued("SECOND"));
        let refused = store.put_person(other.clone(), Along::nothing()).await.unwrap();
        assert_eq!(refused, Stored::PatientIdTaken(maria.id));
        assert_eq!(store.person(other.id).await.unwrap(), None);
        // The same ID of another issuer is another.
        other.patient_ids[1].issuer = "ALTROVE".to_owned();
        let stored = store.put_person(other.clone(), Along::nothing()).await.unwrap();
        assert_eq!(stored, Stored::Done);
        let found = store.person_by_patient_id(&issued("SECOND")).await.unwrap();
        assert_eq!(found, Some(maria.clone()));
        // One that is taken away is free.
        maria.patient_ids.pop();
        store.put_person(maria, Along::nothing()).await.unwrap();
        assert_eq!(store.person_by_patient_id(&issued("SECOND")).await.unwrap(), None);
        let mut nameless = person("nameless");
        nameless.patient_ids.clear();
        let refused = store.put_person(nameless, Along::nothing()).await.unwrap();
        assert_eq!(refused, Stored::NoPatientId);
    });
}

#[test]
fn persons_are_listed_by_name() {
    on_each_store(|store| async move {
        for given in ["Carla", "anna", "Bruno"] {
            store.put_person(person(given), Along::nothing()).await.unwrap();
        }
        let first = store.list_persons(None, 2).await.unwrap();
        let rest = store.list_persons(first.last(), 2).await.unwrap();
        let names: Vec<_> = first.iter().chain(&rest).map(|person| &*person.name.given).collect();
        assert_eq!(names, ["anna TEST", "Bruno TEST", "Carla TEST"]);
    });
}

#[test]
fn a_person_goes_with_the_accounts_that_have_nobody_else() {
    on_each_store(|store| async move {
        let (child, own) = enrolled(&*store, "figlio").await;
        let (mother, hers) = enrolled(&*store, "madre").await;
        store.begin_session(session(own.id, 1), None, Along::nothing()).await.unwrap();
        let mut both = hers.clone();
        both.persons.push(Representation {
            person: child.id,
            role: Role::Parent,
            until: Some(at(9)),
        });
        let changed = store.replace_account(hers.clone(), both, Along::nothing()).await.unwrap();
        assert_eq!(changed, Changed::Done);
        assert_eq!(store.accounts_of_person(child.id).await.unwrap().len(), 2);
        let along = Along { messages: vec![message(0)], events: Vec::new() };
        let erased = store.erase_person(child.id, along).await.unwrap();
        assert_eq!(erased, Some(Erased { accounts: 1, unlinked: 1 }));
        assert_eq!(store.person(child.id).await.unwrap(), None);
        assert_eq!(store.account(own.id).await.unwrap(), None);
        assert_eq!(store.resume_session(secret(1), at(1)).await.unwrap(), None);
        assert_eq!(store.account(hers.id).await.unwrap(), Some(hers));
        assert!(store.person(mother.id).await.unwrap().is_some());
        assert_eq!(store.erase_person(child.id, Along::nothing()).await.unwrap(), None);
        assert_eq!(store.list_messages(9).await.unwrap().len(), 1);
    });
}
