export function hostOf(url: string): string {
  try {
    return new URL(url).host
  } catch {
    return 'an address that is not a URL'
  }
}

/** The beginning of a redis-cli command for the server of a valid URL. It asks for the password, which is never told. */
export function redisCli(url: string): string {
  const { hostname, port, protocol, username, password } = new URL(url)
  const user = username === '' ? '' : ` --user ${decodeURIComponent(username)}`
  return [
    `redis-cli -h ${hostname.replaceAll(/[[\]]/g, '')} -p ${port || '6379'}`,
    protocol === 'rediss:' ? ' --tls' : '',
    password === '' ? '' : `${user} --askpass`,
  ].join('')
}
