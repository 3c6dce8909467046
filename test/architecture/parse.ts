import type * as ts from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'

/** One source file as the rules see it. */
export interface Source {
  /** From the top of the project, with slashes. */
  path: string
  text: string
  tree: ts.SourceFile
}

/** Reads sources with the compiler of the project, from memory alone. */
export function createParser() {
  const texts = new Map<string, string>()
  let folders = 0
  const api = new API({
    cwd: '/',
    fs: {
      readFile: name => texts.get(name) ?? null,
      fileExists: name => texts.has(name),
      directoryExists: () => true,
      getAccessibleEntries: () => ({ files: [], directories: [] }),
      realpath: name => name
    }
  })

  return {
    /** Parses files that are given as a map from paths to texts. */
    parse(files: Record<string, string>): Source[] {
      const root = `/${folders++}`
      const settings = { compilerOptions: { noResolve: true, noLib: true, types: [] }, files: Object.keys(files) }
      texts.set(`${root}/tsconfig.json`, JSON.stringify(settings))
      for (const [path, text] of Object.entries(files)) texts.set(`${root}/${path}`, text)
      const project = api
        .updateSnapshot({ openProjects: [`${root}/tsconfig.json`] })
        .getProject(`${root}/tsconfig.json`)
      return Object.entries(files).map(([path, text]) => {
        const tree = project?.program.getSourceFile(`${root}/${path}`)
        if (!tree) throw new Error(`the compiler did not read ${path}`)
        return { path, text, tree }
      })
    },
    close: () => api.close()
  }
}

/** All nodes below one, in order. */
export function* within(node: ts.Node): Generator<ts.Node> {
  const children: ts.Node[] = []
  node.forEachChild(child => void children.push(child))
  for (const child of children) {
    yield child
    yield* within(child)
  }
}
