import { cpSync, existsSync, linkSync, lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { shell } from './shell.ts'

interface Locked {
  dev?: boolean
  optional?: boolean
  link?: boolean
  resolved?: string
}

/** The folders of the packages that `npm ci --omit=dev` installs, by the lock file; those of other platforms too. */
export function productionPackages(checkout: string): Array<{ path: string; optional: boolean }> {
  const { packages } = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>
  }
  return Object.entries(packages)
    .filter(
      ([path, { dev, link, resolved = '' }]) =>
        path.startsWith('node_modules/') && !(dev || (link && packages[resolved]?.dev))
    )
    .map(([path, { optional = false }]) => ({ path, optional }))
}

/** Stands in for `npm ci` where no registry can be asked: takes the packages that the checkout has installed. */
export const installFrom = (checkout: string) => (folder: string, command: string) => {
  if (!isProduction(command)) {
    symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'))
    return
  }
  // No symbolic links: such a package would find the development packages beside its real place.
  for (const { path, optional } of productionPackages(checkout)) {
    if (optional && !existsSync(join(checkout, path))) continue
    const filter = (from: string, to: string) => basename(from) !== 'node_modules' && !link(from, to)
    cpSync(join(checkout, path), join(folder, path), { recursive: true, filter })
  }
}

/** Runs `npm ci` for the production packages; takes the others, which are only built with, from the checkout. */
export const installFromRegistry = (checkout: string) => (folder: string, command: string) =>
  isProduction(command) ? shell(command, folder) : installFrom(checkout)(folder, command)

const isProduction = (command: string) => command.includes(' --omit=dev')

/** Gives a file a second name, which is quicker than a copy; false where that cannot be, on another disk for example. */
export function link(from: string, to: string): boolean {
  if (!lstatSync(from).isFile()) return false
  try {
    linkSync(from, to)
    return true
  } catch {
    return false
  }
}

/** The names of the packages in a node_modules folder. */
export function installed(modules: string): string[] {
  return readdirSync(modules)
    .filter(name => !name.startsWith('.'))
    .flatMap(name => (name.startsWith('@') ? readdirSync(join(modules, name)).map(part => `${name}/${part}`) : [name]))
    .sort()
}
