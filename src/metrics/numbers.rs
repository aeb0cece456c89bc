//! Numbers read back from JSON, which writes `null` where a number is none: a diverged model's evaluation stays readable.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

pub(super) fn double<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or(f64::NAN))
}

pub(super) fn single<'de, D: Deserializer<'de>>(input: D) -> Result<f32, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or(f32::NAN))
}

pub(super) fn list<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<f32>, D::Error> {
    let numbers: Vec<Option<f32>> = Vec::deserialize(input)?;
    Ok(numbers.into_iter().map(|number| number.unwrap_or(f32::NAN)).collect())
}

pub(super) fn map<'de, D: Deserializer<'de>>(input: D) -> Result<BTreeMap<String, f64>, D::Error> {
    let numbers: BTreeMap<String, Option<f64>> = BTreeMap::deserialize(input)?;
    Ok(numbers.into_iter().map(|(key, number)| (key, number.unwrap_or(f64::NAN))).collect())
}
