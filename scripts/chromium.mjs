import { installPackage, isExecutable } from './apt.mjs'
import { say } from './checkout.mjs'

const debians = '/usr/bin/chromium'

/**
 * Looks for the browser that the web app is tested in, and installs Debian's where that may be done. Without one the tests
 * of the web app fail and say the same; all others run.
 * @param {NodeJS.ProcessEnv} env
 */
export async function provideChromium(env) {
  const file = env['FLOTILLA_CHROMIUM'] ?? debians
  if (isExecutable(file)) return
  const failure = file === debians ? await installPackage('chromium', env) : 'FLOTILLA_CHROMIUM names no program'
  if (failure === null && isExecutable(file)) return
  say(
    [
      '',
      `There is no Chromium at ${file}: ${failure ?? 'the package was installed without one'}.`,
      'The tests of the web app WILL FAIL. Install Chromium (Debian: apt-get install chromium), or set FLOTILLA_CHROMIUM to',
      'a Chromium or Chrome.',
      '',
    ].join('\n'),
  )
}
