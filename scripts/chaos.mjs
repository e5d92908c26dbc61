import { runMain } from './checkout.mjs'
import { runUnderToolchain } from './toolchain.mjs'

/** `npm run --silent chaos -- ARGS`: worker processes under faults, and the mutants that faults must kill. */
await runMain(() => runUnderToolchain('tests/chaos/run.ts', process.argv.slice(2)))
