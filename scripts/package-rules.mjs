import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './checkout.mjs'
import { workspaceFolders } from './workspace-folders.mjs'

/**
 * What `turbo boundaries` cannot say: which packages may be a dependency only for development, which one may depend on
 * nothing else, and that each package has its layer.
 *
 * @typedef {object} WorkspacePackage
 * @property {string} folder
 * @property {string} name
 * @property {readonly string[]} dependencies Those of production, optional ones included.
 * @property {readonly string[]} tags
 * @property {readonly SourceFile[]} sources
 *
 * @typedef {object} SourceFile
 * @property {string} file
 * @property {readonly string[]} imports
 */

const testFile = /\.(test|itest|e2e)\.ts$|(^|\/)testing\//
/** The only packages that these may depend on, and the only ones that may depend on these. */
const dependenciesOf = { '@flotilla/domain': ['valibot'] }
const dependentsOf = { bullmq: ['@flotilla/queue'] }

/** @param {readonly WorkspacePackage[]} packages @returns {string[]} What is wrong, a line each. */
export function findViolations(packages) {
  return packages.flatMap((each) => [...ofManifest(each), ...ofSources(each)])
}

/** @param {WorkspacePackage} each */
function ofManifest({ folder, name, dependencies, tags }) {
  const problems = []
  if (tags.length !== 1) problems.push(`${folder}/turbo.json: expected one tag for the layer, found ${tags.length}`)
  for (const dependency of dependencies) {
    if (dependency === '@flotilla/testing') {
      problems.push(`${folder}/package.json: @flotilla/testing is for tests; move it to devDependencies`)
    }
    const allowed = lookUp(dependenciesOf, name)
    if (allowed !== undefined && !allowed.includes(dependency)) {
      problems.push(`${folder}/package.json: ${name} depends on ${allowed.join(', ')} alone, not on ${dependency}`)
    }
    const dependents = lookUp(dependentsOf, dependency)
    if (dependents !== undefined && !dependents.includes(name)) {
      problems.push(`${folder}/package.json: only ${dependents.join(', ')} depends on ${dependency}`)
    }
  }
  return problems
}

/** @param {WorkspacePackage} each */
function ofSources({ name, sources }) {
  if (name === '@flotilla/testing') return []
  return sources
    .filter(({ file, imports }) => !testFile.test(file) && imports.some((each) => each.startsWith('@flotilla/testing')))
    .map(({ file }) => `${file}: @flotilla/testing is for tests; production code may not import it`)
}

/** @param {Readonly<Record<string, readonly string[]>>} table @param {string} key */
function lookUp(table, key) {
  return table[key]
}

/** Those with a `src` folder: the product. `tests` and `bench` are tools around it. @param {string} checkout @returns {WorkspacePackage[]} */
export function readPackages(checkout) {
  return workspaceFolders(checkout)
    .filter((folder) => existsSync(path.join(checkout, folder, 'src')))
    .map((folder) => readPackage(checkout, folder))
}

/** @param {string} checkout @param {string} folder @returns {WorkspacePackage} */
function readPackage(checkout, folder) {
  const manifest = readManifest(path.join(checkout, folder, 'package.json'))
  const src = path.join(folder, 'src')
  const sources = readdirSync(path.join(checkout, src), { recursive: true, encoding: 'utf8' })
    .map((file) => path.join(src, file))
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => ({ file, imports: importsOf(readFileSync(path.join(checkout, file), 'utf8')) }))
  return {
    folder,
    name: manifest.name,
    dependencies: Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }),
    tags: readTags(path.join(checkout, folder, 'turbo.json')),
    sources,
  }
}

/** @param {string} source */
function importsOf(source) {
  return [...source.matchAll(/^(?:import|export)\b[^'"\n]*(?:\n[^'"]*?)?['"]([^'"\n]+)['"]/gm)].map(
    ([, name = '']) => name,
  )
}

/**
 * @typedef {{ name: string, dependencies?: object, optionalDependencies?: object }} Manifest
 * @param {string} file
 */
function readManifest(file) {
  return /** @type {Manifest} */ (JSON.parse(readFileSync(file, 'utf8')))
}

/** @param {string} file @returns {readonly string[]} */
function readTags(file) {
  if (!existsSync(file)) return []
  return /** @type {{ tags?: string[] }} */ (JSON.parse(readFileSync(file, 'utf8'))).tags ?? []
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = findViolations(readPackages(root))
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
