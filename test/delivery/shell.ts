import { spawnSync } from 'node:child_process'

/** Runs a shell command in a folder, without the hooks that tap puts into every child; throws what it printed when it fails. */
export function shell(command: string, folder: string): void {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', `unset NODE_OPTIONS; ${command}`], { cwd: folder })
  if (status !== 0) throw new Error(`${command} failed: ${stdout}${stderr}`)
}
