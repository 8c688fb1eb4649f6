/** `npm start`: installs and builds if necessary, then trains, measures and reports on Fashion-MNIST. */
import { build, checkNode, install } from './prepare.js'

checkNode()
install()
const status = build()
if (status !== 0) process.exit(status)
const { main } = await import('../dist/cli/demo/command.js')
process.exitCode = await main(process.argv.slice(2))
