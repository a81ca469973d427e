//! What accounts have looked at.

use ::store::{Along, Changed, OrderId, PersonId, Representation, Role, SeenOrder};

use crate::on_each_store;
use crate::values::{account, enrolled, order, refresh};

#[test]
fn an_account_remembers_what_it_saw_last() {
    on_each_store(|store| async move {
        let (_, maria) = enrolled(&*store, "maria").await;
        let (_, paolo) = enrolled(&*store, "paolo").await;
        let [one, two] = [OrderId::from([1; 16]), OrderId::from([2; 16])];
        assert_eq!(store.seen_orders(maria.id).await.unwrap(), []);
        assert!(store.see_orders(maria.id, vec![(one, 7), (two, u64::MAX)]).await.unwrap());
        assert!(store.see_orders(maria.id, vec![(one, 8)]).await.unwrap());
        let seen = |order, state| SeenOrder { account: maria.id, order, state };
        assert_eq!(store.seen_orders(maria.id).await.unwrap(), [seen(one, 8), seen(two, u64::MAX)]);
        assert_eq!(store.seen_orders(paolo.id).await.unwrap(), []);
        let nobody = account("nobody", &[PersonId::fresh().unwrap()]);
        assert!(!store.see_orders(nobody.id, vec![(one, 1)]).await.unwrap());
    });
}

#[test]
fn what_was_seen_goes_with_the_account_and_with_the_person() {
    on_each_store(|store| async move {
        let (child, _) = enrolled(&*store, "figlio").await;
        let (mother, hers) = enrolled(&*store, "madre").await;
        let mut both = hers.clone();
        both.persons.push(Representation { person: child.id, role: Role::Parent, until: None });
        let changed = store.replace_account(hers.clone(), both, Along::nothing()).await.unwrap();
        assert_eq!(changed, Changed::Done);
        let orders = [order(mother.id, "1", 1), order(child.id, "2", 2)];
        let [of_mother, of_child] = [orders[0].id, orders[1].id];
        for (person, order) in [mother.id, child.id].into_iter().zip(orders) {
            store.replace_orders(vec![order], refresh(person, 1)).await.unwrap();
        }
        store.see_orders(hers.id, vec![(of_mother, 1), (of_child, 1)]).await.unwrap();
        store.erase_person(child.id, Along::nothing()).await.unwrap();
        let left = SeenOrder { account: hers.id, order: of_mother, state: 1 };
        assert_eq!(store.seen_orders(hers.id).await.unwrap(), [left]);
        store.erase_account(hers.id, Along::nothing()).await.unwrap();
        assert_eq!(store.seen_orders(hers.id).await.unwrap(), []);
    });
}
