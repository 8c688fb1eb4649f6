/** What a confusion matrix says in words: which class is taken for which, and how often. */

export interface Mistake {
  readonly truth: string
  readonly answer: string
  readonly images: number
}

/** All mistakes that were made, the commonest first. `counts[truth][answer]` are images. */
export const mistakesOf = (classes: readonly string[], counts: readonly (readonly number[])[]): Mistake[] =>
  counts
    .flatMap((row, i) =>
      row.map((images, j) => ({ truth: classes[i], answer: classes[j], images: i === j ? 0 : images })),
    )
    .filter((mistake) => mistake.images > 0)
    .sort((a, b) => b.images - a.images)
