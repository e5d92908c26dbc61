import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

/** A file as it is sent. `immutable`: its name has a digest of its content, so it may be kept for ever. */
export type AppFile = Readonly<{
  type: string
  body: Uint8Array<ArrayBuffer>
  gzip: Uint8Array<ArrayBuffer>
  immutable: boolean
}>

export type AppFiles = Readonly<{
  /** The page that every path of the app is answered with; or, as text, why there is none. */
  page(): Promise<Readonly<{ html: string }> | Readonly<{ missing: string }>>
  /** Null: the build has no such file. */
  file(name: string): Promise<AppFile | null>
}>

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
/** One folder of hashed names and a few names beside it: nothing that leads out of the build. */
const NAME = /^(?:assets\/)?[\w-][\w.-]*$/

const compress = promisify(gzip)

/** The built web app in a folder. Hashed files are read once, the page each time: a newer build is served without a restart. */
export function appFiles(folder: string): AppFiles {
  const kept = new Map<string, AppFile>()
  return {
    async page() {
      const html = await readText(path.join(folder, 'index.html'))
      if (html !== null) return { html }
      const failure = await readText(path.join(folder, 'failure.txt'))
      return { missing: failure ?? 'It has not been built yet.' }
    },
    async file(name) {
      const type = TYPES[path.extname(name)]
      if (type === undefined || !NAME.test(name)) return null
      const found = kept.get(name) ?? (await readAppFile(path.join(folder, name), type, name.startsWith('assets/')))
      if (found?.immutable) kept.set(name, found)
      return found
    },
  }
}

async function readAppFile(file: string, type: string, immutable: boolean): Promise<AppFile | null> {
  const body = await readFile(file).catch(ifMissing)
  if (body === null) return null
  return { type, body: new Uint8Array(body), gzip: new Uint8Array(await compress(body)), immutable }
}

const readText = (file: string): Promise<string | null> => readFile(file, 'utf8').catch(ifMissing)

function ifMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR')) return null
  throw error
}
