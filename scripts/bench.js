/**
 * `npm run bench`: Kinglet beside other runtimes, on this machine. Installs what is missing (the other runtimes have a
 * package of their own in bench/), builds, and measures; `npm run bench -- --help` lists the parts and options.
 */
import { build, checkNode, install } from './prepare.js'

checkNode()
install()
// Without CUDA: the native runtime is compared on the processor.
install('bench', { ONNXRUNTIME_NODE_INSTALL: 'skip' })
const status = build()
if (status !== 0) process.exit(status)
const { main } = await import('../bench/main.js')
process.exitCode = await main(process.argv.slice(2))
