/** Files as base64 that were asked for last, within a number of bytes. */
export interface MediaCache {
  /** Callers at the same time share one `load`. What is not there, or could not be read, is asked for anew the next time. */
  get(key: string, load: () => Promise<string | null>): Promise<string | null>
  /** Bytes that are held now. */
  readonly bytes: number
}

type Entry = { readonly data: Promise<string | null>; bytes: number }

/** Two runs with as much as a run takes. */
const MAX_BYTES = 64 * 1024 * 1024

export function createMediaCache({ maxBytes = MAX_BYTES }: Readonly<{ maxBytes?: number }> = {}): MediaCache {
  // In the order of use, the longest unused first.
  const entries = new Map<string, Entry>()
  let bytes = 0

  const drop = (key: string): void => {
    bytes -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }
  const keep = (key: string, entry: Entry, size: number): void => {
    if (entries.get(key) !== entry) return
    entry.bytes = size
    bytes += size
    for (const oldest of entries.keys()) if (bytes > maxBytes) drop(oldest)
  }
  return {
    get bytes() {
      return bytes
    },
    async get(key, load) {
      const held = entries.get(key)
      const entry = held ?? { data: load(), bytes: 0 }
      entries.delete(key)
      entries.set(key, entry)
      if (held !== undefined) return held.data
      try {
        const data = await entry.data
        if (data !== null) keep(key, entry, data.length)
        else if (entries.get(key) === entry) drop(key)
        return data
      } catch (error) {
        if (entries.get(key) === entry) drop(key)
        throw error
      }
    },
  }
}
