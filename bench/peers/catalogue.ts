import type { PeerName } from '../options.ts'
import { dbos } from './dbos/dbos.ts'
import { installedVersions, INSTALL_COMMAND } from './installed.ts'
import { langGraph } from './langgraph/langgraph.ts'
import type { Peer } from './peer.ts'
import { restate } from './restate/restate.ts'

/** Without BullMQ, which is installed with the product and measured on both of its backends. */
export const INSTALLABLE: readonly Peer[] = [restate, dbos, langGraph]

export type FoundPeers = Readonly<{
  installed: readonly Peer[]
  /** A line for each that is not there. */
  missing: readonly string[]
  versions: Readonly<Record<string, string>>
}>

export function findPeers(names: readonly PeerName[]): FoundPeers {
  const wanted = INSTALLABLE.filter(({ name }) => names.includes(name))
  const found = wanted.map((peer) => ({ peer, versions: installedVersions(peer.packages) }))
  return {
    installed: found.filter(({ versions }) => versions !== null).map(({ peer }) => peer),
    missing: found
      .filter(({ versions }) => versions === null)
      .map(
        ({ peer }) =>
          `${peer.what} is not measured: not installed, or in another version; install it with: ${INSTALL_COMMAND}`,
      ),
    versions: Object.assign({}, ...found.map(({ versions }) => versions ?? {})) as Readonly<Record<string, string>>,
  }
}
