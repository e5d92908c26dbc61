import type { Random } from './random.ts'
import type { Weather } from './schedule.ts'
import type { Process, VirtualTime } from './virtual-time.ts'

/** A request that was not answered: the connection has gone. */
export const connectionLost = (): Error => CONNECTION_LOST

/** One for all: a stack costs more than a whole request, and this one's tells nothing. */
const CONNECTION_LOST = Object.assign(new Error('the connection was reset'), { code: 'ECONNRESET' })

/** What lies between processes and servers: every request and every reply takes its time, and some get lost. */
export class Network {
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #weather: Weather
  readonly #calmAt: number

  constructor(time: VirtualTime, random: Random, weather: Weather, calmAt: number) {
    this.#time = time
    this.#random = random
    this.#weather = weather
    this.#calmAt = calmAt
  }

  happens(what: keyof Weather): boolean {
    const share = this.#time.now < this.#calmAt ? this.#weather[what] : 0
    return share > 0 && this.#random.chance(share)
  }

  /** In steps of half a millisecond: things that happen at the same moment are worth more than finely spread ones. */
  latency(): number {
    return this.happens('slow') ? this.#random.between(5, 400) : (1 + this.#random.int(5)) / 2
  }

  /**
   * Asks a server for `work`. It is done even if the process has died meanwhile; a lost reply leaves the process in the dark.
   * What `work` throws is the server's answer.
   */
  ask<T>(process: Process, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const reply = (answer: () => void): void => void this.#time.after(this.latency(), answer, process)
      const cutOff = (): void => {
        process.trouble(this.#time.now)
        reply(() => reject(connectionLost()))
      }
      const lost = this.happens('requestLost') ? 'request' : this.happens('replyLost') ? 'reply' : null
      this.#time.after(this.latency(), () => {
        if (lost === 'request') return cutOff()
        try {
          const result = work()
          if (lost === 'reply') return cutOff()
          reply(() => resolve(result))
        } catch (error) {
          process.trouble(this.#time.now)
          reply(() => reject(error))
        }
      })
    })
  }
}
