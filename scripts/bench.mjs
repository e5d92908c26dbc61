import { runMain } from './checkout.mjs'
import { runUnderToolchain } from './toolchain.mjs'

await runMain(() => runUnderToolchain('bench/run.ts', process.argv.slice(2)))
