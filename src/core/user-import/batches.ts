/** As many as one transaction takes: about 20 ms in which other processes cannot write. */
const BATCH = 500

/** Does some work for every batch, one after the other; it is told how many items came before. */
export async function inBatches<Item>(
  items: AsyncIterable<Item>,
  work: (batch: Item[], before: number) => Promise<void>
): Promise<void> {
  let batch: Item[] = []
  let before = 0
  for await (const item of items) {
    if (batch.push(item) < BATCH) continue
    await work(batch, before)
    before += batch.length
    batch = []
  }
  if (batch.length > 0) await work(batch, before)
}
