import type { Test } from 'tap'
import { service } from './service.ts'

export const FORM = 'application/x-www-form-urlencoded'
export const OURS = { 'sec-fetch-site': 'same-origin' }

/** What a browser without scripts does with a form. */
export async function forms(t: Test, options: Parameters<typeof service>[1] = {}, prefix = '', now = Date.now) {
  const found = await service(t, options, { prefix, now })
  const post = (page: string, fields: Record<string, string> | string | Buffer, headers: object = OURS) =>
    found.app.inject({
      method: 'POST',
      url: `${prefix}/account/${page}`,
      headers: { 'content-type': FORM, ...headers },
      payload: typeof fields === 'string' || Buffer.isBuffer(fields) ? fields : `${new URLSearchParams(fields)}`
    })
  return { ...found, post }
}

export const titleOf = (html: string) => /<title>(.*)<\/title>/.exec(html)?.[1] ?? ''
export const alertOf = (html: string) => /role="alert"[^>]*>(.*?)<\/div>/s.exec(html)?.[1] ?? ''
export const errorOf = (html: string, id: string) => new RegExp(`id="${id}-error" data-error>(.*?)<`).exec(html)?.[1]
