//! When the PACS are asked, and what the list says of those that do not answer.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_pacs_that_fails_takes_nothing_away_and_the_list_says_of_when_it_is() {
    let portal = portal(ReleaseRule::Always);
    let (_, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1", "2"]);
    portal.pacs.tells(1, "MARIA", &["3"]);
    let seen = portal.seen(&account).await;
    assert_eq!(seen, (vec!["O-1".into(), "O-2".into(), "O-3".into()], Freshness::Current));
    let told = portal.clock.now();
    // One fails, and the other one has lost a study.
    portal.later();
    portal.pacs.fails(1, "MARIA");
    portal.pacs.tells(0, "MARIA", &["1"]);
    let behind = (vec!["O-1".to_owned(), "O-3".to_owned()], Freshness::Behind(Some(told)));
    assert_eq!(portal.seen(&account).await, behind);
    portal.later();
    assert_eq!(portal.seen(&account).await, behind);
    for (language, start) in [
        (texts::Language::Italian, "L'elenco è aggiornato al IERI"),
        (texts::Language::English, "This list is of IERI"),
    ] {
        let sentence = behind.1.sentence(language.texts(), |since| {
            assert_eq!(since, told);
            "IERI".to_owned()
        });
        assert!(sentence.unwrap().starts_with(start));
    }
    portal.pacs.tells(1, "MARIA", &[]);
    portal.later();
    assert_eq!(portal.seen(&account).await, (vec!["O-1".to_owned()], Freshness::Current));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pacs_that_never_answered_is_said_to() {
    let portal = portal(ReleaseRule::Always);
    let (_, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1"]);
    portal.pacs.fails(1, "MARIA");
    assert_eq!(portal.seen(&account).await, (vec!["O-1".to_owned()], Freshness::Behind(None)));
    let sentence = Freshness::Behind(None).sentence(texts::Language::Italian.texts(), |_| panic!());
    assert!(sentence.unwrap().starts_with("In questo momento"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pacs_are_not_asked_for_every_page_nor_by_two_at_once() {
    let portal = portal(ReleaseRule::Always);
    let (_, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1"]);
    let pause = Duration::from_millis(200);
    portal.pacs.pause(pause, pause);
    let mut pages = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (results, account) = (portal.results.clone(), account.clone());
        pages.spawn(async move { results.list(&account, &ListQuery::default()).await });
    }
    let pages = pages.join_all().await;
    let complete: usize = pages.into_iter().map(|page| page.unwrap().page.total).sum();
    // Those that did not ask do not wait for who does.
    assert!(complete >= 1);
    assert_eq!(portal.pacs.asked(), 2);
    assert_eq!(portal.seen(&account).await.0, ["O-1"]);
    assert_eq!(portal.pacs.asked(), 2);
    portal.later();
    portal.seen(&account).await;
    assert_eq!(portal.pacs.asked(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pacs_are_asked_again_when_a_clock_that_was_ahead_is_set_back() {
    let portal = portal(ReleaseRule::Always);
    let (_, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1"]);
    let day = SignedDuration::from_hours(24);
    portal.clock.advance(day);
    assert_eq!(portal.seen(&account).await.0, ["O-1"]);
    portal.clock.advance(-day);
    portal.pacs.tells(0, "MARIA", &["1", "2"]);
    assert_eq!(portal.seen(&account).await.0, ["O-1", "O-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_waits_no_longer_than_it_may_and_a_pacs_no_longer_than_its_time_out() {
    let portal = portal_by(ReleaseRule::Always, |rules| {
        rules.page_waits = Duration::from_millis(50);
        rules.time_out = Duration::from_millis(600);
    });
    let (person, account) = portal.both("MARIA").await;
    portal.pacs.tells(0, "MARIA", &["1"]);
    let pause = Duration::from_mins(1);
    portal.pacs.pause(pause, pause);
    let begun = Instant::now();
    assert_eq!(portal.seen(&account).await, (Vec::new(), Freshness::Refreshing));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let mut fault = None;
    while fault.is_none() && begun.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let kept = portal.store.results_of_person(person.id).await.unwrap().unwrap();
        fault = kept.refresh.and_then(|refresh| refresh.answers.first()?.fault.clone());
    }
    assert_eq!(fault.as_deref(), Some("it gives no answer within 0 seconds"));
    assert_eq!(portal.seen(&account).await.1, Freshness::Behind(None));
    // The threads that asked are free again.
    while portal.pacs.under_way.load(Ordering::SeqCst) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A PACS that takes connections and says nothing costs the first person a time-out, not each.
#[tokio::test(flavor = "multi_thread")]
async fn a_pacs_that_hangs_does_not_hold_back_what_another_one_tells_of_all_others() {
    let portal = portal_by(ReleaseRule::Always, |rules| {
        rules.time_out = Duration::from_secs(2);
        rules.at_once = 1;
    });
    portal.pacs.pause(Duration::ZERO, Duration::from_mins(1));
    let mut accounts = Vec::new();
    for number in 0..20 {
        let id = format!("TEST{number}");
        portal.pacs.tells(0, &id, &["1"]);
        accounts.push(portal.both(&id).await);
    }
    for (person, account) in &accounts {
        // Also of whom it was not asked for the list says that it does not answer.
        let seen = portal.seen(account).await;
        assert_eq!(seen, (vec!["O-1".to_owned()], Freshness::Behind(None)));
        let kept = portal.store.results_of_person(person.id).await.unwrap().unwrap();
        let answers = kept.refresh.unwrap().answers;
        assert_eq!(answers[0].failing_since, None);
        assert_eq!(answers[1].failing_since, Some(portal.clock.now()));
        assert_eq!(answers[1].fault.as_deref(), Some("it gives no answer within 2 seconds"));
    }
    let asked = portal.pacs.asked[1].load(Ordering::SeqCst);
    assert!((1..=10).contains(&asked), "{asked}");
    // It is well again: who comes after the time-out finds that out.
    portal.pacs.pause(Duration::ZERO, Duration::ZERO);
    let begun = Instant::now();
    loop {
        portal.later();
        let (_, freshness) = portal.seen(&accounts[0].1).await;
        if freshness == Freshness::Current {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{freshness:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_kept_fresh_for_who_was_there_of_late_and_a_pacs_is_not_overrun() {
    let portal = portal_by(ReleaseRule::Always, |rules| {
        rules.at_once = 3;
        rules.active = SignedDuration::from_hours(2);
    });
    let mut accounts = Vec::new();
    for number in 0..10 {
        let id = format!("TEST{number}");
        let (_, account) = portal.both(&id).await;
        portal.pacs.tells(0, &id, &[]);
        portal.seen(&account).await;
        portal.pacs.tells(0, &id, &["1"]);
        accounts.push(account);
    }
    assert_eq!(portal.pacs.asked(), 20);
    portal.pacs.most_at_once.store(0, Ordering::SeqCst);
    let pause = Duration::from_millis(20);
    portal.pacs.pause(pause, pause);
    portal.clock.advance(SignedDuration::from_mins(61));
    let task = tokio::spawn(portal.results.clone().keep_fresh());
    let begun = Instant::now();
    while portal.pacs.asked() < 40 || portal.pacs.under_way.load(Ordering::SeqCst) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", portal.pacs.asked());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    task.abort();
    // Two PACS, three persons each.
    assert!((2..=6).contains(&portal.pacs.most_at_once.load(Ordering::SeqCst)));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(portal.seen(&accounts[3]).await.0, ["O-1"]);
    // Nobody looked for two hours: they rest.
    portal.clock.advance(SignedDuration::from_mins(61));
    let lease = SignedDuration::from_mins(1);
    let due = portal.store.claim_due_refreshes(portal.clock.now(), lease, 99).await.unwrap();
    assert_eq!(due.len(), 10, "asked once more an hour after they were");
    for person in due {
        portal.results.refresh(person).await.unwrap();
    }
}
