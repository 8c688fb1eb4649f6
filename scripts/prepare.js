/**
 * Prepares `npm start` and `npm test`: checks the version of Node, installs the packages of the lock file, and builds
 * if a source is newer than the build. Plain JavaScript without packages, because it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Prints a message of the scripts, marked to distinguish it from the output of the tools. */
export const say = (text) => console.log(`[kinglet] ${text}`)

const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'))

/** Ends the process with a message when this Node is older than package.json allows. */
export function checkNode(version = process.versions.node) {
  const floor = readJson('package.json').engines.node.replace('>=', '')
  const [major, minor] = version.split('.').map(Number)
  const [floorMajor, floorMinor] = floor.split('.').map(Number)
  if (major > floorMajor || (major === floorMajor && minor >= floorMinor)) return
  console.error(
    `Kinglet needs Node ${floor} or newer, and this is Node ${version}: install a newer one from nodejs.org.`,
  )
  process.exit(1)
}

/** Runs a command in the repository, with this terminal. Returns its exit status. */
export function runCommand(command, args, options = {}) {
  const { status, error, signal } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) console.error(`${command}: ${error.message}`)
  return status ?? (signal === 'SIGINT' ? 130 : 1)
}

/** Runs a tool of node_modules/.bin with this Node. */
export const runTool = (script, args, options) =>
  runCommand(process.execPath, [join(root, 'node_modules', script), ...args], options)

/** Packages of the lock file that are missing or installed in another version. Optional packages may be missing. */
function missingPackages(folder) {
  const installed = join(folder, 'node_modules/.package-lock.json')
  const lock = readJson(join(folder, 'package-lock.json'))
  const wanted = Object.entries(lock.packages).filter(([path, p]) => path && !p.optional)
  if (!existsSync(join(root, installed))) return wanted.map(([path]) => path)
  const has = readJson(installed).packages
  return wanted.filter(([path, p]) => has[path]?.version !== p.version).map(([path]) => path)
}

/**
 * Runs `npm ci` when a package of the lock file is missing, in the repository or in a `folder` with its own lock file.
 * Ends the process when that fails.
 */
export function install(folder = '.', env = {}) {
  const missing = missingPackages(folder)
  if (missing.length === 0) return
  say(`installing ${missing.length} packages${folder === '.' ? '' : ` in ${folder}`} with npm ci ...`)
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env.npm_execpath
  const options = { cwd: join(root, folder), env: { ...process.env, ...env } }
  const status = npm?.endsWith('.js')
    ? runCommand(process.execPath, [npm, ...args], options)
    : runCommand('npm', args, { ...options, shell: process.platform === 'win32' })
  if (status === 0) return
  console.error('Kinglet: npm ci failed (see above). It needs the network once; afterwards everything runs offline.')
  process.exit(1)
}

const newest = (path) => {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

/** Removes compiled files whose source does not exist any more. */
function removeStale(folder, source) {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    const stem = entry.name.replace(/\.(d\.ts|js|js\.map)$/, '')
    if (entry.isDirectory() && existsSync(join(source, entry.name))) removeStale(path, join(source, entry.name))
    else if (stem !== entry.name && !existsSync(join(source, `${stem}.ts`))) rmSync(path)
  }
}

/**
 * Compiles src to dist and builds `kinglet/run` for pages, when a source is newer than the last build. Returns 0, or
 * the exit status of the step that failed.
 */
export function build() {
  const stamp = join(root, 'dist/.tsbuildinfo')
  const page = 'scripts/page-build.js'
  const sources = ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json', page]
  const began = new Date()
  const isThere = existsSync(stamp) && existsSync(join(root, 'dist/page/run.js'))
  if (isThere && sources.every((path) => newest(join(root, path)) < statSync(stamp).mtimeMs)) return 0
  say('building ...')
  removeStale(join(root, 'dist'), join(root, 'src'))
  const status =
    runTool('typescript/bin/tsc', ['-p', 'tsconfig.build.json']) || runCommand(process.execPath, [join(root, page)])
  // The compiler does not touch the stamp when its output is unchanged. A failed build must run again.
  if (existsSync(stamp)) utimesSync(stamp, began, status === 0 ? began : new Date(0))
  return status
}
