import { type Config, readEnvironment, resolveConfig } from '../config.ts'
import { StartError } from '../errors.ts'
import { isLoopback } from '../loopback.ts'
import { buildServer } from '../server.ts'
import { version } from '../version.ts'
import { endGracefully } from './shutdown.ts'

/** Serves until a signal ends the process; returns once it listens. Throws StartError and StoreStartError. */
export async function serve(): Promise<undefined> {
  const options = readEnvironment(process.env)
  const config = resolveConfig(options)
  const server = buildServer(options)
  endGracefully(server)
  if (options.publicUrl === undefined && !isLoopback(config.host)) {
    server.log.warn(
      `PUBLIC_URL is not set: tokens name ${config.publicUrl} as their issuer. Set it to the URL that clients use.`
    )
  }
  const { host, port } = config
  try {
    await server.ready()
    await server.listen({ host, port, listenTextResolver: announcement(config, options) }).catch(explain(config))
  } catch (error) {
    await server.close()
    throw error
  }
}

/** The line of the log that says where to go. */
const announcement =
  ({ authDocs, publicUrl }: Config, options: { publicUrl?: string }) =>
  (address: string): string =>
    `Postern ${version} listens at ${address}${authDocs === 'on' ? `, documentation at ${options.publicUrl ? publicUrl : address}/docs` : ''}`

const explain =
  ({ host, port }: Config) =>
  (error: NodeJS.ErrnoException): never => {
    const problem = {
      EADDRINUSE: `port ${port} is in use. End what listens there, or set PORT to another one`,
      EACCES: `this user may not listen on port ${port}. Set PORT to one above 1023`,
      EADDRNOTAVAIL: `this machine does not have the address ${host}. Correct HOST; 0.0.0.0 means all addresses`,
      ENOTFOUND: `no address is known for ${host}. Correct HOST; 0.0.0.0 means all addresses`,
      EAI_AGAIN: `no address can be found for ${host} now. Set HOST to an address, or try again`
    }[error.code ?? '']
    throw problem ? new StartError(`Cannot listen on ${host}:${port}: ${problem}.`, { cause: error }) : error
  }
