//! Orders, decisions on them, and when the PACS are asked.

use jiff::SignedDuration;
use store::{
    Along, Claim, Consent, Decided, EventQuery, NewDecision, Order, OrderId, OrderKey, PersonId,
    PersonResults, Refresh, Ruling, Scope, Store,
};

use crate::on_each_store;
use crate::values::{at, enrolled, event, examination, order, refresh};

async fn results(store: &dyn Store, person: PersonId) -> PersonResults {
    let mut results = store.results_of_person(person).await.unwrap().unwrap();
    results.orders.sort_by(|one, other| one.key.cmp(&other.key));
    for order in &mut results.orders {
        order.examinations.sort_by(|one, other| one.study.cmp(&other.study));
    }
    results
}

fn decision(order: OrderId, study: Option<&str>, ruling: Option<Ruling>) -> NewDecision {
    let study = study.map(str::to_owned);
    NewDecision { order, study, ruling, by: "console".to_owned(), at: at(5), reason: None }
}

#[test]
fn an_order_is_the_same_whenever_it_is_told() {
    let (maria, giulia) = (PersonId::from([1; 16]), PersonId::from([2; 16]));
    let number = OrderKey::OrderNumber("MTF1".into());
    assert_eq!(OrderId::of(maria, &number), OrderId::of(maria, &number.clone()));
    assert_ne!(OrderId::of(maria, &number), OrderId::of(giulia, &number));
    let accession = OrderKey::AccessionNumber("MTF1".into());
    assert_ne!(OrderId::of(maria, &number), OrderId::of(maria, &accession));
    // It is on disk and in links.
    assert_eq!(OrderId::of(maria, &number).to_string(), "7b074c1b17a09d4d29d463e4a79c31eb");
}

#[test]
fn orders_take_the_place_of_those_before_and_decisions_stay() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        assert!(results(&*store, maria.id).await.orders.is_empty());
        let first = vec![order(maria.id, "MTF1", 2), order(maria.id, "MTF2", 1)];
        assert!(store.replace_orders(first.clone(), refresh(maria.id, 0)).await.unwrap());
        let there = results(&*store, maria.id).await;
        assert_eq!((there.orders, there.person), (first.clone(), maria.clone()));
        assert_eq!(there.refresh, Some(refresh(maria.id, 0)));
        let held = decision(first[0].id, None, Some(Ruling::Hold));
        let done = store.decide(maria.id, held, event(5, "order.hold").into()).await.unwrap();
        assert_eq!(done, Decided::Done);
        // The second one is gone, the first one has changed, a third one is new.
        let mut second = vec![order(maria.id, "MTF1", 3), order(maria.id, "MTF3", 1)];
        second[0].examinations[1].description = Some("AVAMBRACCIO".into());
        assert!(store.replace_orders(second.clone(), refresh(maria.id, 9)).await.unwrap());
        let there = results(&*store, maria.id).await;
        assert_eq!((there.orders, there.refresh), (second, Some(refresh(maria.id, 9))));
        // One more is held with the order that it came to.
        assert_eq!(there.decisions.len(), 4);
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap().len(), 1);
    });
}

#[test]
fn orders_of_nobody_are_not_kept() {
    on_each_store(|store| async move {
        let nobody = PersonId::fresh().unwrap();
        assert_eq!(store.results_of_person(nobody).await.unwrap(), None);
        let orders = vec![order(nobody, "MTF1", 1)];
        assert!(!store.replace_orders(orders.clone(), refresh(nobody, 0)).await.unwrap());
        let (maria, _) = enrolled(&*store, "maria").await;
        let wrong = decision(orders[0].id, None, Some(Ruling::Hold));
        let refused = store.decide(maria.id, wrong, event(0, "order.hold").into()).await.unwrap();
        assert_eq!(refused, Decided::NoSuchOrder);
        assert_eq!(store.events(EventQuery::default(), 9).await.unwrap().len(), 0);
    });
}

#[test]
fn orders_are_found_by_their_numbers() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let (giulia, _) = enrolled(&*store, "giulia").await;
        let many = vec![order(maria.id, "MTF1", 40), order(maria.id, "MTF2", 1)];
        store.replace_orders(many.clone(), refresh(maria.id, 0)).await.unwrap();
        // Another site counts its orders as this one does.
        let other = order(giulia.id, "MTF1", 1);
        store.replace_orders(vec![other.clone()], refresh(giulia.id, 0)).await.unwrap();
        let mut found = store.find_orders("MTF1", 9).await.unwrap();
        found.sort_unstable();
        let mut expected = vec![(maria.id, many[0].id), (giulia.id, other.id)];
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(store.find_orders("MTF1", 1).await.unwrap().len(), 1);
        let found = store.find_orders("A-MTF2-0", 9).await.unwrap();
        assert_eq!(found, [(maria.id, many[1].id)]);
        assert_eq!(store.find_orders("MTF", 9).await.unwrap(), []);
        assert_eq!(store.person_of_order(many[1].id).await.unwrap(), Some(maria.id));
        let unknown = OrderId::of(maria.id, &OrderKey::OrderNumber("MTF9".into()));
        assert_eq!(store.person_of_order(unknown).await.unwrap(), None);
    });
}

#[test]
fn a_decision_on_an_order_is_one_on_each_examination_and_a_hold_on_what_comes() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let one = order(maria.id, "MTF1", 2);
        let studies: Vec<_> = one.examinations.iter().map(|one| one.study.clone()).collect();
        store.replace_orders(vec![one.clone()], refresh(maria.id, 0)).await.unwrap();
        let decide = |study: Option<&'static str>, ruling| {
            store.decide(maria.id, decision(one.id, study, ruling), Along::nothing())
        };
        let decided = || async {
            let decisions = results(&*store, maria.id).await.decisions;
            decisions.into_iter().map(|one| (one.scope, one.ruling)).collect::<Vec<_>>()
        };
        let of = |study: usize| Scope::Study(studies[study].clone());
        decide(None, Some(Ruling::Hold)).await.unwrap();
        let mut expected = vec![
            (Scope::Order(one.id), Ruling::Hold),
            (of(0), Ruling::Hold),
            (of(1), Ruling::Hold),
        ];
        let is_same = |mut one: Vec<(Scope, Ruling)>, other: &mut Vec<(Scope, Ruling)>| {
            let text = |decision: &(Scope, Ruling)| match &decision.0 {
                Scope::Order(id) => id.to_string(),
                Scope::Study(study) => format!("study {}", study.0),
            };
            one.sort_by_key(text);
            other.sort_by_key(text);
            one == *other
        };
        assert!(is_same(decided().await, &mut expected));
        decide(Some("1.2.MTF1.1"), Some(Ruling::Release)).await.unwrap();
        expected.retain(|(scope, _)| *scope != of(1));
        expected.push((of(1), Ruling::Release));
        assert!(is_same(decided().await, &mut expected));
        decide(None, Some(Ruling::Release)).await.unwrap();
        let mut expected = vec![(of(0), Ruling::Release), (of(1), Ruling::Release)];
        assert!(is_same(decided().await, &mut expected));
        decide(None, None).await.unwrap();
        assert!(decided().await.is_empty());
        let refused = decide(Some("1.2.3"), Some(Ruling::Hold)).await.unwrap();
        assert_eq!(refused, Decided::NoSuchExamination);
    });
}

#[test]
fn one_asks_at_a_time_and_not_too_often() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let lease = SignedDuration::from_secs(60);
        let claim = |now, before| store.claim_refresh(maria.id, at(now), at(before), lease);
        assert_eq!(claim(0, 0).await.unwrap(), Claim::Claimed);
        assert_eq!(claim(59, 59).await.unwrap(), Claim::Taken);
        // Whoever claimed it is gone.
        assert_eq!(claim(60, 60).await.unwrap(), Claim::Claimed);
        let asked = Refresh { claimed: None, wanted: at(60), ..refresh(maria.id, 61) };
        store.replace_orders(Vec::new(), asked).await.unwrap();
        assert_eq!(claim(90, 61).await.unwrap(), Claim::Fresh);
        assert_eq!(claim(90, 62).await.unwrap(), Claim::Claimed);
        assert_eq!(results(&*store, maria.id).await.refresh.unwrap().wanted, at(90));
        let nobody = PersonId::fresh().unwrap();
        let nothing = store.claim_refresh(nobody, at(0), at(0), lease).await.unwrap();
        assert_eq!(nothing, Claim::NoSuchPerson);
    });
}

#[test]
fn a_clock_that_is_set_back_keeps_nobody_from_asking() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let lease = SignedDuration::from_secs(60);
        let claim = |now, before| store.claim_refresh(maria.id, at(now), at(before), lease);
        // Asked by a clock that was ahead: nobody knows when that was.
        let asked = refresh(maria.id, 5000);
        assert!(!asked.is_fresh(at(1000), at(700)) && asked.is_fresh(at(5000), at(5000)));
        store.replace_orders(Vec::new(), asked).await.unwrap();
        assert_eq!(claim(1000, 700).await.unwrap(), Claim::Claimed);
        // Of two that ask at once the clocks may differ a little.
        assert_eq!(claim(999, 699).await.unwrap(), Claim::Taken);
        // A claim by a clock that was ahead is void, as one that is old.
        let claimed = Refresh { claimed: Some(at(5060)), ..refresh(maria.id, 0) };
        store.replace_orders(Vec::new(), claimed).await.unwrap();
        assert_eq!(claim(1000, 700).await.unwrap(), Claim::Claimed);
        assert_eq!(claim(1001, 701).await.unwrap(), Claim::Taken);
    });
}

#[test]
fn refreshes_are_claimed_when_they_are_due_and_by_one_only() {
    on_each_store(|store| async move {
        let lease = SignedDuration::from_secs(60);
        let mut persons = Vec::new();
        for (name, due) in [("maria", Some(30)), ("giulia", Some(10)), ("anna", None)] {
            let (person, _) = enrolled(&*store, name).await;
            let refresh = Refresh { due: due.map(at), ..refresh(person.id, 0) };
            store.replace_orders(Vec::new(), refresh).await.unwrap();
            persons.push(person.id);
        }
        let claim = |now, limit| store.claim_due_refreshes(at(now), lease, limit);
        assert_eq!(claim(9, 9).await.unwrap(), []);
        assert_eq!(claim(30, 1).await.unwrap(), [persons[1]]);
        assert_eq!(claim(30, 9).await.unwrap(), [persons[0]]);
        assert_eq!(claim(31, 9).await.unwrap(), []);
        let login = store.claim_refresh(persons[0], at(31), at(31), lease).await.unwrap();
        assert_eq!(login, Claim::Taken);
        // Nobody came back from either.
        assert_eq!(claim(90, 9).await.unwrap().len(), 2);
    });
}

#[test]
fn what_is_told_goes_with_the_person() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let one = order(maria.id, "MTF1", 2);
        store.replace_orders(vec![one.clone()], refresh(maria.id, 0)).await.unwrap();
        let hold = decision(one.id, None, Some(Ruling::Hold));
        store.decide(maria.id, hold, Along::nothing()).await.unwrap();
        store.erase_person(maria.id, Along::nothing()).await.unwrap();
        assert_eq!(store.results_of_person(maria.id).await.unwrap(), None);
        assert_eq!(store.find_orders("MTF1", 9).await.unwrap(), []);
        let far = SignedDuration::from_secs(60);
        assert_eq!(store.claim_due_refreshes(at(9999), far, 9).await.unwrap(), []);
        // The same person again, without what was there.
        store.add_person(maria.clone(), None, Along::nothing()).await.unwrap();
        let there = results(&*store, maria.id).await;
        assert!(there.orders.is_empty() && there.decisions.is_empty() && there.refresh.is_none());
    });
}

/// Which examinations of a person are held themselves.
async fn held(store: &dyn Store, person: PersonId) -> Vec<String> {
    let decisions = results(store, person).await.decisions.into_iter();
    let mut studies: Vec<_> = decisions
        .filter(|one| one.ruling == Ruling::Hold)
        .filter_map(|one| match one.scope {
            Scope::Study(study) => Some(study.to_string()),
            Scope::Order(_) => None,
        })
        .collect();
    studies.sort();
    studies
}

#[test]
fn a_hold_on_an_order_goes_on_in_the_order_that_comes_in_its_place() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let key = OrderKey::AccessionNumber("A-MTF1-0".into());
        let unnumbered = Order::new(maria.id, key, vec![examination("MTF1", 0)]);
        let other = order(maria.id, "MTF2", 1);
        let told = vec![unnumbered.clone(), other.clone()];
        store.replace_orders(told, refresh(maria.id, 0)).await.unwrap();
        let hold = decision(unnumbered.id, None, Some(Ruling::Hold));
        store.decide(maria.id, hold, Along::nothing()).await.unwrap();
        // Its number comes, with one more examination.
        let numbered = order(maria.id, "MTF1", 2);
        let told = vec![numbered.clone(), other.clone()];
        store.replace_orders(told, refresh(maria.id, 1)).await.unwrap();
        let is_held = async |order: OrderId| {
            let decisions = results(&*store, maria.id).await.decisions;
            decisions
                .iter()
                .any(|one| one.scope == Scope::Order(order) && one.ruling == Ruling::Hold)
        };
        assert!(is_held(numbered.id).await);
        // Nothing was decided on an order that was there, and what was held stays so in it.
        let mut all = other.clone();
        all.examinations.extend([0, 1].map(|place| examination("MTF1", place)));
        let told = || vec![all.clone()];
        store.replace_orders(told(), refresh(maria.id, 2)).await.unwrap();
        assert!(!is_held(other.id).await);
        assert_eq!(held(&*store, maria.id).await, ["1.2.MTF1.0", "1.2.MTF1.1"]);
        // What is decided then is not undone.
        let follow_rule = decision(other.id, None, None);
        store.decide(maria.id, follow_rule, Along::nothing()).await.unwrap();
        store.replace_orders(told(), refresh(maria.id, 3)).await.unwrap();
        assert!(held(&*store, maria.id).await.is_empty());
        // Nobody released the first order.
        let told = vec![unnumbered, other];
        store.replace_orders(told, refresh(maria.id, 4)).await.unwrap();
        assert_eq!(held(&*store, maria.id).await, ["1.2.MTF1.0"]);
    });
}

#[test]
fn a_hold_goes_with_an_examination_to_another_person() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let (giulia, _) = enrolled(&*store, "giulia").await;
        let hers = |examinations| order(maria.id, "MTF1", examinations);
        store.replace_orders(vec![hers(2)], refresh(maria.id, 0)).await.unwrap();
        let reason = Some("hers alone".into());
        let hold = NewDecision { reason, ..decision(hers(2).id, None, Some(Ruling::Hold)) };
        store.decide(maria.id, hold, Along::nothing()).await.unwrap();
        let release = decision(hers(2).id, Some("1.2.MTF1.1"), Some(Ruling::Release));
        store.decide(maria.id, release, Along::nothing()).await.unwrap();
        // One that comes later is held with its order.
        store.replace_orders(vec![hers(3)], refresh(maria.id, 1)).await.unwrap();
        let told = order(giulia.id, "MTF1", 3);
        let tell = |told: &[Order], at| store.replace_orders(told.to_vec(), refresh(giulia.id, at));
        // While both have it, it is held for both; what was released was so for her alone.
        tell(std::slice::from_ref(&told), 2).await.unwrap();
        let all = ["1.2.MTF1.0", "1.2.MTF1.1", "1.2.MTF1.2", "1.2.MTF1.3"];
        assert_eq!(held(&*store, giulia.id).await, all[..3]);
        assert_eq!(held(&*store, maria.id).await, [all[0], all[2]]);
        let decisions = results(&*store, giulia.id).await.decisions;
        assert!(decisions.iter().all(|one| one.person == giulia.id && one.reason.is_none()));
        // What comes to the order later is held as it would have been there.
        let told = [order(giulia.id, "MTF1", 4)];
        tell(&told, 3).await.unwrap();
        assert_eq!(held(&*store, giulia.id).await, all);
        // What is decided then is not undone.
        let follow_rule = decision(told[0].id, None, None);
        store.decide(giulia.id, follow_rule, Along::nothing()).await.unwrap();
        tell(&told, 4).await.unwrap();
        assert!(held(&*store, giulia.id).await.is_empty());
        assert_eq!(held(&*store, maria.id).await, [all[0], all[2]]);
    });
}

#[test]
fn a_study_may_move_to_another_order() {
    on_each_store(|store| async move {
        let (maria, _) = enrolled(&*store, "maria").await;
        let lone = Order::new(
            maria.id,
            OrderKey::Study("1.2.MTF1.0".into()),
            vec![examination("MTF1", 0)],
        );
        store.replace_orders(vec![lone.clone()], refresh(maria.id, 0)).await.unwrap();
        let hold = decision(lone.id, Some("1.2.MTF1.0"), Some(Ruling::Hold));
        store.decide(maria.id, hold, Along::nothing()).await.unwrap();
        let numbered = order(maria.id, "MTF1", 1);
        store.replace_orders(vec![numbered.clone()], refresh(maria.id, 1)).await.unwrap();
        let there = results(&*store, maria.id).await;
        assert_eq!(there.orders, [numbered]);
        assert_eq!(there.decisions[0].scope, Scope::Study("1.2.MTF1.0".into()));
        assert_eq!(maria.consent, Consent { online_results: true, messages: false });
    });
}
