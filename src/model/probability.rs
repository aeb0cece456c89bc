//! Logits → probabilities.

/// Probabilities of exclusive classes, summed in `f64`.
pub fn softmax(row: &[f32]) -> Vec<f32> {
    let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let powers: Vec<f64> = row.iter().map(|x| (f64::from(*x) - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| (power / sum) as f32).collect()
}

/// Probabilities of independent classes.
pub fn sigmoid(row: &[f32]) -> Vec<f32> {
    row.iter().map(|x| (1.0 / (1.0 + (-f64::from(*x)).exp())) as f32).collect()
}
