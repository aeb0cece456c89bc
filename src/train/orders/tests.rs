use super::*;
use crate::train::config::StrategyKind::{BitFit, Full, Head, Lora, Top};

fn order(step: u64, what: What) -> Order {
    Order { step, what }
}

fn factor(factor: f64, group: Option<Group>) -> What {
    What::Factor { factor, group }
}

fn config(more: &str) -> RunConfig {
    toml::from_str(&format!("task = \"classify\"\n[model]\npath = \"m\"\n[data]\ntrain = \"a.csv\"\n{more}")).unwrap()
}

#[test]
fn orders_are_followed_by_their_steps_and_a_run_that_goes_on_comes_to_the_same() {
    let mut config = config("");
    config.run.orders = vec![
        order(9, What::StopAfter(LastEpoch::This)),
        order(4, factor(0.5, None)),
        order(4, What::Thaw),
        order(6, factor(3.0, Some(Group::Head))),
    ];
    let epoch_of = |step: u64| 1 + step / 4;
    let mut orders = Orders::of(&config);
    let mut followed = Vec::new();
    for step in 0..12 {
        while let Some(due) = orders.due(step) {
            assert_eq!(due.step, step);
            if step == 6 {
                orders.refuse();
            } else {
                orders.follow(epoch_of);
            }
            followed.push(due.what.words());
            let mut again = Orders::of(&config);
            again.go_on_from(orders.followed(), epoch_of);
            assert_eq!(again, orders, "after {followed:?}");
        }
    }
    assert_eq!(followed.len(), 4);
    assert_eq!((orders.thaws(), orders.end_after(2), orders.end_after(3)), (1, false, true));
    assert_eq!(orders.rates().factor(Group::Head), Some(0.5), "the second was refused");
}

#[test]
fn what_is_ordered_by_hand_comes_before_what_is_ordered_for_later() {
    let mut config = config("");
    config.run.orders = vec![order(2, What::Checkpoint), order(8, What::Thaw)];
    let mut orders = Orders::of(&config);
    assert_eq!(orders.due(1), None);
    assert!(orders.due(2).is_some());
    orders.follow(|_| 1);
    orders.add(order(5, factor(0.5, None)));
    assert_eq!(orders.due(5), Some(order(5, factor(0.5, None))));
    assert!(agree(orders.all(), &config.run.orders, orders.followed()));
    orders.follow(|_| 1);
    assert!(!agree(orders.all(), &config.run.orders, orders.followed()), "another run");
    orders.add(order(6, What::Thaw));
    orders.take_back();
    let steps: Vec<u64> = orders.all().iter().map(|order| order.step).collect();
    assert_eq!(steps, [2, 5, 8]);
}

#[test]
fn an_order_to_stop_is_of_its_epoch_until_it_is_taken_back() {
    let mut config = config("");
    let stop = |step, last| order(step, What::StopAfter(last));
    config.run.orders =
        vec![stop(1, LastEpoch::Number(4)), stop(2, LastEpoch::AsConfigured), stop(30, LastEpoch::Number(2))];
    let mut orders = Orders::of(&config);
    orders.follow(|_| 1);
    assert!(!orders.end_after(3) && orders.end_after(4) && orders.end_after(5));
    orders.follow(|_| 1);
    assert!(!orders.end_after(99));
    orders.follow(|_| 3);
    assert!(orders.end_after(3), "the second epoch is over, so it is the one under way");
}

#[test]
fn rates_are_multiplied_and_replaced_by_group() {
    let optim = Optim { lr: 1e-3, layer_decay: 0.5, ..Optim::default() };
    let mut config = config("");
    config.optim = optim;
    config.run.orders = vec![
        order(30, What::Rate { lr: 5e-4, group: None }),
        order(10, factor(0.5, None)),
        order(20, factor(4.0, Some(Group::Head))),
        order(25, What::Evaluate),
    ];
    assert_eq!(peaks(&config, Some(2)), [(0, 1e-3), (10, 5e-4), (20, 2e-3), (30, 5e-4)]);
    let mut rates = Rates::of(&config.optim);
    rates.change(factor(3.0, Some(Group::Head)));
    rates.change(factor(1.0 / 3.0, Some(Group::Head)));
    rates.change(What::Rate { lr: 0.25, group: Some(Group::Encoder) });
    let peaks = groups::peaks_by_group(&rates.optim, &config.strategy, Some(2));
    assert_eq!(peaks, [(Group::Head, 1e-3), (Group::Encoder, 0.125), (Group::Embeddings, 1.25e-4)]);
    let refused = |what| rates.why_not(what, &config.strategy, Some(2));
    assert_eq!(refused(factor(2.0, None)), None);
    for wrong in [factor(9.0, Some(Group::Encoder)), factor(101.0, None), factor(f64::NAN, None)] {
        assert!(refused(wrong).is_some_and(|why| why.contains("expected")), "{wrong:?}");
    }
    assert!(refused(What::Rate { lr: f64::NAN, group: None }).is_some());
}

#[test]
fn what_no_run_can_follow_is_refused_before_it_begins() {
    let refused = |strategy: &str, orders: &str, more: &str| {
        let config = config(&format!("{more}[strategy]\nkind = \"{strategy}\"\n[run]\norders = [{orders}]\n"));
        let checked = config.check().and_then(|()| check(&config, 2, false));
        checked.map_or_else(|error| error.to_string(), |()| String::new())
    };
    let thaw = |step: u64| format!("{{ step = {step}, thaw = true }}");
    let three = [thaw(3), thaw(5), thaw(5)].join(", ");
    assert_eq!(refused("head", &three, ""), "", "two layers and the embeddings");
    let told = refused("head", &format!("{three}, {}", thaw(8)), "");
    assert!(told.contains("\"thaw the next layer\" at step 8") && told.contains("3 blocks to thaw"), "{told}");
    for (kind, why) in [("full", "trained from the start"), ("bitfit", "biases"), ("lora", "adapters")] {
        let told = refused(kind, &thaw(3), "");
        assert!(told.starts_with("run.orders is") && told.contains(why), "{told}");
    }
    let told = refused("full", "{ step = 3, factor = 200.0 }", "");
    assert!(told.contains("0 to 100"), "{told}");
    let told = refused("full", "{ step = 1, lr = 0.5 }, { step = 3, factor = 3.0 }", "");
    assert!(told.contains("at step 3") && told.contains("1.5e0"), "{told}");
    let told = refused("full", "{ step = 3, evaluate = true }", "fold = { number = 1, of = 5 }\n");
    assert!(told.contains("predicted once"), "{told}");
    assert!(
        check(&config("[strategy]\nkind = \"head\"\n[run]\norders = [{ step = 1, thaw = true }]\n"), 2, true).is_err()
    );
    for kind in [Full, BitFit, Lora, Head, Top] {
        let strategy = Strategy { kind, ..Strategy::default() };
        assert_eq!(why_no_thaw(&strategy).is_some(), [Full, BitFit, Lora].contains(&kind));
    }
    let told = refused("head\"\nfit = \"logistic", &thaw(3), "");
    assert!(told.contains("only outputs are fitted"), "{told}");
}

#[test]
fn orders_beyond_the_last_update_are_told() {
    let config = config("[run]\norders = [{ step = 9, thaw = true }, { step = 30, evaluate = true }]\n");
    assert_eq!(beyond(&config, 31), None);
    let told = beyond(&config, 30).unwrap();
    assert!(told.contains("\"evaluate\" at step 30") && !told.contains("thaw"), "{told}");
}
