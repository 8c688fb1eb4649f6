/** Opens studies by the place that a command is given: a folder, or the address of a database. */
import {
  type Damage,
  type FolderStore,
  isPostgres,
  listPostgresStudies,
  openPostgresStudy,
  openStudy,
  type Store,
  studiesIn,
} from '../../search/node.ts'

/** Where a study is; `name` selects one of the studies in a database. */
export interface StudyPlace {
  readonly place: string
  readonly name?: string
}

export interface OpenPlace {
  readonly store: Store
  /** Describes each part that could not be read. */
  warnings(): string[]
}

/** Opens an existing study. */
export async function openPlace({ place, name }: StudyPlace): Promise<OpenPlace> {
  if (isPostgres(place)) {
    const store = await openPostgresStudy(place, name === undefined ? {} : { name })
    return { store, warnings: () => [] }
  }
  const store = openStudy(place)
  return { store, warnings: () => warningsOf(store) }
}

/** Describes each line of a folder's journal that could not be read. */
export function warningsOf(store: FolderStore): string[] {
  const say = ({ line, what, isCutOff }: Damage) =>
    `${store.journal}: line ${line}: ${what}: ${isCutOff ? 'the line is ignored' : 'the line is skipped, all others are read'}`
  return store.damage().map(say)
}

/** Returns the studies of a database, or of a folder: the folder itself, or the studies in it. */
export async function studyPlaces(place: string): Promise<StudyPlace[]> {
  if (!isPostgres(place)) return studiesIn(place).map((folder) => ({ place: folder }))
  return (await listPostgresStudies(place)).map((name) => ({ place, name }))
}
