/** Studies by their place, as commands are given it: a folder, or the address of a database. */
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

/** A study that can be opened; `name` says which one of a database. */
export interface StudyPlace {
  readonly place: string
  readonly name?: string
}

export interface OpenPlace {
  readonly store: Store
  /** What could not be read, as sentences. */
  warnings(): string[]
}

/** Opens a study that is there. */
export async function openPlace({ place, name }: StudyPlace): Promise<OpenPlace> {
  if (isPostgres(place)) {
    const store = await openPostgresStudy(place, name === undefined ? {} : { name })
    return { store, warnings: () => [] }
  }
  const store = openStudy(place)
  return { store, warnings: () => warningsOf(store) }
}

/** What of a folder's journal could not be read, as sentences. */
export function warningsOf(store: FolderStore): string[] {
  const say = ({ line, what, isCutOff }: Damage) =>
    `${store.journal}: line ${line}: ${what}: ${isCutOff ? 'it was never counted' : 'it is left out, all else is read'}`
  return store.damage().map(say)
}

/** The studies of a database, or of a folder: itself, or those in it. */
export async function studyPlaces(place: string): Promise<StudyPlace[]> {
  if (!isPostgres(place)) return studiesIn(place).map((folder) => ({ place: folder }))
  return (await listPostgresStudies(place)).map((name) => ({ place, name }))
}
