const LARGEST = 4 * 1024 * 1024

/** A document from Postern, and the seconds that a copy is good for when its headers say so. */
export interface Download {
  text: string
  maxAge: number | undefined
}

/**
 * Gets a document. Follows no redirect, waits no longer than `timeout` milliseconds and takes no more than 4 MB. Rejects
 * with what went wrong.
 */
export async function download(url: string, accept: string, timeout: number): Promise<Download> {
  const answer = await fetch(url, { headers: { accept }, redirect: 'error', signal: AbortSignal.timeout(timeout) })
  if (answer.status !== 200) {
    await answer.body?.cancel()
    throw new Error(`${url} answered ${answer.status}`)
  }
  const maxAge = /(?:^|[\s,])max-age=(\d+)/.exec(answer.headers.get('cache-control') ?? '')?.[1]
  return { text: await read(answer, url), maxAge: maxAge === undefined ? undefined : Number(maxAge) }
}

async function read(answer: Response, url: string): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of answer.body ?? []) {
    size += part.byteLength
    if (size > LARGEST) throw new Error(`${url} is larger than 4 MB`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
