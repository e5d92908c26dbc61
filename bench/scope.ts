import { chmod, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Shutdown } from '@flotilla/runtime'

/** What one measurement has started. It is closed at its end, or when the bench is interrupted, last in first out. */
export interface Scope extends AsyncDisposable {
  readonly signal: AbortSignal
  add(name: string, close: () => Promise<void>): void
}

export function openScope(shutdown: Shutdown): Scope {
  const closers: (() => Promise<void>)[] = []
  return {
    signal: shutdown.signal,
    add(name, close) {
      let closed: Promise<void> | undefined
      const once = (): Promise<void> => (closed ??= close())
      const forget = shutdown.register(name, once)
      closers.push(() => once().finally(forget))
    },
    async [Symbol.asyncDispose]() {
      for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close()
    },
  }
}

/** A temporary folder that the account of an embedded database can pass through. */
export async function temporaryFolder(scope: Scope): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'flotilla-bench-'))
  scope.add('temporary folder', () => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755)
  return folder
}
