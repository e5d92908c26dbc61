import { useEffect, useSyncExternalStore } from 'react'
import type { Command } from './commands.ts'

const NONE: readonly Command[] = []
let offered = NONE
const listeners = new Set<() => void>()

function offer(commands: readonly Command[]): void {
  offered = commands
  for (const listener of listeners) listener()
}

/** What the page in sight can do: the palette offers it while the page is there. */
export function useOfferedCommands(commands: readonly Command[], more: readonly Command[] = NONE): void {
  useEffect(() => {
    offer([...commands, ...more])
    return () => offer(NONE)
  }, [commands, more])
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const usePageCommands = (): readonly Command[] => useSyncExternalStore(subscribe, () => offered)
