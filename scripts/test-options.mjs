import { ScriptError } from './checkout.mjs'

export const projects = /** @type {const} */ (['unit', 'integration', 'e2e'])

/**
 * @typedef {object} TestOptions
 * @property {(typeof projects)[number] | undefined} only
 * @property {boolean} withoutRedis
 * @property {string[]} vitestArgs Everything else, as it stands.
 */

/** @param {readonly string[]} args @returns {TestOptions} */
export function parseTestArgs(args) {
  /** @type {TestOptions} */
  const options = { only: undefined, withoutRedis: false, vitestArgs: [] }
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--without-redis') options.withoutRedis = true
    else if (arg === '--only') options.only = projectOf(rest.shift())
    else if (arg.startsWith('--only=')) options.only = projectOf(arg.slice('--only='.length))
    else if (arg !== '--') options.vitestArgs.push(arg)
  }
  return options
}

/** @param {string | undefined} name */
function projectOf(name) {
  const project = projects.find((each) => each === name)
  if (project === undefined) throw new ScriptError(`--only takes ${projects.join(', ')}; found "${name ?? ''}"`)
  return project
}
