import { readFileSync, watchFile } from 'node:fs'

/**
 * Loaded into a worker before the product (`node --import`): its clock is wrong by the milliseconds that stand in the
 * file CHAOS_CLOCK_FILE, which may change at any time. Timers and `performance.now()` go on as before.
 */
const file = process.env['CHAOS_CLOCK_FILE']

function readOffset(): number {
  try {
    return file === undefined ? 0 : Number(readFileSync(file, 'utf8')) || 0
  } catch {
    return 0
  }
}

const RealDate = Date
let offset = readOffset()
const now = (): number => RealDate.now() + offset

if (file !== undefined)
  watchFile(file, { interval: 200, persistent: false }, () => {
    offset = readOffset()
  })

// A proxy rather than a subclass: what is made before and after is a Date to `instanceof` alike.
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[]) => Reflect.construct(target, args.length === 0 ? [now()] : args) as Date,
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
})
