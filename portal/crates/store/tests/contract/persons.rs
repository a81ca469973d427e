//! Persons.

use store::{
    Added, Along, Changed, Erased, EventQuery, Person, PersonId, Replaced, Representation, Role,
};

use crate::on_each_store;
use crate::values::{
    account, at, begin, enrolled, event, issued, message, person, secret, session,
};

#[test]
fn a_patient_id_belongs_to_one_person() {
    on_each_store(|store| async move {
        let mut maria = person("maria");
        maria.patient_ids.push(issued("SECOND"));
        store.add_person(maria.clone(), None, Along::nothing()).await.unwrap();
        let mut other = person("giulia");
        other.patient_ids.push(issued("SECOND"));
        let refused = store.add_person(other.clone(), None, Along::nothing()).await.unwrap();
        assert_eq!(refused, Added::PatientIdTaken(maria.id));
        assert_eq!(store.person(other.id).await.unwrap(), None);
        // The same ID of another issuer is another.
        other.patient_ids[1].issuer = "ALTROVE".to_owned();
        let stored = store.add_person(other.clone(), None, Along::nothing()).await.unwrap();
        assert_eq!(stored, Added::Done);
        let found = store.person_by_patient_id(&issued("SECOND")).await.unwrap();
        assert_eq!(found, Some(maria.clone()));
        // One that is taken away is free.
        let before = maria.clone();
        maria.patient_ids.pop();
        store.replace_person(before, maria, Along::nothing()).await.unwrap();
        assert_eq!(store.person_by_patient_id(&issued("SECOND")).await.unwrap(), None);
        let mut nameless = person("nameless");
        nameless.patient_ids.clear();
        let refused = store.add_person(nameless, None, Along::nothing()).await.unwrap();
        assert_eq!(refused, Added::NoPatientId);
    });
}

/// What is left at the end is sound.
#[test]
fn a_patient_id_that_stands_twice_is_one() {
    on_each_store(|store| async move {
        let mut maria = person("maria");
        maria.patient_ids.extend([issued("SECOND"), issued("SECOND")]);
        let stored = store.add_person(maria.clone(), None, Along::nothing()).await.unwrap();
        assert_eq!(stored, Added::Done);
        let before = maria.clone();
        maria.patient_ids.pop();
        store.replace_person(before, maria.clone(), Along::nothing()).await.unwrap();
        assert_eq!(
            store.person_by_patient_id(&issued("SECOND")).await.unwrap(),
            Some(maria.clone())
        );
        maria.patient_ids.push(issued("SECOND"));
        let before = store.person(maria.id).await.unwrap().unwrap();
        let replaced = store.replace_person(before, maria, Along::nothing()).await.unwrap();
        assert_eq!(replaced, Replaced::Done);
    });
}

#[test]
fn persons_are_found_by_their_tax_code() {
    on_each_store(|store| async move {
        let (mut maria, _) = enrolled(&*store, "maria").await;
        let twin = Person { tax_code: Some("tstmra 86a64 z999x ".into()), ..person("doppia") };
        let other = Person { tax_code: Some("TSTMRA86A64Z999".into()), ..person("altra") };
        let without = Person { tax_code: None, ..person("senza") };
        for person in [&twin, &other, &without] {
            store.add_person(person.clone(), None, Along::nothing()).await.unwrap();
        }
        let found = async |code: &str| {
            let mut found = store.persons_by_tax_code(code).await.unwrap();
            found.sort_by_key(|person| person.id);
            found.into_iter().map(|person| person.id).collect::<Vec<_>>()
        };
        let mut both = [maria.id, twin.id];
        both.sort_unstable();
        assert_eq!(found("TSTMRA86A64Z999X").await, both);
        assert_eq!(found(" tstmra86a64z999x").await, both);
        assert_eq!(found("TSTMRA86A64Z999").await, [other.id]);
        assert_eq!(found("").await, []);
        // A code that changes is found anew only, and one that is erased no more.
        let before = maria.clone();
        maria.tax_code = Some("TSTMRA86A64Z999Y".into());
        store.replace_person(before, maria.clone(), Along::nothing()).await.unwrap();
        store.erase_person(twin.id, Along::nothing()).await.unwrap();
        assert_eq!(found("TSTMRA86A64Z999X").await, []);
        assert_eq!(found("TSTMRA86A64Z999Y").await, [maria.id]);
    });
}

#[test]
fn persons_are_listed_by_name() {
    on_each_store(|store| async move {
        for given in ["Carla", "anna", "Bruno"] {
            store.add_person(person(given), None, Along::nothing()).await.unwrap();
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
        begin(&*store, session(own.id, 1)).await;
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

#[test]
fn a_person_is_added_with_its_account_or_not_at_all() {
    on_each_store(|store| async move {
        let (_, first) = enrolled(&*store, "prima").await;
        let maria = person("maria");
        let along = || Along { messages: vec![message(0)], events: vec![event(0, "person.add")] };
        let mut taken = account("seconda", &[maria.id]);
        taken.user_name = first.user_name;
        let add = |account, person: Person| store.add_person(person, account, along());
        assert_eq!(add(Some(taken), maria.clone()).await.unwrap(), Added::UserNameTaken);
        let of_nobody = account("terza", &[PersonId::fresh().unwrap()]);
        assert_eq!(add(Some(of_nobody), maria.clone()).await.unwrap(), Added::NoSuchPerson);
        assert_eq!(store.person(maria.id).await.unwrap(), None);
        assert_eq!(store.list_messages(9).await.unwrap(), []);
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap(), []);
        let hers = account("maria", &[maria.id]);
        assert_eq!(add(Some(hers.clone()), maria.clone()).await.unwrap(), Added::Done);
        assert_eq!(store.accounts_of_person(maria.id).await.unwrap(), [hers]);
        assert_eq!(store.list_messages(9).await.unwrap().len(), 1);
        assert_eq!(add(None, maria.clone()).await.unwrap(), Added::Exists);
        let mut same_id = person("giulia");
        same_id.patient_ids = maria.patient_ids.clone();
        assert_eq!(add(None, same_id).await.unwrap(), Added::PatientIdTaken(maria.id));
    });
}

#[test]
fn of_two_replacements_of_a_person_the_second_is_stale() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let (giulia, _) = enrolled(&*store, "giulia").await;
        let changed = |practitioner: &str| Person {
            practitioner: Some(practitioner.into()),
            ..maria.clone()
        };
        let replace = |old: &Person, new: Person| {
            store.replace_person(old.clone(), new, event(0, "person.replace").into())
        };
        assert_eq!(replace(&maria, changed("Uno TEST")).await.unwrap(), Replaced::Done);
        assert_eq!(replace(&maria, changed("Due TEST")).await.unwrap(), Replaced::Stale);
        assert_eq!(store.person(maria.id).await.unwrap(), Some(changed("Uno TEST")));
        let now = changed("Uno TEST");
        let clash = Person { patient_ids: giulia.patient_ids.clone(), ..now.clone() };
        assert_eq!(replace(&now, clash).await.unwrap(), Replaced::PatientIdTaken(giulia.id));
        let nobody = Person { patient_ids: Vec::new(), ..now.clone() };
        assert_eq!(replace(&now, nobody).await.unwrap(), Replaced::NoPatientId);
        let other = Person { id: giulia.id, ..now.clone() };
        assert_eq!(replace(&now, other).await.unwrap(), Replaced::Stale);
        assert_eq!(replace(&person("nessuno"), now).await.unwrap(), Replaced::Gone);
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap().len(), 1);
    });
}

#[test]
fn messages_to_an_account_go_with_it() {
    on_each_store(|store| async move {
        let (maria, account) = enrolled(&*store, "maria").await;
        let mut hers = message(0);
        hers.account = Some(account.id);
        let others = message(1);
        for message in [&hers, &others] {
            store.put_message(message.clone(), Along::nothing()).await.unwrap();
        }
        let found = store.messages_of_account(account.id, 9).await.unwrap();
        assert_eq!(found, [hers]);
        store.erase_person(maria.id, Along::nothing()).await.unwrap();
        assert_eq!(store.list_messages(9).await.unwrap(), [others]);
    });
}
