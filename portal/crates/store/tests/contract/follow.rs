//! What somebody has of an order follows it when it is told by another key.

use store::{
    AccountId, Along, Asked, NewLimits, NewRequest, Order, OrderId, OrderKey, PersonId, RequestId,
    SeenOrder, Share, ShareId, Shared, Store,
};

use crate::on_each_store;
use crate::values::{asking, at, enrolled, examination, order, package_key, refresh, share};

/// An order of one examination and no number, which is shared, asked for and seen.
struct Lone {
    person: PersonId,
    account: AccountId,
    order: Order,
    share: ShareId,
    request: RequestId,
}

async fn lone(store: &dyn Store) -> Lone {
    let (maria, hers) = enrolled(store, "maria").await;
    let key = OrderKey::Study("1.2.MTF1.0".into());
    let order = Order::new(maria.id, key, vec![examination("MTF1", 0)]);
    assert!(store.replace_orders(vec![order.clone()], refresh(maria.id, 0)).await.unwrap());
    let share = Share { order: order.id, ..share(hers.id, maria.id, 1) };
    let limits = NewLimits { since: at(0), shares: 9, recipients: 9 };
    let shared = store.share_order(share.clone(), limits, Along::nothing()).await.unwrap();
    assert_eq!(shared, Shared::Done);
    let new = NewRequest { order: order.id, ..asking(&hers, maria.id, 1, 0) };
    let Asked::Done(request) = store.ask(new, Along::nothing()).await.unwrap() else {
        panic!("refused");
    };
    assert!(store.see_orders(hers.id, vec![(order.id, 7)]).await.unwrap());
    Lone { person: maria.id, account: hers.id, order, share: share.id, request: request.id }
}

impl Lone {
    /// Of which orders all that is when these are told.
    async fn when_told(&self, store: &dyn Store, orders: &[&Order], seconds: i64) -> [OrderId; 4] {
        let orders = orders.iter().map(|order| (*order).clone()).collect();
        assert!(store.replace_orders(orders, refresh(self.person, seconds)).await.unwrap());
        let share = store.share(self.share).await.unwrap().unwrap();
        let (request, _) = store.request(self.request).await.unwrap().unwrap();
        let preparation = store.preparation(package_key(1)).await.unwrap().unwrap();
        let seen = store.seen_orders(self.account).await.unwrap();
        assert_eq!(seen, [SeenOrder { account: self.account, order: seen[0].order, state: 7 }]);
        [share.order, request.order, preparation.order, seen[0].order]
    }
}

#[test]
fn a_number_that_comes_late_takes_along_what_somebody_has_of_the_order() {
    on_each_store(|store| async move {
        let lone = lone(&*store).await;
        let (numbered, other) = (order(lone.person, "MTF1", 1), order(lone.person, "MTF2", 1));
        let now = lone.when_told(&*store, &[&numbered, &other], 1).await;
        assert_eq!(now, [numbered.id; 4]);
        // What is told alike stays where it is.
        let now = lone.when_told(&*store, &[&numbered], 2).await;
        assert_eq!(now, [numbered.id; 4]);
        // It is told without its number again.
        let now = lone.when_told(&*store, &[&lone.order, &other], 3).await;
        assert_eq!(now, [lone.order.id; 4]);
    });
}

#[test]
fn nobody_sees_more_by_an_order_that_is_told_otherwise() {
    on_each_store(|store| async move {
        let lone = lone(&*store).await;
        let was = [lone.order.id; 4];
        // One more examination came with the number: that was not shared.
        let wider = order(lone.person, "MTF1", 2);
        assert_eq!(lone.when_told(&*store, &[&wider], 1).await, was);
        // Nor does it go along later, when nothing tells that this is the same order.
        let numbered = order(lone.person, "MTF1", 1);
        assert_eq!(lone.when_told(&*store, &[&numbered], 2).await, was);
        // An order that is told still is what it was.
        assert_eq!(lone.when_told(&*store, &[&lone.order], 3).await, was);
        assert_eq!(lone.when_told(&*store, &[&lone.order, &numbered], 4).await, was);
        assert_eq!(lone.when_told(&*store, &[], 5).await, was);
    });
}
