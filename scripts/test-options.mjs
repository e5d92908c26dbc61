import { ScriptError } from './checkout.mjs'

export const parts = /** @type {const} */ (['unit', 'integration', 'oldest-postgres', 'e2e', 'chaos', 'mutants'])

/**
 * @typedef {object} TestOptions
 * @property {(typeof parts)[number] | undefined} only
 * @property {boolean} withoutRedis
 * @property {string[]} rest Everything else, as it stands: for vitest, a campaign, or the mutants.
 */

/** @param {readonly string[]} args @returns {TestOptions} */
export function parseTestArgs(args) {
  /** @type {TestOptions} */
  const options = { only: undefined, withoutRedis: false, rest: [] }
  const left = [...args]
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    if (arg === '--without-redis') options.withoutRedis = true
    else if (arg === '--only') options.only = partOf(left.shift())
    else if (arg.startsWith('--only=')) options.only = partOf(arg.slice('--only='.length))
    else if (arg !== '--') options.rest.push(arg)
  }
  return options
}

/** @param {string | undefined} name */
function partOf(name) {
  const part = parts.find((each) => each === name)
  if (part === undefined) throw new ScriptError(`--only takes ${parts.join(', ')}; found "${name ?? ''}"`)
  return part
}
