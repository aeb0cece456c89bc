//! Matrices that lie in slices, and their product.
//!
//! The one place where raw pointers meet: the `gemm` crate takes pointers, and attention heads write blocks of the same
//! buffer from several threads. Everything above works on slices.

use std::marker::PhantomData;

use gemm::Parallelism;

/// A matrix to read: `rows x cols`, element `(i, j)` at `i * row_stride + j * col_stride`.
#[derive(Clone, Copy)]
pub struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Mat<'a> {
    /// Rows one after the other.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// Rows that begin every `row_stride` elements.
    pub fn strided(data: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        assert!(rows == 0 || cols == 0 || (rows - 1) * row_stride + cols <= data.len(), "matrix exceeds its slice");
        Self { data, rows, cols, row_stride, col_stride: 1 }
    }

    #[must_use]
    pub fn transposed(self) -> Self {
        Self { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }
}

/// A matrix to write, its rows `row_stride` elements apart.
pub struct MatMut<'a> {
    start: *mut f32,
    rows: usize,
    cols: usize,
    row_stride: usize,
    owner: PhantomData<&'a mut [f32]>,
}

impl<'a> MatMut<'a> {
    /// Rows one after the other.
    pub fn new(data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        assert!(rows * cols <= data.len(), "matrix exceeds its slice");
        Self { start: data.as_mut_ptr(), rows, cols, row_stride: cols, owner: PhantomData }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The elements of one row.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        assert!(row < self.rows, "row of a matrix");
        #[expect(unsafe_code, reason = "a row of a strided matrix is a slice")]
        // SAFETY: the constructors keep every row inside the buffer, and `self` is borrowed.
        unsafe {
            std::slice::from_raw_parts_mut(self.start.add(row * self.row_stride), self.cols)
        }
    }
}

/// A buffer of which several threads write different blocks.
pub struct Blocks<'a> {
    start: *mut f32,
    len: usize,
    owner: PhantomData<&'a mut [f32]>,
}

#[expect(unsafe_code, reason = "threads share the pointer, and every use of it goes through the unsafe `block`")]
// SAFETY: the only way to the elements is `Blocks::block`, whose caller promises that live blocks are disjoint.
unsafe impl Sync for Blocks<'_> {}

impl<'a> Blocks<'a> {
    pub fn new(data: &'a mut [f32]) -> Self {
        Self { start: data.as_mut_ptr(), len: data.len(), owner: PhantomData }
    }

    /// The block of `rows x cols` that begins at `offset`.
    ///
    /// # Safety
    /// No two blocks alive at the same time may share an element.
    #[expect(unsafe_code, reason = "the caller knows which blocks are disjoint")]
    pub unsafe fn block(&self, offset: usize, rows: usize, cols: usize, row_stride: usize) -> MatMut<'a> {
        assert!(
            rows == 0 || cols == 0 || offset + (rows - 1) * row_stride + cols <= self.len,
            "block exceeds its buffer"
        );
        // SAFETY: the assertion keeps the offset inside the buffer.
        let start = unsafe { self.start.add(offset.min(self.len)) };
        MatMut { start, rows, cols, row_stride, owner: PhantomData }
    }
}

/// What happens to the destination of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Into {
    /// It is overwritten.
    Set,
    /// The product is added to it.
    Add,
}

/// Who computes a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// The caller alone, because its neighbours are busy with products of their own.
    One,
    All,
}

/// `destination = left x right`, or adds it. The order of the additions does not depend on the number of threads.
#[expect(clippy::needless_pass_by_value, reason = "a destination is written once; taking it says so")]
pub fn matmul(destination: MatMut<'_>, into: Into, left: Mat<'_>, right: Mat<'_>, threads: Threads) {
    assert_eq!((left.rows, right.cols), (destination.rows, destination.cols), "shape of a product");
    assert_eq!(left.cols, right.rows, "inner dimension of a product");
    let parallelism = match threads {
        Threads::One => Parallelism::None,
        Threads::All => Parallelism::Rayon(0),
    };
    #[expect(unsafe_code, reason = "the gemm crate takes pointers")]
    // SAFETY: `Mat` and `MatMut` keep their extents inside their slices, and the shapes agree.
    unsafe {
        gemm::gemm(
            destination.rows,
            destination.cols,
            left.cols,
            destination.start,
            1,
            destination.row_stride as isize,
            into == Into::Add,
            left.data.as_ptr(),
            left.col_stride as isize,
            left.row_stride as isize,
            right.data.as_ptr(),
            right.col_stride as isize,
            right.row_stride as isize,
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(left: &[f32], right: &[f32], (m, k, n): (usize, usize, usize)) -> Vec<f32> {
        let mut out = vec![0.0; m * n];
        for i in 0..m {
            for j in 0..n {
                out[i * n + j] = (0..k).map(|l| left[i * k + l] * right[l * n + j]).sum();
            }
        }
        out
    }

    #[test]
    fn products_equal_the_textbook_sum_in_every_orientation() {
        let (m, k, n) = (5, 7, 3);
        let left: Vec<f32> = (0..m * k).map(|i| (i as f32 * 0.37).sin()).collect();
        let right: Vec<f32> = (0..k * n).map(|i| (i as f32 * 0.71).cos()).collect();
        let transposed: Vec<f32> = (0..n * k).map(|i| right[(i % k) * n + i / k]).collect();
        let expected = naive(&left, &right, (m, k, n));
        let mut out = vec![0.0; m * n];
        matmul(MatMut::new(&mut out, m, n), Into::Set, Mat::new(&left, m, k), Mat::new(&right, k, n), Threads::One);
        assert!(out.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5));
        matmul(
            MatMut::new(&mut out, m, n),
            Into::Add,
            Mat::new(&left, m, k),
            Mat::new(&transposed, n, k).transposed(),
            Threads::All,
        );
        assert!(out.iter().zip(&expected).all(|(a, b)| (a - 2.0 * b).abs() < 1e-5));
    }

    #[test]
    #[should_panic(expected = "matrix exceeds its slice")]
    fn a_matrix_larger_than_its_slice_is_refused() {
        let _ = Mat::new(&[0.0; 5], 2, 3);
    }
}
