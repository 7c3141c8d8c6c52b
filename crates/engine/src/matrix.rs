//! The exponential of a small matrix, by scaling, a Taylor series and squaring.
//!
//! exp(A) = exp(A / 2^s)^(2^s), with |A / 2^s| at most 1/2 in the largest row sum and 16 terms of the series:
//! relative truncation error below 1e-18 (Moler & Van Loan 2003, SIAM Review 45:3, methods 1 and 3).
//! Plain sums in a fixed order, so the same bits everywhere.

use smallvec::SmallVec;

/// Of a side of up to four without memory of its own.
pub type Matrix = SmallVec<[f64; 16]>;

/// exp(`a`) for a square matrix of side `n`, row by row.
///
/// ```
/// let e = remission_engine::matrix::exponential(&[0.0, 1.0, 0.0, 0.0], 2);
/// assert_eq!(e[..], [1.0, 1.0, 0.0, 1.0]);
/// ```
pub fn exponential(a: &[f64], n: usize) -> Matrix {
    let norm = (0..n).map(|i| (0..n).map(|j| a[i * n + j].abs()).sum::<f64>()).fold(0.0, f64::max);
    let mut squarings = 0;
    let mut scale = 1.0;
    while norm * scale > 0.5 {
        scale *= 0.5;
        squarings += 1;
    }
    let scaled: Matrix = a.iter().map(|x| x * scale).collect();
    let (mut sum, mut term, mut next) = (identity(n), identity(n), Matrix::from_elem(0.0, n * n));
    for k in 1..=16 {
        multiply(&term, &scaled, n, &mut next);
        std::mem::swap(&mut term, &mut next);
        for (t, s) in term.iter_mut().zip(sum.iter_mut()) {
            *t /= k as f64;
            *s += *t;
        }
    }
    for _ in 0..squarings {
        multiply(&sum, &sum, n, &mut next);
        std::mem::swap(&mut sum, &mut next);
    }
    sum
}

/// Product of two square matrices of side `n`.
pub fn product(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let mut c = vec![0.0; n * n];
    multiply(a, b, n, &mut c);
    c
}

fn multiply(a: &[f64], b: &[f64], n: usize, c: &mut [f64]) {
    // Of known size all is kept in registers.
    match n {
        2 => multiply_small::<2>(a, b, c),
        3 => multiply_small::<3>(a, b, c),
        4 => multiply_small::<4>(a, b, c),
        _ => multiply_any(a, b, n, c),
    }
}

fn multiply_small<const N: usize>(a: &[f64], b: &[f64], c: &mut [f64]) {
    let (a, b, c) = (&a.as_chunks::<N>().0[..N], &b.as_chunks::<N>().0[..N], &mut c.as_chunks_mut::<N>().0[..N]);
    for i in 0..N {
        let mut sum = [0.0; N];
        for k in 0..N {
            for j in 0..N {
                sum[j] += a[i][k] * b[k][j];
            }
        }
        c[i] = sum;
    }
}

fn multiply_any(a: &[f64], b: &[f64], n: usize, c: &mut [f64]) {
    c.fill(0.0);
    for i in 0..n {
        let own = &mut c[i * n..(i + 1) * n];
        for k in 0..n {
            let x = a[i * n + k];
            if x != 0.0 {
                own.iter_mut().zip(&b[k * n..(k + 1) * n]).for_each(|(c, b)| *c += x * b);
            }
        }
    }
}

/// `x` becomes `a` x, for a square matrix of the side of `x`.
///
/// ```
/// let mut x = [1.0, 2.0];
/// remission_engine::matrix::apply(&[0.0, 1.0, 3.0, 4.0], &mut x);
/// assert_eq!(x, [2.0, 11.0]);
/// ```
pub fn apply(a: &[f64], x: &mut [f64]) {
    match x.len() {
        2 => apply_small::<2>(a, x),
        3 => apply_small::<3>(a, x),
        4 => apply_small::<4>(a, x),
        n => {
            let row = |row: &[f64]| row.iter().zip(&*x).fold(0.0, |sum, (a, x)| sum + a * x);
            let y: SmallVec<[f64; 32]> = a.chunks_exact(n).map(row).collect();
            x.copy_from_slice(&y);
        }
    }
}

fn apply_small<const N: usize>(a: &[f64], x: &mut [f64]) {
    let (rows, x) = (&a.as_chunks::<N>().0[..N], &mut x.as_chunks_mut::<N>().0[0]);
    *x = std::array::from_fn(|i| (0..N).fold(0.0, |sum, j| sum + rows[i][j] * x[j]));
}

/// The x of `a` x = `b`, by elimination with the largest pivot of each column; a singular `a` gives what is not finite.
///
/// ```
/// let x = remission_engine::matrix::solve(vec![0.0, 2.0, 4.0, 1.0], vec![2.0, 9.0]);
/// assert_eq!(x, vec![2.0, 1.0]);
/// ```
pub fn solve(mut a: Vec<f64>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for k in 0..n {
        let largest = (k..n).fold(k, |best, i| if a[i * n + k].abs() > a[best * n + k].abs() { i } else { best });
        if largest != k {
            (0..n).for_each(|j| a.swap(k * n + j, largest * n + j));
            b.swap(k, largest);
        }
        for i in k + 1..n {
            let times = a[i * n + k] / a[k * n + k];
            if times != 0.0 {
                (k..n).for_each(|j| a[i * n + j] -= times * a[k * n + j]);
                b[i] -= times * b[k];
            }
        }
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| a[k * n + j] * b[j]).sum();
        b[k] = (b[k] - known) / a[k * n + k];
    }
    b
}

fn identity(n: usize) -> Matrix {
    let mut c = Matrix::from_elem(0.0, n * n);
    for i in 0..n {
        c[i * n + i] = 1.0;
    }
    c
}
