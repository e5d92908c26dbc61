import { loadTools } from '@flotilla/agents'
import { ROOT } from '../config.ts'

/**
 * Loads the modules of its arguments and sends what it found: a child of the doctor, which a module that hangs or exits would
 * otherwise take with it.
 */
const loaded = await loadTools(process.argv.slice(2), ROOT)
const found = loaded.ok
  ? { ok: true, tools: loaded.tools.map(({ name, retry }) => `${name} (${retry})`) }
  : { ok: false, problems: loaded.problems }
process.send?.(found, undefined, undefined, () => process.exit(0))
