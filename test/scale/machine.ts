import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { selfSigned } from '../cli/certificate.ts'
import { recorded } from '../secrets/records.ts'

const top = join(import.meta.dirname, '..', '..')
const recording = recorded()
const postern = [process.execPath, ...recording.args, join(top, 'src', 'cli.ts')].join(' ')

/** Stands in for systemd: a unit is a process whose number is in a file of the folder `run`. */
const SYSTEMCTL = `
case $1 in start | restart | stop) ;; *) exit 64 ;; esac
verb=$1; shift
for unit; do
  pid=run/$unit.pid
  if [ "$verb" != start ] && [ -e "$pid" ]; then
    kill -TERM "$(cat "$pid")"
    while kill -0 "$(cat "$pid")" 2>/dev/null; do sleep 0.05; done
    rm -- "$pid"
  fi
  [ "$verb" = stop ] && continue
  case $unit in
    nginx) set -- nginx -g 'daemon off; master_process off; error_log stderr crit;' ;;
    postern@*) set -- env $(cat instances.env) PORT="\${unit#postern@}" postern serve ;;
    postern) set -- env $(cat alone.env) postern serve ;;
    *) exit 64 ;;
  esac
  "$@" </dev/null >"run/$unit.log" 2>&1 &
  echo $! >"$pid"
done
`

/** A folder that stands for a machine on which the commands of a guide are run as they are written. */
export interface Machine {
  readonly folder: string
  /** Runs a script to its end; gives what it printed. Throws when a command of it fails. */
  sh(script: string): string
  /** Of the process of a unit. */
  pid(unit: string): number
}

/**
 * Makes a machine with the commands `postern`, `systemctl` and `nginx`; what was started on it ends with the test.
 * `replace` says what of a script is elsewhere here than on the machine of the guide.
 */
export function machine(t: Test, environment: Record<string, string>, replace: [string, string][]): Machine {
  const folder = t.testdir({
    bin: {},
    run: {},
    data: {},
    nginx: {},
    examples: t.fixture('symlink', join(top, 'examples'))
  })
  chmodSync(join(folder, 'data'), 0o700)
  const command = (name: string, script: string) => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\ncd '${folder}' || exit 1\n${script}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  command('postern', `exec env -u NODE_OPTIONS ${postern} "$@"`)
  command('systemctl', SYSTEMCTL)
  command('nginx', `exec /usr/sbin/nginx -e stderr -p '${folder}/nginx' -c '${folder}/nginx/nginx.conf' "$@"`)
  const { cert, key } = selfSigned('localhost', 30)
  writeFileSync(join(folder, 'nginx', 'tls-certificate'), cert)
  writeFileSync(join(folder, 'nginx', 'tls-key'), key)

  const env = { ...recording.env, ...environment, PATH: `${folder}/bin:${process.env.PATH}`, HOME: folder }
  const places = new Map(replace)
  // All at once: a port that takes the place of one may look like the next.
  const elsewhere = new RegExp([...places.keys()].map(place => place.replaceAll('.', '\\.')).join('|'), 'g')
  t.teardown(() => {
    execFileSync('sh', ['-c', 'for file in run/*.pid; do kill -KILL "$(cat "$file")"; done 2>/dev/null || true'], {
      cwd: folder
    })
  })
  return {
    folder,
    sh(script) {
      const here = script.replace(elsewhere, found => `${places.get(found)}`).replaceAll('/srv/postern', folder)
      return execFileSync('sh', ['-e', '-c', here], {
        cwd: folder,
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe']
      })
    },
    pid: unit => Number(readFileSync(join(folder, 'run', `${unit}.pid`), 'utf8'))
  }
}
