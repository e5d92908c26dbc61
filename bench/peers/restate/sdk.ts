/** As much of Restate's SDK as the bench uses. */
export type RestateSdk = Readonly<{
  workflow(definition: Readonly<{ name: string; handlers: Readonly<Record<string, Handler>> }>): object
  serve(options: Readonly<{ services: readonly object[]; port: number }>): Promise<number>
  RestatePromise: Readonly<{ all(steps: Promise<number>[]): Promise<number[]> }>
}>

type Handler = (context: Context, input: { shape: string }) => Promise<number>
/** `run`: a step whose result is journaled. */
type Context = Readonly<{ run(name: string, action: () => Promise<number>): Promise<number> }>

export const SDK: string = '@restatedev/restate-sdk'
export const SERVER = '@restatedev/restate-server'
export const WORKFLOW = 'shape'
