const WORKERS = 16

/** Does something for each of so many, a few at a time. */
export async function forEachOf(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: WORKERS }, worker))
}
