const needsBytes = 800_000_000
const diskFull = `the disk is full. The tools and dependencies take about ${needsBytes / 1e6} MB; free some and run this again.`

/** @type {readonly [RegExp, string][]} */
const explanations = [
  [/ENOSPC|no space left on device/i, diskFull],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_/,
    'the package registry’s certificate is not trusted. Behind a proxy that inspects traffic, set NODE_EXTRA_CA_CERTS to its certificate file.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network|META_FETCH_FAIL/i,
    'the package registry cannot be reached. The first set-up needs the network (and npm’s proxy settings, where there is a proxy); run this again when it is there.',
  ],
  [
    /OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH/,
    'pnpm-lock.yaml does not match the package.json files. Run `node scripts/toolchain.mjs pnpm install --no-frozen-lockfile` and commit the lockfile.',
  ],
  [/\bENOENT\b.*\bnpm\b|\bnpm\b.*\bENOENT\b/, 'npm is not on PATH. Install npm 10 or newer.'],
  [/EACCES|EPERM/, 'a file may not be written. Run this as the owner of the checkout.'],
  [
    /ETARGET|E404|NO_MATCHING_VERSION/,
    'a package is not there for this platform. Node 24.12 or newer, installed by other means, is used when it is first on PATH.',
  ],
]

/**
 * What went wrong and what to do, from the output of npm or pnpm, which may be broken into lines anywhere.
 * @param {string} output
 * @param {number} freeBytes On the disk of the checkout.
 */
export function explainFailure(output, freeBytes) {
  const line = output.replaceAll(/\s+/g, ' ')
  const known = explanations.find(([pattern]) => pattern.test(line))
  if (known !== undefined) return known[1]
  return freeBytes < needsBytes / 4 ? diskFull : 'see the output above.'
}
