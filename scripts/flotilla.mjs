import { runMain } from './checkout.mjs'
import { prepareToolchain, runUnderToolchain } from './toolchain.mjs'
import { prepareWebApp } from './web-app.mjs'

const args = process.argv.slice(2)
const startsServer = args[0] === 'up' || args[0] === 'start'

/** `flotilla ARGS`: sets up what is missing, then runs the command line. */
await runMain(async () => {
  if (startsServer) await prepareWebApp(await prepareToolchain())
  return runUnderToolchain('apps/cli/src/main.ts', args)
})
