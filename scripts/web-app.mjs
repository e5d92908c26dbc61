import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { gzipSync } from 'node:zlib'
import { root, runMain, say } from './checkout.mjs'
import { captureChild } from './child-process.mjs'
import { withLock } from './set-up-lock.mjs'
import { prepareToolchain } from './toolchain.mjs'

/** The web app is the one part that is built, when its sources have changed; what is built is told by a digest of them. */

const app = path.join(root, 'apps', 'web')
const dist = path.join(app, 'dist')
const stampFile = path.join(dist, 'built-from.txt')
const failureFile = path.join(dist, 'failure.txt')
/** What its bundle is made of. */
const sources = ['apps/web', 'packages/domain/src', 'packages/client/src', 'pnpm-lock.yaml']

/** Of what the first page loads, gzipped. */
const firstPageMaxBytes = 300_000

/**
 * Builds the web app unless it is there. The system works without it, so a failure is said and kept for the API to show.
 * @param {{ node: string, env: NodeJS.ProcessEnv }} toolchain
 * @returns {Promise<boolean>} Whether it is there.
 */
export async function prepareWebApp({ node, env }) {
  if (isBuilt()) return true
  try {
    return await withLock(
      path.join(app, 'node_modules', '.flotilla-build.lock'),
      (pid) => say(`the web app is being built by process ${pid}; waiting for it`),
      async () => isBuilt() || (await build(node, env)),
    )
  } catch (error) {
    // Such as a checkout that may not be written to.
    say(`the web app could not be built, so its pages are missing; everything else works: ${String(error)}`)
    return false
  }
}

/** @param {string} node @param {NodeJS.ProcessEnv} env */
async function build(node, env) {
  say('building the web app (once)')
  const startedAt = performance.now()
  const stamp = sourceDigest()
  const vite = path.join(app, 'node_modules', 'vite', 'bin', 'vite.js')
  const { code, output } = await captureChild(node, [vite, 'build'], {
    cwd: app,
    env: { ...env, NO_COLOR: '1' },
  }).catch((error) => ({
    code: 1,
    output: String(error),
  }))
  // A signal is its sender's wish, not a failure to explain.
  if (code > 128) process.exit(code)
  if (code === 0) {
    writeFileSync(stampFile, stamp)
    say(`web app built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
    return true
  }
  rmSync(dist, { recursive: true, force: true })
  mkdirSync(dist, { recursive: true })
  const end = stripVTControlCharacters(output).trim().split('\n').slice(-30).join('\n')
  writeFileSync(failureFile, `Its build failed:\n${end}\n`)
  say(`${end}\nthe web app could not be built, so its pages are missing; everything else works`)
  return false
}

function isBuilt() {
  return existsSync(path.join(dist, 'index.html')) && readOrEmpty(stampFile) === sourceDigest()
}

function sourceDigest() {
  const hash = createHash('sha256').update(process.version)
  for (const source of sources)
    for (const file of filesOf(source)) hash.update(`\0${file}\0`).update(readFileSync(path.join(root, file)))
  return hash.digest('hex')
}

/** Without tests, which change nothing of it. @param {string} source @returns {string[]} */
function filesOf(source) {
  if (path.extname(source) !== '') return [source]
  return readdirSync(path.join(root, source), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const child = path.join(source, entry.name)
      if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'dist' ? [] : filesOf(child)
      return /\.i?test\.tsx?$/.test(entry.name) ? [] : [child]
    })
}

/** Bytes, gzipped, of what the page names: scripts, what they import at once, and styles. */
function firstPageBytes() {
  const html = readFileSync(path.join(dist, 'index.html'), 'utf8')
  const names = [...html.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map(([, name = '']) => name)
  return names.reduce((sum, name) => sum + gzipSync(readFileSync(path.join(dist, name))).length, 0)
}

/** @param {string} file */
function readOrEmpty(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** `node scripts/web-app.mjs` builds the app and holds its first page against the limit. */
async function main() {
  if (!(await prepareWebApp(await prepareToolchain()))) return 1
  const bytes = firstPageBytes()
  const told = `the first page is ${(bytes / 1000).toFixed(0)} kB gzipped, of ${firstPageMaxBytes / 1000} kB at most`
  say(told)
  if (bytes <= firstPageMaxBytes) return 0
  say('load what the first page does not need with lazyRouteComponent or import()')
  return 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(main)
