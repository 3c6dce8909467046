import type { StatusClaim } from './claims.ts'

/** How many indexes one list has: 128 KiB of bits, of which those that say nothing compress to nothing. */
export const LIST_SIZE = 2 ** 20

/** Where a list is. */
export const listUri = (publicUrl: string, list: number): string => `${publicUrl}/status-lists/${list}`

/** How a token names its index. */
export const statusClaim = (publicUrl: string, index: number): StatusClaim => ({
  status_list: { idx: index % LIST_SIZE, uri: listUri(publicUrl, Math.floor(index / LIST_SIZE)) }
})

/** The index that a token of ours names. */
export const statusIndexOf = ({ status_list: { idx, uri } }: StatusClaim): number =>
  Number(uri.slice(uri.lastIndexOf('/') + 1)) * LIST_SIZE + idx
