use super::*;

fn orders(customers: std::ops::Range<u64>) -> (Trading, Vec<Order>) {
    let trading = Trading::new(&TableOptions::default()).unwrap();
    let mut all = Vec::new();
    for customer in customers {
        trading.orders(customer, |order| all.push(order));
    }
    (trading, all)
}

#[test]
fn executions_lie_within_the_bar_and_the_order() {
    let (trading, all) = orders(0..3_000);
    assert!(all.len() > 5_000);
    for order in all {
        let (security, bars) = {
            let security = trading.prices.market.security(order.security);
            (security, trading.prices.market.bars(&security))
        };
        let bar = bars[order.session - security.first_session];
        let session = trading.prices.market.sessions[order.session];
        assert!(order.placed_at >= session.opens_at && order.placed_at < session.closes_at());
        assert!(order.closed_at >= order.placed_at && order.closed_at <= session.closes_at());
        let mut last = order.placed_at;
        for fill in order.fills() {
            assert!(fill.quantity > 0 && fill.price >= bar.low && fill.price <= bar.high);
            assert!(fill.executed_at >= last && fill.executed_at <= order.closed_at);
            last = fill.executed_at;
            match (order.order_type, order.side) {
                (OrderType::Limit(limit), Side::Buy) => assert!(fill.price <= limit),
                (OrderType::Limit(limit), Side::Sell) => assert!(fill.price >= limit),
                (OrderType::Stop(stop), Side::Buy) => assert!(fill.price >= stop),
                (OrderType::Stop(stop), Side::Sell) => assert!(fill.price <= stop),
                (OrderType::Market, _) => {}
            }
        }
        let (filled, ordered) = (order.filled(), order.quantity);
        assert!(ordered > 0);
        match order.status {
            Status::Filled => assert_eq!(filled, ordered),
            Status::Partial => assert!(filled > 0 && filled < ordered),
            Status::Cancelled | Status::Rejected(_) => assert_eq!(filled, 0),
        }
    }
}

#[test]
fn nobody_sells_what_was_not_bought() {
    let (_, all) = orders(0..2_000);
    let mut held = std::collections::HashMap::new();
    let mut sold = 0;
    for order in all {
        let entry = held
            .entry((order.customer, order.security))
            .or_insert(0_i64);
        match order.side {
            Side::Buy => *entry += i64::from(order.filled()),
            Side::Sell => *entry -= i64::from(order.filled()),
        }
        sold += i32::from(order.side == Side::Sell);
        assert!(*entry >= 0, "customer {}", order.customer);
    }
    assert!(sold > 500);
}

#[test]
fn all_outcomes_and_types_occur() {
    let (_, all) = orders(0..3_000);
    let share = |test: &dyn Fn(&Order) -> bool| {
        all.iter().filter(|order| test(order)).count() as f64 / all.len() as f64
    };
    // No figures are published: most orders of private investors are executed (estimate).
    let filled = share(&|order| order.status == Status::Filled);
    assert!((0.6..0.95).contains(&filled), "{filled}");
    assert!(share(&|order| order.status == Status::Partial) > 0.01);
    assert!(share(&|order| order.status == Status::Cancelled) > 0.03);
    assert!(share(&|order| matches!(order.status, Status::Rejected(_))) > 0.005);
    assert!(share(&|order| matches!(order.order_type, OrderType::Limit(_))) > 0.2);
    assert!(share(&|order| matches!(order.order_type, OrderType::Stop(_))) > 0.03);
    assert!(share(&|order| order.fills().len() > 1) > 0.1);
}
