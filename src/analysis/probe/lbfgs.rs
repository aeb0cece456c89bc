//! The minimum of a smooth function of many numbers: L-BFGS (Liu and Nocedal, 1989), whose steps meet the weak Wolfe
//! conditions by bisection (Lewis and Overton, 2013). There is no chance in it: the same function is left at the same place.

/// Steps whose curvature is remembered.
const MEMORY: usize = 10;
/// How far a step must lower the function, and how far it must flatten its slope.
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
/// Lengths that are tried of a step. Where none will do, the function has no more digits to tell them apart by.
const TRIES: usize = 25;

/// When it ends.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    /// The largest entry of the gradient.
    pub gradient: f64,
    pub steps: usize,
}

/// A place with what the function says there.
struct At {
    place: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

/// A step that was made, and by how much it changed the gradient.
struct Step {
    moved: Vec<f64>,
    turned: Vec<f64>,
    product: f64,
}

/// Goes down from a place. `function` gives its value and writes its gradient.
pub fn minimum(start: Vec<f64>, until: Until, mut function: impl FnMut(&[f64], &mut [f64]) -> f64) -> Vec<f64> {
    let mut gradient = vec![0.0; start.len()];
    let value = function(&start, &mut gradient);
    let mut at = At { place: start, value, gradient };
    let mut steps: Vec<Step> = Vec::new();
    for _ in 0..until.steps {
        if at.gradient.iter().all(|entry| entry.abs() <= until.gradient) {
            break;
        }
        let direction = direction(&at.gradient, &steps);
        let first = if steps.is_empty() { 1.0 / dot(&at.gradient, &at.gradient).sqrt().max(1.0) } else { 1.0 };
        let Some(next) = search(&at, &direction, first, &mut function) else { break };
        let moved = difference(&next.place, &at.place);
        let turned = difference(&next.gradient, &at.gradient);
        let product = dot(&moved, &turned);
        if product > 0.0 {
            if steps.len() == MEMORY {
                steps.remove(0);
            }
            steps.push(Step { moved, turned, product });
        }
        at = next;
    }
    at.place
}

/// Down the gradient, bent by the curvature of the steps before.
fn direction(gradient: &[f64], steps: &[Step]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|entry| -entry).collect();
    let mut shares = Vec::with_capacity(steps.len());
    for step in steps.iter().rev() {
        let share = dot(&step.moved, &direction) / step.product;
        add(&mut direction, -share, &step.turned);
        shares.push(share);
    }
    if let Some(last) = steps.last() {
        let scale = last.product / dot(&last.turned, &last.turned);
        for entry in &mut direction {
            *entry *= scale;
        }
    }
    for (step, share) in steps.iter().zip(shares.into_iter().rev()) {
        let own = dot(&step.turned, &direction) / step.product;
        add(&mut direction, share - own, &step.moved);
    }
    direction
}

/// How far to go: twice as far while the slope is steep, back by half where it went too far.
fn search(from: &At, way: &[f64], first: f64, function: &mut impl FnMut(&[f64], &mut [f64]) -> f64) -> Option<At> {
    let slope = dot(&from.gradient, way);
    let (mut near, mut far, mut length) = (0.0, f64::INFINITY, first);
    for _ in 0..TRIES {
        let mut place = from.place.clone();
        add(&mut place, length, way);
        let mut gradient = vec![0.0; place.len()];
        let value = function(&place, &mut gradient);
        // What is no number is too far as well.
        if value.is_nan() || value > from.value + DECREASE * length * slope {
            far = length;
        } else if dot(&gradient, way) < CURVATURE * slope {
            near = length;
        } else {
            return Some(At { place, value, gradient });
        }
        length = if far.is_finite() { f64::midpoint(near, far) } else { 2.0 * near };
    }
    None
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], times: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += times * what);
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curved_valley_is_followed_to_its_lowest_place() {
        // Rosenbrock's function, with its minimum at 1, 1, 1, 1.
        let rosenbrock = |x: &[f64], gradient: &mut [f64]| {
            gradient.fill(0.0);
            (0..x.len() - 1)
                .map(|i| {
                    let (off, from) = (x[i + 1] - x[i] * x[i], 1.0 - x[i]);
                    gradient[i] += -400.0 * x[i] * off - 2.0 * from;
                    gradient[i + 1] += 200.0 * off;
                    100.0 * off * off + from * from
                })
                .sum()
        };
        let until = Until { gradient: 1e-9, steps: 200 };
        let found = minimum(vec![-1.2, 1.0, -1.2, 1.0], until, rosenbrock);
        assert!(found.iter().all(|x| (x - 1.0).abs() < 1e-8), "{found:?}");
        assert_eq!(found, minimum(vec![-1.2, 1.0, -1.2, 1.0], until, rosenbrock));
    }

    #[test]
    fn it_ends_where_it_stands_when_nothing_is_lower() {
        let bowl = |x: &[f64], gradient: &mut [f64]| {
            gradient[0] = 2.0 * x[0];
            x[0] * x[0]
        };
        let mut asked = 0;
        let found = minimum(vec![0.0], Until { gradient: 1e-9, steps: 100 }, |x, gradient| {
            asked += 1;
            bowl(x, gradient)
        });
        assert_eq!((found, asked), (vec![0.0], 1));
        assert!(minimum(vec![1e6], Until { gradient: 1e-9, steps: 100 }, bowl)[0].abs() < 1e-9);
    }
}
