//! How alike two models see the same examples: linear centred kernel alignment (Kornblith et al., 2019).
//!
//! The paper gives two forms of the same number: one compares examples with examples, the other features with features.
//! Here are the features, ‖Y'X‖² / (‖X'X‖ ‖Y'Y‖) with centred columns and Frobenius norms, because its sums can be added
//! up batch by batch and are no larger for a million tokens than for ten. They are kept in `f64` around the mean of the
//! first batch: some features of an encoder lie far from zero and hardly move.

use candle_core::{DType, Result, Tensor};

/// Below this share of its second moment about zero a variance is the rounding of `f32`.
const NOTHING: f64 = 1e-12;

/// The sums of one layer.
#[derive(Debug, Default)]
pub struct Alignment {
    rows: u64,
    sums: Option<Sums>,
}

/// Of the two models, about `centers`: sums of their features, and of the products of the first's, of the second's, and of
/// each of the first's with each of the second's.
#[derive(Debug)]
struct Sums {
    centers: [Tensor; 2],
    features: [Tensor; 2],
    products: [Tensor; 3],
}

impl Alignment {
    /// Adds examples: the states of both models for the same ones, (examples, hidden) each. The widths may differ.
    pub fn add(&mut self, states: [&Tensor; 2]) -> Result<()> {
        let rows = states[0].dim(0)?;
        if rows == 0 {
            return Ok(());
        }
        let [x, y] = [states[0].to_dtype(DType::F64)?, states[1].to_dtype(DType::F64)?];
        let centers = match &self.sums {
            Some(sums) => sums.centers.clone(),
            None => [x.mean_keepdim(0)?, y.mean_keepdim(0)?],
        };
        let [x, y] = [x.broadcast_sub(&centers[0])?, y.broadcast_sub(&centers[1])?];
        let features = [x.sum(0)?, y.sum(0)?];
        let (x_turned, y_turned) = (x.t()?, y.t()?);
        let products = [x_turned.matmul(&x)?, y_turned.matmul(&y)?, x_turned.matmul(&y)?];
        self.rows += rows as u64;
        self.sums = Some(match self.sums.take() {
            None => Sums { centers, features, products },
            Some(sums) => sums.with(&features, &products)?,
        });
        Ok(())
    }

    /// 1 where one model's states are the other's turned, mirrored or scaled, 0 where they have nothing in common; none
    /// where those of either do not vary.
    pub fn cka(&self) -> Result<Option<f64>> {
        let Some(sums) = &self.sums else { return Ok(None) };
        let rows = self.rows as f64;
        let [x, y] = [sums.features[0].to_vec1::<f64>()?, sums.features[1].to_vec1::<f64>()?];
        for (side, own) in [&x, &y].into_iter().enumerate() {
            if !sums.varies(side, own, rows)? {
                return Ok(None);
            }
        }
        let [of_x, of_y, of_both] = &sums.products;
        let both = centered(of_both, &x, &y, rows)?;
        let norm = (centered(of_x, &x, &x, rows)? * centered(of_y, &y, &y, rows)?).sqrt();
        Ok(Some((both / norm).clamp(0.0, 1.0)))
    }
}

impl Sums {
    fn with(self, features: &[Tensor; 2], products: &[Tensor; 3]) -> Result<Self> {
        let [x, y] = &self.features;
        let [xx, yy, xy] = &self.products;
        Ok(Self {
            features: [(x + &features[0])?, (y + &features[1])?],
            products: [(xx + &products[0])?, (yy + &products[1])?, (xy + &products[2])?],
            centers: self.centers,
        })
    }

    /// Whether the states of one side are more than one state and its rounding.
    fn varies(&self, side: usize, features: &[f64], rows: f64) -> Result<bool> {
        let center = self.centers[side].flatten_all()?.to_vec1::<f64>()?;
        let products: Vec<f64> = self.products[side].flatten_all()?.to_vec1()?;
        let (mut variance, mut moment) = (0.0, 0.0);
        for (place, (sum, center)) in features.iter().zip(&center).enumerate() {
            let about_center = products[place * (features.len() + 1)];
            variance += about_center - sum * sum / rows;
            moment += about_center + 2.0 * center * sum + rows * center * center;
        }
        Ok(variance > NOTHING * moment)
    }
}

/// The squared norm of a sum of products, (left, right), about the means.
fn centered(products: &Tensor, left: &[f64], right: &[f64], rows: f64) -> Result<f64> {
    let values: Vec<f64> = products.flatten_all()?.to_vec1()?;
    let mut norm = 0.0;
    for (row, left) in values.chunks(right.len().max(1)).zip(left) {
        for (value, right) in row.iter().zip(right) {
            norm += (value - left * right / rows).powi(2);
        }
    }
    Ok(norm)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::random::Stream;

    fn states(rows: usize, width: usize, key: u64) -> Vec<f32> {
        let mut stream = Stream::new(key);
        (0..rows * width).map(|_| stream.unit() as f32 - 0.5).collect()
    }

    fn tensor(values: &[f32], width: usize) -> Tensor {
        Tensor::from_slice(values, (values.len() / width, width), &Device::Cpu).unwrap()
    }

    fn cka(x: (&[f32], usize), y: (&[f32], usize), at_once: usize) -> Option<f64> {
        let mut alignment = Alignment::default();
        for (x_rows, y_rows) in x.0.chunks(at_once * x.1).zip(y.0.chunks(at_once * y.1)) {
            alignment.add([&tensor(x_rows, x.1), &tensor(y_rows, y.1)]).unwrap();
        }
        alignment.cka().unwrap()
    }

    #[test]
    fn what_is_turned_scaled_and_moved_is_the_same_and_batches_change_nothing() {
        let x = states(60, 3, 1);
        // A quarter turn about the last feature, twice as long and far from zero.
        let turned: Vec<f32> =
            x.chunks(3).flat_map(|row| [-2.0 * row[1] + 40.0, 2.0 * row[0] - 7.0, 2.0 * row[2]]).collect();
        assert!((cka((&x, 3), (&turned, 3), 60).unwrap() - 1.0).abs() < 1e-9);
        let y = states(60, 5, 2);
        let whole = cka((&x, 3), (&y, 5), 60).unwrap();
        assert!(whole > 0.0 && whole < 0.5, "{whole}");
        for at_once in [1, 7, 20] {
            assert!((cka((&x, 3), (&y, 5), at_once).unwrap() - whole).abs() < 1e-12, "{at_once} at once");
        }
    }

    #[test]
    fn what_does_not_vary_is_like_nothing() {
        let x = states(20, 3, 1);
        let same: Vec<f32> = [31.7, -0.1, 2.0].repeat(20);
        for at_once in [1, 20] {
            assert_eq!(cka((&x, 3), (&same, 3), at_once), None, "{at_once} at once");
        }
        assert_eq!(cka((&x[..3], 3), (&x[..3], 3), 1), None, "one example");
        assert_eq!(Alignment::default().cka().unwrap(), None);
    }
}
