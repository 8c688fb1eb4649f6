/** Code in docstrings and in Markdown, for the tests that compile and run it. */
import { filesOf, textOf } from './sources.ts'

export interface CodeBlock {
  /** `src/core/shape.ts:12` */
  readonly where: string
  readonly code: string
}

const lineOf = (text: string, at: number) => text.slice(0, at).split('\n').length

/** The `ts` blocks after `@example` in the docstrings of src. */
export const docstringExamples = (): CodeBlock[] =>
  filesOf('src', '.ts').flatMap((path) => {
    const text = textOf(path)
    return [...text.matchAll(/\/\*\*(?:[^*]|\*(?!\/))*\*\//g)].flatMap((comment) =>
      [...comment[0].matchAll(/@example[^`]*```ts\n([\s\S]*?)```/g)].map((example) => ({
        where: `${path}:${lineOf(text, comment.index + example.index)}`,
        code: example[1].replace(/^\s*\* ?/gm, ''),
      })),
    )
  })

/** The `ts` blocks of a Markdown file. */
export const markdownBlocks = (path: string): CodeBlock[] => {
  const text = textOf(path)
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((m) => ({
    where: `${path}:${lineOf(text, m.index) + 1}`,
    code: m[1],
  }))
}

/**
 * Turns `expression // => value` and `console.log(expression) // => value` into checks that the two are deeply equal.
 * `check` is the name of the function to call with both values and the line.
 */
export const withChecks = (code: string, check: string): string =>
  code.replace(
    /^(\s*)(?:console\.log\((.+)\)|(.+?))[ \t]*\/\/ => (.+)$/gm,
    (line, indent, logged, plain, value) =>
      `${indent};${check}(${logged ?? plain}, ${value}, ${JSON.stringify(line.trim())})`,
  )
