/** The names that a module of src exports, read from its text: types have no other place. */
import { dirname, join, normalize } from 'node:path'
import { textOf } from './sources.ts'

export interface Names {
  readonly values: string[]
  readonly types: string[]
}

const lists = /^export (type )?\{([^}]*)\}/gm
const declarations = /^export (?:async )?(function\*?|const|class|interface|type) (\w+)/gm
const stars = /^export \* from '(\.[^']+)'/gm
const isType = (kind: string): boolean => kind === 'interface' || kind === 'type'

/** What `path` lists or declares itself. */
export function ownNames(path: string): Names {
  const text = textOf(path)
  const listed = [...text.matchAll(lists)].flatMap(([, type, names]) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
      .map((name) => ({
        name: name.replace(/^type /, '').replace(/.* as /, ''),
        type: Boolean(type) || name.startsWith('type '),
      })),
  )
  const declared = [...text.matchAll(declarations)].map(([, kind, name]) => ({ name, type: isType(kind) }))
  const all = [...listed, ...declared]
  const those = (type: boolean) => [...new Set(all.filter((x) => x.type === type).map((x) => x.name))].sort()
  return { values: those(false), types: those(true) }
}

/** As `ownNames`, with the names of the modules that it exports as a whole. */
export function namesOf(path: string): Names {
  const within = [...textOf(path).matchAll(stars)].map(([, to]) => namesOf(normalize(join(dirname(path), to))))
  const all = [ownNames(path), ...within]
  const those = (kind: keyof Names) => [...new Set(all.flatMap((names) => names[kind]))].sort()
  return { values: those('values'), types: those('types') }
}
