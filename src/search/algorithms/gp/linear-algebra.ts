/**
 * Dense linear algebra for Gaussian processes, on square n x n matrices stored by rows. Sums have a fixed order, so
 * equal inputs give equal bits. A matrix that is not positive definite is reported, not repaired.
 */

/**
 * The sum of a[ai + k] b[bi + k] over k < n. It keeps four independent sums, as a single one would wait for each
 * addition.
 */
export function dot(a: Float64Array, ai: number, b: Float64Array, bi: number, n: number): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let k = 0
  for (; k + 3 < n; k += 4) {
    s0 += a[ai + k] * b[bi + k]
    s1 += a[ai + k + 1] * b[bi + k + 1]
    s2 += a[ai + k + 2] * b[bi + k + 2]
    s3 += a[ai + k + 3] * b[bi + k + 3]
  }
  for (; k < n; k++) s0 += a[ai + k] * b[bi + k]
  return s0 + s1 + (s2 + s3)
}

/** The sum of (a[ai + k] - b[bi + k])² over k < n, with four independent sums. */
export function squaredDistance(a: Float64Array, ai: number, b: Float64Array, bi: number, n: number): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let k = 0
  for (; k + 3 < n; k += 4) {
    const d0 = a[ai + k] - b[bi + k]
    const d1 = a[ai + k + 1] - b[bi + k + 1]
    const d2 = a[ai + k + 2] - b[bi + k + 2]
    const d3 = a[ai + k + 3] - b[bi + k + 3]
    s0 += d0 * d0
    s1 += d1 * d1
    s2 += d2 * d2
    s3 += d3 * d3
  }
  for (; k < n; k++) {
    const d = a[ai + k] - b[bi + k]
    s0 += d * d
  }
  return s0 + s1 + (s2 + s3)
}

/**
 * Replaces the lower half of a symmetric matrix A by L of A = L Lᵀ. The half above the diagonal is neither read nor
 * written. Returns false if A is not positive definite, with the matrix partly overwritten.
 */
export function cholesky(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) a[i * n + j] = (a[i * n + j] - dot(a, i * n, a, j * n, j)) / a[j * n + j]
    const rest = a[i * n + i] - dot(a, i * n, a, i * n, i)
    if (!(rest > 0)) return false
    a[i * n + i] = Math.sqrt(rest)
  }
  return true
}

/** Solves L x = b; b becomes x. */
export function solveLower(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) b[i] = (b[i] - dot(l, i * n, b, 0, i)) / l[i * n + i]
}

/** Solves Lᵀ x = b; b becomes x. */
export function solveUpper(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    const x = (b[i] /= l[i * n + i])
    for (let k = 0; k < i; k++) b[k] -= x * l[i * n + k]
  }
}

/** The lower half of the inverse of A = L Lᵀ. */
export function inverseOf(l: Float64Array, n: number): Float64Array {
  // Row j of `u` is column j of the inverse of L, so both products run along rows.
  const u = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    u[j * n + j] = 1 / l[j * n + j]
    for (let i = j + 1; i < n; i++) u[j * n + i] = -dot(l, i * n + j, u, j * n + j, i - j) / l[i * n + i]
  }
  const inverse = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) inverse[i * n + j] = dot(u, i * n + i, u, j * n + i, n - i)
  return inverse
}
