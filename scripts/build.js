/** `npm run build`: compiles src to dist when a source is newer. Tests that run the built package call it too. */
import { build, checkNode, install } from './prepare.js'

checkNode()
install()
process.exit(build())
