import { closeSync, openSync, writeSync } from 'node:fs'
import type { Refusal } from '../core/user-import/source.ts'
import { PosternError } from '../errors.ts'

const SHOWN = 20

/** Where refused rows are told. */
export interface Report {
  add(refusal: Refusal): void
  end(): void
}

/** Writes every refusal to a file as a line of JSON, or without one the first twenty to stderr. Throws `validation_failed`. */
export function openReport(path: string | undefined): Report {
  if (path !== undefined) return toFile(path)
  let more = -SHOWN
  return {
    add({ place, name, reasons }) {
      more += 1
      if (more > 0) return
      process.stderr.write(`${place.unit} ${place.number}, ${JSON.stringify(name)}: ${reasons.join(' ')}\n`)
    },
    end() {
      if (more > 0) process.stderr.write(`and ${more} more; --report FILE has them all\n`)
    }
  }
}

function toFile(path: string): Report {
  const file = open(path)
  return {
    add({ place, id, name, reasons }) {
      writeSync(file, `${JSON.stringify({ [place.unit]: place.number, id, name, reasons })}\n`)
    },
    end: () => closeSync(file)
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'w')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new PosternError('validation_failed', { detail: `The report ${path} cannot be written (${code}).`, cause })
  }
}
