//! A clock that is set back holds nobody up.

use jiff::SignedDuration;
use store::{Admission, Along, GuessBegun, GuessPolicy, NewLimits, Shared};

use crate::on_each_store;
use crate::sessions::POLICY;
use crate::values::{at, enrolled, secret, share};

#[test]
fn attempts_of_a_clock_that_was_ahead_count_no_more() {
    on_each_store(|store| async move {
        let admit = |now| store.admit_attempt(vec![(secret(1), POLICY)], at(now));
        for _ in 0..4 {
            assert_eq!(admit(7200).await.unwrap(), Admission::Admitted);
        }
        // Side by side, one that looked at the clock before comes behind, and is no way round.
        for now in [7201, 7200, 7199, 7140] {
            assert_eq!(admit(now).await.unwrap(), Admission::Wait { until: at(7202) }, "{now}");
        }
        // Its two hours are taken back.
        for _ in 0..4 {
            assert_eq!(admit(0).await.unwrap(), Admission::Admitted);
        }
        // They are counted from the first on, and nothing is forgotten by a clock that goes on.
        assert_eq!(admit(1).await.unwrap(), Admission::Wait { until: at(2) });
        assert_eq!(admit(2).await.unwrap(), Admission::Admitted);
        assert_eq!(admit(3).await.unwrap(), Admission::Wait { until: at(6) });
    });
}

#[test]
fn a_pause_between_pins_ends_with_the_time_that_was_ahead() {
    on_each_store(|store| async move {
        let (maria, hers) = enrolled(&*store, "maria").await;
        let shared = share(hers.id, maria.id, 1);
        let limits = NewLimits { since: at(0), shares: 9, recipients: 9 };
        let done = store.share_order(shared.clone(), limits, Along::nothing()).await.unwrap();
        assert_eq!(done, Shared::Done);
        let policy = GuessPolicy { longest: SignedDuration::from_mins(1), ..Default::default() };
        let guess = |now| store.begin_guess(secret(100), at(now), policy);
        for _ in 0..5 {
            assert!(matches!(guess(7200).await.unwrap(), GuessBegun::Admitted(_)));
        }
        for now in [7201, 7200, 7199, 7140] {
            let waits = guess(now).await.unwrap();
            assert_eq!(waits, GuessBegun::Wait { until: at(7260) }, "{now}");
        }
        assert!(matches!(guess(0).await.unwrap(), GuessBegun::Admitted(_)));
        // There was a pause before, so there is one again; its end comes.
        assert_eq!(guess(1).await.unwrap(), GuessBegun::Wait { until: at(60) });
        assert!(matches!(guess(60).await.unwrap(), GuessBegun::Admitted(_)));
        // All of them are guesses in the life of the share.
        let kept = store.share(shared.id).await.unwrap().unwrap();
        assert_eq!(kept.guesses.counted.len(), 7);
    });
}
