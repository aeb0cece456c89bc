//! A sweep that tests look at.

use std::path::Path;

use serde_json::json;

use super::asked::{Asked, Axis, Over};
use super::record::{Record, Status};
use super::study::Study;

/// Twelve settings that come to more the higher the rate is, and one that failed, each with so many seeds.
pub fn records(seeds: u64) -> Vec<Record> {
    let mut records = Vec::new();
    for number in 0..13 {
        let lr = if number == 12 { 5e-4 } else { 1e-5 * 100_f64.powf(f64::from(number) / 11.0) };
        let settings = json!({ "optim.lr": lr, "run.batch": if number % 2 == 0 { 8 } else { 16 } });
        for seed in 0..seeds {
            let moved = 0.01 * (seed as f64 - (seeds - 1) as f64 / 2.0);
            let name = format!("trial-{:03}-seed-{seed}", number + 1);
            let mut record = Record::finished(&name, 0.55 + 0.02 * f64::from(number) + moved);
            record.settings = settings.as_object().cloned().unwrap_or_default();
            record.seed = seed;
            if number == 12 {
                (record.status, record.reason) = (Status::Failed, Some("there is no memory left".to_owned()));
                record.metrics.clear();
            }
            records.push(record);
        }
    }
    records
}

pub fn study(seeds: u64) -> Study {
    let records = records(seeds);
    let asked = Asked::guessed("accuracy".to_owned(), &records);
    let rate = Over::Range { low: 1e-5, high: 1e-3, log: true, steps: None };
    let axes = vec![Axis { key: "optim.lr".to_owned(), over: rate }, asked.axes[1].clone()];
    let asked = Asked { axes, is_guessed: false, ..asked };
    Study::of(Path::new("/runs/rates"), asked, &records, Vec::new(), 0)
}

#[test]
fn what_tests_look_at_has_every_setting_with_each_seed_and_one_that_failed() {
    let records = records(2);
    let failed: Vec<&Record> = records.iter().filter(|record| record.status == Status::Failed).collect();
    assert_eq!((records.len(), failed.len()), (26, 2));
    assert!(failed.iter().all(|record| record.metrics.is_empty() && record.settings["optim.lr"] == 5e-4));
}
