#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs'

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8')
const floor = JSON.parse(read('../package.json')).engines.node.replace('>=', '')
const [major, minor] = process.versions.node.split('.').map(Number)
const [floorMajor, floorMinor] = floor.split('.').map(Number)

if (major < floorMajor || (major === floorMajor && minor < floorMinor)) {
  console.error(`Kinglet needs Node ${floor} or newer, and this is Node ${process.versions.node}.`)
  process.exitCode = 1
} else if (!existsSync(new URL('../dist/cli/main.js', import.meta.url))) {
  console.error('Kinglet is not built yet: run npm install && npm run build first.')
  process.exitCode = 1
} else {
  // A reader that has seen enough (`kinglet models | head`) is no failure.
  process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const { main } = await import('../dist/cli/main.js')
  process.exitCode = await main(process.argv.slice(2))
}
