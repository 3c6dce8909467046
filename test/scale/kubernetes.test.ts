import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { readEnvironment, resolveConfig } from '../../src/config.ts'
import { environmentName, properties } from '../../src/options.ts'
import { parseDockerfile, type Stage, textsOf } from '../delivery/dockerfile.ts'
import { build } from '../helper.ts'

const top = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(top, path), 'utf8')
const guide = read('docs/kubernetes.md')
const [, inGuide = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(guide) ?? []

interface Container {
  name: string
  ports: Array<{ name: string; containerPort: number }>
  env: Array<{ name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }>
  volumeMounts: Array<{ name: string; mountPath: string }>
  lifecycle?: { preStop: { exec: { command: string[] } } }
  [other: string]: unknown
}

type Pod = Record<string, unknown> & { containers: Container[] }

interface Manifest {
  kind: string
  spec: Record<string, unknown> & { template: { metadata: { labels: object }; spec: Pod } }
}

/** The manifests of a text. Throws where it is no YAML. */
function manifests(yaml: string): Manifest[] {
  return [...parseAllDocuments(yaml)].map(document => {
    if ('errors' in document && document.errors[0]) throw document.errors[0]
    return document.toJS()
  })
}

const standalone = manifests(read('examples/kubernetes/postern.yaml'))
const deployments = { 'beside an application': manifests(inGuide)[0], alone: standalone[0] }
const posternOf = (deployment: Manifest | undefined): Container =>
  deployment?.spec.template.spec.containers.find(({ name }) => name === 'postern') as Container

for (const [name, deployment] of Object.entries(deployments)) {
  t.test(`the Deployment ${name}`, async t => {
    const postern = posternOf(deployment)
    const pod: Record<string, unknown> = deployment?.spec.template.spec ?? {}

    await t.test('has settings that exist, and that the service starts with', async t => {
      const known = Object.keys(properties).map(environmentName)
      t.same(
        postern.env.map(({ name }) => name).filter(name => !known.includes(name)),
        []
      )
      const secrets: Record<string, string> = {
        DATABASE_URL: 'postgres://auth:0@postgres/auth',
        REDIS_URL: 'redis://redis',
        SMTP_URL: 'smtp://mail'
      }
      const values = postern.env.map(({ name, value = secrets[name] }) => [name, value])
      const { port } = resolveConfig(readEnvironment(Object.fromEntries(values)))
      t.same(
        postern.ports.map(({ containerPort }) => containerPort),
        [port]
      )
      for (const { valueFrom } of postern.env)
        if (valueFrom) t.match(guide, `${valueFrom.secretKeyRef.key}=`, 'the guide makes what it refers to')
    })

    await t.test('is closed up', async t => {
      t.match(pod, {
        enableServiceLinks: false,
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } }
      })
      t.match(postern, {
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] }
        },
        resources: { requests: { memory: /Mi$/ }, limits: { memory: /Mi$/ } }
      })
      const volumes = (pod.volumes as Array<{ name: string }>).map(({ name }) => name)
      for (const mount of postern.volumeMounts) t.ok(volumes.includes(mount.name), mount.name)
    })

    await t.test('is asked where the service answers, and has the time that it takes to end', async t => {
      const app = await build(t)
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const { path, port } = (postern[probe] as { httpGet: { path: string; port: string } }).httpGet
        t.equal((await app.inject(path)).statusCode, 200)
        t.equal(port, postern.ports[0]?.name)
      }
      const pause = Number(postern.lifecycle?.preStop.exec.command[1] ?? 0)
      t.ok(Number(pod.terminationGracePeriodSeconds) > pause + 10)
    })
  })
}

t.test('what belongs to the stand-alone Deployment is for its pods', async t => {
  t.same(
    standalone.map(({ kind }) => kind),
    ['Deployment', 'Service', 'PodDisruptionBudget', 'NetworkPolicy']
  )
  const [deployment, service, budget, policy] = standalone as [Manifest, Manifest, Manifest, Manifest]
  const labels = deployment.spec.template.metadata.labels
  t.same((deployment.spec.selector as { matchLabels: object }).matchLabels, labels)
  t.same(service.spec.selector, labels)
  t.same((budget.spec.selector as { matchLabels: object }).matchLabels, labels)
  t.same((policy.spec.podSelector as { matchLabels: object }).matchLabels, labels)
  t.equal((service.spec.ports as Array<{ targetPort: string }>)[0]?.targetPort, posternOf(deployment).ports[0]?.name)
  const [user] = textsOf(parseDockerfile(read('Dockerfile')).at(-1) as Stage, 'USER')
  t.equal(user, 'node', 'whose number is 1000')
})

t.test('a Service named auth would stop the start, were it not for enableServiceLinks', async t => {
  const linked = { AUTH_SERVICE_HOST: '10.0.0.1', AUTH_PORT: 'tcp://10.0.0.1:80' }
  t.throws(() => resolveConfig(readEnvironment(linked)), { message: /AUTH_SERVICE_HOST/ })
})
