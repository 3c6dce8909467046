import { PosternError } from '../errors.ts'

/** A file that cannot be imported at all; the sentence tells a person what is wrong with it. */
export const fileProblem = (sentence: string, cause?: unknown): PosternError =>
  new PosternError('validation_failed', { detail: sentence, cause })
