/**
 * Programs that a machine may lack. A test that needs one is skipped where it is missing, and the run reports in one line
 * how to install it. `KINGLET_REQUIRE_ALL=1` (set in continuous integration) turns the skip into a failure, except for
 * programs that continuous integration cannot install.
 *
 *     const chromium = optional('chromium')
 *     test.skipIf(!chromium)('runs in a page', ...)
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Optional {
  /** Finds its path; undefined if it is missing. */
  find(): string | undefined
  readonly how: string
  /** False where continuous integration cannot install it. */
  readonly expected: boolean
}

const firstThatExists = (...paths: (string | undefined)[]) => paths.find((path) => path && existsSync(path))
const inRepository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const python = (module: string) => () =>
  spawnSync('python3', ['-c', `import ${module}`]).status === 0 ? 'python3' : undefined

/** The folder of the newest PostgreSQL server's programs, as on Debian. */
function postgresPrograms(): string | undefined {
  const top = '/usr/lib/postgresql'
  const versions = existsSync(top) ? readdirSync(top).sort((a, b) => Number(b) - Number(a)) : []
  return versions.map((version) => `${top}/${version}/bin`).find((folder) => existsSync(`${folder}/initdb`))
}

const optionals = {
  chromium: {
    find: () => firstThatExists(process.env.KINGLET_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'),
    how: 'apt-get install chromium (or set KINGLET_CHROMIUM to its path)',
    expected: true,
  },
  'dataset-fashion-mnist': {
    find: () => firstThatExists('/usr/share/datasets/fashion-mnist'),
    how: 'apt-get install dataset-fashion-mnist',
    expected: true,
  },
  postgresql: {
    find: () => process.env.KINGLET_POSTGRESQL || postgresPrograms(),
    how: 'apt-get install postgresql (or set KINGLET_POSTGRESQL to the folder of initdb and pg_ctl)',
    expected: true,
  },
  'shared-models': {
    find: () => firstThatExists(inRepository('../shared/models')),
    how: 'put the trained networks of other projects beside the repository, in ../shared/models',
    expected: false,
  },
  'python-safetensors': {
    find: python('safetensors.numpy'),
    how: 'pip install safetensors numpy',
    expected: false,
  },
  'python-tensorboard': {
    find: python('tensorboard'),
    how: 'pip install tensorboard',
    expected: false,
  },
} as const satisfies Record<string, Optional>

/** The path of an optional program; undefined, with one note in the run's last lines, where it is missing and may be. */
export function optional(name: keyof typeof optionals): string | undefined {
  const { find, how, expected }: Optional = optionals[name]
  const found = find()
  if (found) return found
  if (expected && process.env.KINGLET_REQUIRE_ALL === '1')
    throw new Error(`${name} is missing, and KINGLET_REQUIRE_ALL=1 allows no skipped tests: ${how}`)
  const line = `${name} is missing: ${how}\n`
  if (process.env.KINGLET_SKIPS) appendFileSync(process.env.KINGLET_SKIPS, line)
  else process.stderr.write(`skipped: ${line}`)
  return undefined
}
