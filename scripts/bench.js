/**
 * `npm run bench`: compares Kinglet with other runtimes on this machine. It installs missing packages (bench/ has its
 * own package.json for the other runtimes), builds and measures. `npm run bench -- --help` lists the parts and options.
 */
import { build, checkNode, install } from './prepare.js'

checkNode()
install()
// Without CUDA: the native runtime is compared on the CPU.
install('bench', { ONNXRUNTIME_NODE_INSTALL: 'skip' })
const status = build()
if (status !== 0) process.exit(status)
const { main } = await import('../bench/main.js')
process.exitCode = await main(process.argv.slice(2))
