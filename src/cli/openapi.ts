import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { print } from './print.ts'
import { withService } from './service.ts'

/** Prints the OpenAPI document. Neither the database nor the secret of the deployment is opened, or made. */
export async function openapi(): Promise<undefined> {
  const apart = {
    databaseUrl: 'sqlite::memory:',
    dataDir: tmpdir(),
    authSecret: randomBytes(32).toString('base64'),
    authSecretFile: undefined
  }
  const document = await withService(async service => service.swagger(), apart)
  await print([JSON.stringify(document, null, 2)])
}
