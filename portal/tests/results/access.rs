//! Whose results an account sees, and that nothing tells of the others.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_sees_the_persons_it_represents_while_it_does_and_they_agree() {
    let portal = portal(ReleaseRule::Always);
    let (mother, child) = (portal.person("MADRE").await, portal.person("FIGLIO").await);
    let mut account = portal.account("madre", &[&mother, &child]).await;
    let (_, stranger) = portal.both("ALTRO").await;
    portal.pacs.tells(0, "MADRE", &["1"]);
    portal.pacs.tells(1, "FIGLIO", &["2"]);
    assert_eq!(portal.seen(&account).await.0, ["O-1", "O-2"]);
    assert!(portal.seen(&stranger).await.0.is_empty());
    let only = ListQuery { person: Some(child.id), ..ListQuery::default() };
    assert_eq!(portal.results.list(&account, &only).await.unwrap().page.total, 1);
    let of_child = portal.order_of(&account, "O-2").await;
    assert!(portal.results.order(&account, of_child, HOME).await.unwrap().is_some());
    assert!(portal.results.order(&stranger, of_child, HOME).await.unwrap().is_none());
    // The child comes of age.
    account.persons[1].until = Some(portal.clock.now());
    assert_eq!(portal.seen(&account).await.0, ["O-1"]);
    assert!(portal.results.order(&account, of_child, HOME).await.unwrap().is_none());
    account.persons[1].until = Some(portal.clock.now() + SignedDuration::from_secs(1));
    assert_eq!(portal.seen(&account).await.0, ["O-1", "O-2"]);
    // The mother takes her consent back.
    let asked = portal.pacs.asked();
    let silent = Person { consent: Consent::default(), ..mother.clone() };
    portal.change(&mother, &silent).await;
    portal.later();
    account.persons.pop();
    let list = portal.results.list(&account, &ListQuery::default()).await.unwrap();
    assert!(list.persons.is_empty() && list.page.total == 0);
    portal.results.refresh(silent.id).await.unwrap();
    assert_eq!(portal.pacs.asked(), asked);
    let events = portal.store.events(EventQuery::default(), 99).await.unwrap();
    let opened: Vec<_> = events
        .iter()
        .map(|recorded| &recorded.event)
        .map(|event| (event.action.as_str(), event.outcome, event.person))
        .collect();
    assert_eq!(
        opened,
        [
            ("order.open", Outcome::Done, Some(child.id)),
            ("order.open", Outcome::Refused, None),
            ("order.open", Outcome::Refused, None),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_taken_away_takes_its_results_with_it_at_once() {
    let portal = portal(ReleaseRule::Always);
    let (mut person, account) = portal.both("MARIA").await;
    let before = person.clone();
    person.patient_ids.push(issued("SCAMBIO"));
    portal.change(&before, &person).await;
    portal.pacs.tells(0, "MARIA", &["1"]);
    portal.pacs.tells(0, "SCAMBIO", &["2"]);
    assert_eq!(portal.seen(&account).await.0, ["O-1", "O-2"]);
    portal.change(&person, &before).await;
    assert_eq!(portal.seen(&account).await.0, ["O-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_stays_so_when_its_patient_id_becomes_another_persons() {
    let portal = portal(ReleaseRule::Always);
    let (mut double, account) = portal.both("DOPPIA").await;
    portal.pacs.tells(0, "DOPPIA", &["1", "2"]);
    let id = portal.order_of(&account, "O-1").await;
    let hold = Some(Ruling::Hold);
    let decided = portal.results.decide(id, None, hold, "console", None).await.unwrap();
    assert_eq!(decided, Decided::Done);
    let (mut maria, hers) = portal.both("MARIA").await;
    let before = double.clone();
    double.patient_ids = vec![issued("VUOTA")];
    portal.change(&before, &double).await;
    let before = maria.clone();
    maria.patient_ids.push(issued("DOPPIA"));
    portal.change(&before, &maria).await;
    assert_eq!(portal.seen(&hers).await.0, ["O-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_has_the_answer_of_what_is_not_there() {
    let portal = portal(ReleaseRule::Always);
    let (person, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1", "2"]);
    let id = portal.order_of(&account, "O-1").await;
    let hold = Some(Ruling::Hold);
    let decided = portal.results.decide(id, None, hold, "console", Some("dubbio".into())).await;
    assert_eq!(decided.unwrap(), Decided::Done);
    assert_eq!(portal.seen(&account).await.0, ["O-2"]);
    let missing = OrderId::from([9; 16]);
    for order in [id, missing] {
        assert!(portal.results.order(&account, order, HOME).await.unwrap().is_none());
    }
    let site = portal.results.of_person(person.id).await.unwrap().unwrap();
    let held = site.orders.iter().find(|order| order.id == id).unwrap();
    assert_eq!(held.examinations[0].withheld, Some(Withheld::Held));
    assert_eq!(held.examinations[0].decision.as_ref().unwrap().by, "console");
    let decided = portal.results.decide(missing, None, hold, "console", None).await.unwrap();
    assert_eq!(decided, Decided::NoSuchOrder);
    // A refresh leaves it, and a release gives it back.
    portal.later();
    assert_eq!(portal.seen(&account).await.0, ["O-2"]);
    let release = Some(Ruling::Release);
    portal.results.decide(id, None, release, "console", None).await.unwrap();
    assert_eq!(portal.seen(&account).await.0, ["O-1", "O-2"]);
    assert_eq!(portal.results.find("A-1", 9).await.unwrap(), [(person.id, id)]);
    let query = EventQuery { action: Some("order.".to_owned()), ..EventQuery::default() };
    let actions = portal.store.events(query, 99).await.unwrap();
    let actions: Vec<_> = actions.iter().map(|recorded| recorded.event.action.as_str()).collect();
    assert_eq!(actions, ["order.hold", "order.open", "order.open", "order.release"]);
}
