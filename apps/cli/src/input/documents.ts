import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { isText, LARGE_BODY_BYTES, type RunDocument } from '@flotilla/domain'
import { found, refused, type Read } from './result.ts'

export interface DocumentLimits {
  readonly maxFiles: number
  readonly maxDepth: number
  /** Of one file. */
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
 * The text files that paths name: a file by its own name, a folder's files by their path in it, sorted by name. A file that
 * is no text is refused where it was named, and left out with a note where a folder happens to hold it.
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
    problems.push(`found no text file in ${paths.join(', ')}${skipped.length > 0 ? `: ${skipped.join('; ')}` : ''}`)
  problems.push(...tooMuch(documents, limits))
  if (problems.length > 0) return refused(...problems)
  const named = [...documents].map(([name, { content }]) => ({ name, content }))
  return found({ documents: named.toSorted((a, b) => (a.name < b.name ? -1 : 1)), skipped })
}

type Collected = Readonly<{
  documents: Map<string, { content: string; file: string }>
  skipped: string[]
  problems: string[]
}>

async function collect(into: Collected, file: File, inFolder: boolean, limits: DocumentLimits): Promise<void> {
  const read = await readText(file, limits)
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
  into.documents.set(name, { content: read.text, file: file.path })
}

type File = Readonly<{ path: string; name: string; bytes: number }>
type Listed = Readonly<{ folder: boolean; files: readonly File[] }>

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
  const files: File[] = []
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

type Text =
  | Readonly<{ ok: true; text: string }>
  /** What is no document at all may stay out of a folder's documents; what is one and cannot be sent may not. */
  | Readonly<{ ok: false; problem: string; mayBeSkipped: boolean }>

async function readText(file: File, limits: DocumentLimits): Promise<Text> {
  const no = (problem: string, mayBeSkipped: boolean): Text => ({
    ok: false,
    problem: `${file.path} ${problem}`,
    mayBeSkipped,
  })
  if (file.bytes === 0) return no('is empty', true)
  if (file.bytes > limits.maxFileBytes)
    return no(`has ${megabytes(file.bytes)}; a document has at most ${megabytes(limits.maxFileBytes)}. Split it`, false)
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file.path))
    if (!isText(text)) return no('is no text: it holds NUL characters. Send text or Markdown', true)
    return text.trim() === '' ? no('holds only blanks', true) : { ok: true, text }
  } catch (error) {
    if (error instanceof TypeError) return no('is no UTF-8 text. Convert it to text or Markdown', true)
    return { ok: false, problem: unreadable(file.path, error), mayBeSkipped: false }
  }
}

/** A citation is written `[name:12]`, so a name holds no square brackets. */
const documentName = (name: string): string =>
  name
    .split(path.sep)
    .join('/')
    .replaceAll('[', '(')
    .replaceAll(']', ')')
    .replaceAll(/\p{Cc}/gu, '_')

function tooMuch(documents: ReadonlyMap<string, { content: string }>, limits: DocumentLimits): string[] {
  if (documents.size > limits.maxFiles)
    return [
      `${documents.size.toLocaleString('en')} documents were given; a run takes at most ${limits.maxFiles.toLocaleString('en')}`,
    ]
  let total = 0
  for (const [name, { content }] of documents) total += Buffer.byteLength(JSON.stringify({ name, content })) + 1
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

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`
