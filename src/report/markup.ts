/** Markup that cannot be broken by what is put into it: every value is escaped unless it is markup itself. */

export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Content = Markup | string | number | readonly Content[] | undefined

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const textOf = (content: Content): string => {
  if (content === undefined) return ''
  if (content instanceof Markup) return content.text
  if (typeof content === 'object') return content.map(textOf).join('')
  return String(content).replace(/[&<>"']/g, (c) => entities[c])
}

/** A template of HTML or SVG: `` html`<b>${name}</b>` ``. Lists are joined, `undefined` is nothing. */
export const html = (parts: TemplateStringsArray, ...contents: Content[]): Markup =>
  new Markup(parts.map((part, i) => part + textOf(contents[i])).join(''))
