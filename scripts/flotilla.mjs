import { runMain } from './checkout.mjs'
import { runUnderToolchain } from './toolchain.mjs'

/** `flotilla ARGS`: sets up what is missing, then runs the command line. */
await runMain(() => runUnderToolchain('apps/cli/src/main.ts', process.argv.slice(2)))
