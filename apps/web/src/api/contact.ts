import { useSyncExternalStore } from 'react'

/** Whether the server answers. `lostAt`: milliseconds since the epoch, while it does not. */
export type Contact = Readonly<{ lostAt: number | null }>

let contact: Contact = { lostAt: null }
const listeners = new Set<() => void>()
const onBack = new Set<() => void>()
const ASK_EVERY_MS = 2_000

function set(next: Contact): void {
  contact = next
  for (const listener of listeners) listener()
}

/** A fetch that tells when the server is out of reach; from then on it is asked until it answers again. */
export const watchedFetch: typeof fetch = async (input, init) => {
  try {
    const response = await fetch(input, init)
    if (response.status === 503) lost()
    else if (contact.lostAt !== null) found()
    return response
  } catch (error) {
    if (!(init?.signal?.aborted ?? false)) lost()
    throw error
  }
}

function lost(): void {
  if (contact.lostAt !== null) return
  set({ lostAt: Date.now() })
  setTimeout(() => void ask(), ASK_EVERY_MS)
}

const isReady = (): Promise<boolean> =>
  fetch('/readyz').then(
    (response) => response.ok,
    () => false,
  )

async function ask(): Promise<void> {
  if (await isReady()) found()
  else setTimeout(() => void ask(), ASK_EVERY_MS)
}

/** Asked this moment; where it does not answer that is told, as by any other request. */
export async function answersNow(): Promise<boolean> {
  const ready = await isReady()
  if (!ready) lost()
  return ready
}

export function untilBack(): Promise<void> {
  return new Promise((resolve) => {
    if (contact.lostAt === null) return resolve()
    const listener = (): void => {
      onBack.delete(listener)
      resolve()
    }
    onBack.add(listener)
  })
}

function found(): void {
  if (contact.lostAt === null) return
  set({ lostAt: null })
  for (const listener of onBack) listener()
}

/** Called each time the server answers again; what is shown is then read anew. */
export const whenBack = (listener: () => void): void => void onBack.add(listener)

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const useContact = (): Contact => useSyncExternalStore(subscribe, () => contact)
