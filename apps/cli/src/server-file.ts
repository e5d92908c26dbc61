import { readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'

/** Tells other commands where the server of this data directory is; a file of a process that died says nothing. */
const ServerFileSchema = v.object({
  url: v.pipe(v.string(), v.url()),
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
})
export type ServerFile = v.InferOutput<typeof ServerFileSchema>

const fileOf = (dataDir: string): string => path.join(dataDir, 'server.json')

export function readServerFile(dataDir: string): ServerFile | null {
  try {
    const file = v.parse(ServerFileSchema, JSON.parse(readFileSync(fileOf(dataDir), 'utf8')))
    return isAlive(file.pid) ? file : null
  } catch {
    return null
  }
}

export async function writeServerFile(dataDir: string, file: ServerFile): Promise<void> {
  await mkdir(dataDir, { recursive: true })
  const draft = `${fileOf(dataDir)}.${file.pid}`
  await writeFile(draft, `${JSON.stringify(file)}\n`)
  await rename(draft, fileOf(dataDir))
}

export const removeServerFile = (dataDir: string): Promise<void> => rm(fileOf(dataDir), { force: true })

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
