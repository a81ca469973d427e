//! The audit trail.

use std::sync::Arc;

use store::{AccountId, Actor, Along, EventQuery, PersonId, Place};

use crate::on_each_store;
use crate::values::{at, event, message};

#[test]
fn events_are_found_by_time_person_account_and_action() {
    on_each_store(|store| async move {
        let person = PersonId::fresh().unwrap();
        let account = AccountId::fresh().unwrap();
        let mut login = event(1, "login");
        login.actor = Actor::Account(account);
        let mut reset = event(2, "password.reset");
        reset.account = Some(account);
        let mut download = event(2, "order.download");
        download.actor = Actor::Account(account);
        download.account = Some(account);
        download.person = Some(person);
        let other = event(3, "backup");
        for event in [&other, &login, &reset, &download] {
            store.record_event((*event).clone()).await.unwrap();
        }
        let all = EventQuery::default;
        for (query, expected) in [
            (all(), vec![&login, &reset, &download, &other]),
            (EventQuery { from: Some(at(2)), ..all() }, vec![&reset, &download, &other]),
            (EventQuery { until: Some(at(2)), ..all() }, vec![&login]),
            (EventQuery { person: Some(person), ..all() }, vec![&download]),
            (EventQuery { account: Some(account), ..all() }, vec![&login, &reset, &download]),
            (
                EventQuery { account: Some(account), from: Some(at(2)), ..all() },
                vec![&reset, &download],
            ),
            (EventQuery { action: Some("order.".to_owned()), ..all() }, vec![&download]),
        ] {
            let found = store.events(query.clone(), 9).await.unwrap();
            let found: Vec<_> = found.iter().map(|recorded| &recorded.event).collect();
            assert_eq!(found, expected, "{query:?}");
        }
    });
}

#[test]
fn the_trail_is_read_page_by_page_and_removed_from_its_old_end() {
    on_each_store(|store| async move {
        // More than one reading of the store, with several in one millisecond.
        for number in 0..1300 {
            store.record_event(event(number / 7, &format!("n{}", number % 5))).await.unwrap();
        }
        let mut query = EventQuery { action: Some("n3".to_owned()), ..EventQuery::default() };
        let mut count = 0;
        loop {
            let page = store.events(query.clone(), 50).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.iter().all(|recorded| query.after < Some(recorded.place)));
            query.after = Some(last.place);
            count += page.len();
        }
        assert_eq!(count, 260);
        assert_eq!(store.remove_events(at(100), 500).await.unwrap(), 500);
        assert_eq!(store.remove_events(at(100), 500).await.unwrap(), 200);
        assert_eq!(store.remove_events(at(100), 500).await.unwrap(), 0);
        assert_eq!(store.events(EventQuery::default(), 9999).await.unwrap().len(), 600);
    });
}

/// They wait for a part of the search, not for all of it.
#[test]
fn a_search_that_finds_nothing_keeps_nobody_from_writing() {
    on_each_store(|store| async move {
        for thousand in 0..40 {
            let events = (0..1000).map(|number| event(thousand * 1000 + number, "login")).collect();
            let along = Along { messages: Vec::new(), events };
            store.put_message(message(0), along).await.unwrap();
        }
        let query = EventQuery { action: Some("backup".to_owned()), ..EventQuery::default() };
        let asked = Arc::clone(&store);
        let search = tokio::spawn(async move { asked.events(query, 1).await.unwrap() });
        store.record_event(event(50_000, "login")).await.unwrap();
        assert!(!search.is_finished(), "the search is over: it was waited for, or is too short");
        assert_eq!(search.await.unwrap(), []);
    });
}

#[test]
fn a_place_is_read_as_it_is_written() {
    on_each_store(|store| async move {
        for number in 0..3 {
            store.record_event(event(7, &format!("{number}"))).await.unwrap();
        }
        let all = store.events(EventQuery::default(), 9).await.unwrap();
        let place: Place = all[1].place.to_string().parse().unwrap();
        assert_eq!(place, all[1].place);
        let query = EventQuery { after: Some(place), ..EventQuery::default() };
        assert_eq!(store.events(query, 9).await.unwrap(), all[2..]);
    });
    for odd in ["", "1", "1.", ".1", "+1.2", "1.02", "1.-2", "1.2.3", "99999999999999999999.1"] {
        assert!(odd.parse::<Place>().is_err(), "{odd}");
    }
}
