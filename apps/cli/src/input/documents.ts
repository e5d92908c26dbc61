import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { decodedBytes, LARGE_BODY_BYTES, MAX_MEDIA_BYTES, MAX_MEDIA_FILES, type RunDocument } from '@flotilla/domain'
import { readDocumentFile, type DocumentContent, type DocumentFile, type FileRead } from './document-file.ts'
import { megabytes } from './megabytes.ts'
import { found, refused, type Read } from './result.ts'

export interface DocumentLimits {
  readonly maxFiles: number
  readonly maxDepth: number
  /** Of one file of text. */
  readonly maxFileBytes: number
  /** Of all documents as JSON. */
  readonly maxTotalBytes: number
}

/** The API takes 1,000 documents and 32 MiB in one request; the goal and a plan need room too. */
export const DOCUMENT_LIMITS: DocumentLimits = {
  maxFiles: 1_000,
  maxDepth: 16,
  maxFileBytes: 16 * 1024 * 1024,
  maxTotalBytes: LARGE_BODY_BYTES - 2 * 1024 * 1024,
}

export type ReadDocuments = Readonly<{ documents: readonly RunDocument[]; skipped: readonly string[] }>

/**
 * The files that paths name: a file by its own name, a folder's files by their path in it, sorted by name. A file that is
 * neither text nor an image or a PDF is refused where it was named, and left out with a note where a folder happens to hold it.
 */
export async function readDocuments(
  paths: readonly string[],
  cwd: string,
  limits: DocumentLimits = DOCUMENT_LIMITS,
): Promise<Read<ReadDocuments>> {
  const collected: Collected = { documents: new Map(), skipped: [], problems: [] }
  for (const given of paths) {
    const listed = await listFiles(path.resolve(cwd, given), given, limits)
    if (!listed.ok) collected.problems.push(...listed.problems)
    else for (const file of listed.value.files) await collect(collected, file, listed.value.folder, limits)
  }
  const { documents, skipped, problems } = collected
  if (paths.length > 0 && documents.size === 0 && problems.length === 0)
    problems.push(
      `found no text, image or PDF in ${paths.join(', ')}${skipped.length > 0 ? `: ${skipped.join('; ')}` : ''}`,
    )
  problems.push(...tooMuch(documents, limits))
  if (problems.length > 0) return refused(...problems)
  const named = [...documents].map(([name, { content }]): RunDocument => ({ name, ...content }))
  return found({ documents: named.toSorted((a, b) => (a.name < b.name ? -1 : 1)), skipped })
}

type Collected = Readonly<{
  documents: Map<string, { content: DocumentContent; file: string }>
  skipped: string[]
  problems: string[]
}>

async function collect(into: Collected, file: DocumentFile, inFolder: boolean, limits: DocumentLimits): Promise<void> {
  const read = await readOne(file, limits)
  if (!read.ok) {
    ;(inFolder && read.mayBeSkipped ? into.skipped : into.problems).push(read.problem)
    return
  }
  const name = documentName(file.name)
  const other = into.documents.get(name)
  if (other !== undefined && other.file !== file.path)
    into.problems.push(
      `${file.path} and ${other.file} would both be called "${name}"; rename one, or give the folder above them`,
    )
  into.documents.set(name, { content: read.document, file: file.path })
}

const readOne = (file: DocumentFile, limits: DocumentLimits): Promise<FileRead> =>
  readDocumentFile(file, limits.maxFileBytes).catch((error: unknown) => ({
    ok: false,
    problem: unreadable(file.path, error),
    mayBeSkipped: false,
  }))

type Listed = Readonly<{ folder: boolean; files: readonly DocumentFile[] }>

async function listFiles(target: string, given: string, limits: DocumentLimits): Promise<Read<Listed>> {
  try {
    const about = await stat(target)
    if (about.isFile())
      return found({ folder: false, files: [{ path: target, name: path.basename(target), bytes: about.size }] })
    if (!about.isDirectory()) return refused(`${given} is neither a file nor a folder`)
    return await listFolder(target, given, limits)
  } catch (error) {
    return refused(unreadable(given, error))
  }
}

/** Hidden files and what package managers fetched are no documents; a link to a folder could lead round in a circle. */
async function listFolder(root: string, given: string, limits: DocumentLimits): Promise<Read<Listed>> {
  const files: DocumentFile[] = []
  const folders = [{ folder: root, depth: 0 }]
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    for (const entry of await readdir(next.folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      const full = path.join(next.folder, entry.name)
      if (entry.isDirectory()) {
        if (next.depth === limits.maxDepth)
          return refused(`${full} is nested deeper than ${limits.maxDepth} folders; give a folder further down`)
        folders.push({ folder: full, depth: next.depth + 1 })
        continue
      }
      // A link may lead nowhere.
      const about = await stat(full).catch(() => null)
      if (about === null || !about.isFile()) continue
      files.push({ path: full, name: path.relative(root, full), bytes: about.size })
      if (files.length > limits.maxFiles)
        return refused(
          `${given} holds more than ${limits.maxFiles.toLocaleString('en')} files; give a smaller folder or single files`,
        )
    }
  }
  return files.length === 0 ? refused(`${given} holds no files`) : found({ folder: true, files })
}

/** A citation is written `[name:12]`, so a name holds no square brackets. */
const documentName = (name: string): string =>
  name
    .split(path.sep)
    .join('/')
    .replaceAll('[', '(')
    .replaceAll(']', ')')
    .replaceAll(/\p{Cc}/gu, '_')

function tooMuch(documents: Collected['documents'], limits: DocumentLimits): string[] {
  if (documents.size > limits.maxFiles)
    return [
      `${documents.size.toLocaleString('en')} documents were given; a run takes at most ${limits.maxFiles.toLocaleString('en')}`,
    ]
  const media = [...documents.values()].flatMap(({ content }) => content.data ?? [])
  if (media.length > MAX_MEDIA_FILES)
    return [`${media.length} images and PDFs were given; a run takes at most ${MAX_MEDIA_FILES}. Give fewer of them`]
  const bytes = media.reduce((sum, data) => sum + decodedBytes(data), 0)
  if (bytes > MAX_MEDIA_BYTES)
    return [
      `the images and PDFs have ${megabytes(bytes)} together; a run takes at most ${megabytes(MAX_MEDIA_BYTES)} of them. Give fewer or smaller ones`,
    ]
  let total = 0
  for (const [name, { content }] of documents) total += Buffer.byteLength(JSON.stringify({ name, ...content })) + 1
  if (total <= limits.maxTotalBytes) return []
  return [
    `the documents have ${megabytes(total)} together; a run takes at most ${megabytes(limits.maxTotalBytes)}. Give fewer of them`,
  ]
}

function unreadable(given: string, error: unknown): string {
  if (!(error instanceof Error)) return `${given} cannot be read: ${String(error)}`
  const { code, path: file = given } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return `${file} does not exist`
  if (code === 'EACCES' || code === 'EPERM') return `${file} may not be read by this user`
  return `${file} cannot be read: ${error.message}`
}
