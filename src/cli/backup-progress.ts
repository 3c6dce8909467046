import { Presets, SingleBar } from 'cli-progress'

/** How far a backup is, on stderr: a bar on a terminal, else nothing, so that a timer mails only what matters. */
export function showBackup(): { copied(share: number): void; checking(): void; end(): void } {
  if (!process.stderr.isTTY) return { copied() {}, checking() {}, end() {} }
  const format = '{doing} {bar} {percentage} %'
  const bar = new SingleBar({ format, clearOnComplete: true, stream: process.stderr }, Presets.shades_classic)
  bar.start(100, 0, { doing: 'Copying' })
  return {
    copied: share => bar.update(Math.round(share * 100)),
    checking: () => {
      bar.update(100, { doing: 'Checking' })
      // What follows leaves no time to draw.
      bar.render()
    },
    end: () => bar.stop()
  }
}
