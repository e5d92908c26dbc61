import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

export interface ServerFolder {
  readonly folder: string
  readonly remove: () => Promise<void>
}

/** Waits for the process $1 to be gone, then ends the server whose pid is in the file $3 of the folder $2. */
const janitor = `
  while kill -0 "$1" 2>/dev/null; do sleep 0.5; done
  kill -9 "$(head -n 1 "$2/$3")" 2>/dev/null
  sleep 0.5
  rm -rf "$2"
`

/**
 * A temporary folder for a server of the tests. A shell of its own looks after it: a test run that is interrupted or
 * killed gets no chance to clean up, and would leave a server and tens of megabytes each time.
 */
export async function makeServerFolder(name: string, pidFile: string): Promise<ServerFolder> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `flotilla-test-${name}-`))
  // The server may run as another account.
  await chmod(folder, 0o755)
  const keeper = spawn('/bin/sh', ['-c', janitor, 'sh', String(process.pid), folder, pidFile], {
    detached: true,
    stdio: 'ignore',
  })
  keeper.unref()
  return {
    folder,
    remove: async () => {
      keeper.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
