/** Lists the mistakes of a confusion matrix: which class is taken for which, and how often. */

export interface Mistake {
  readonly truth: string
  readonly answer: string
  readonly images: number
}

/** Returns all mistakes, the most common first. `counts[truth][answer]` is a number of images. */
export const mistakesOf = (classes: readonly string[], counts: readonly (readonly number[])[]): Mistake[] =>
  counts
    .flatMap((row, i) =>
      row.map((images, j) => ({ truth: classes[i], answer: classes[j], images: i === j ? 0 : images })),
    )
    .filter((mistake) => mistake.images > 0)
    .sort((a, b) => b.images - a.images)
