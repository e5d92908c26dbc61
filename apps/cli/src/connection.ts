import { createClient, type Client } from '@flotilla/client'
import type { Command } from 'commander'
import type { Config } from './config.ts'
import type { Context, ServerOptions } from './context.ts'
import { address } from './input/values.ts'
import { readServerFile } from './server-file.ts'
import { urlOf } from './system/port-check.ts'

/** Adds the option that every command takes. */
export const withJson = (command: Command): Command =>
  command.option('--json', 'write machine-readable JSON to standard output')

/** Adds the options of commands that talk to a server. */
export const withServer = (command: Command): Command =>
  withJson(command)
    .option('--url <url>', 'address of the server (FLOTILLA_URL; else the one that runs here)', address)
    .option('--api-key <key>', 'key to show to the server (FLOTILLA_API_KEY)')

/** The server of a call: as the option says, as the environment says, the one that runs here, the default address. */
export const serverUrl = (config: Config, options: ServerOptions): string =>
  options.url ?? config.url ?? readServerFile(config.dataDir)?.url ?? urlOf(config.host, config.port || 3_000)

export const connect = ({ config }: Context, options: ServerOptions): Client =>
  createClient({ url: serverUrl(config, options), apiKey: options.apiKey ?? config.apiKey })
