import { setTimeout as sleep } from 'node:timers/promises'
import type { Experiment, Need } from '../harness/experiment.ts'
import { promote } from '../postgres/standby.ts'
import { carryOut, type Harm } from '../postgres/trials.ts'

const holds = 'nothing acknowledged is lost or done twice, errors are 503, ready again in 3 s, no connection leaks'
const needs: Need[] = ['postgres']

/** Ends a few connections of the instances, whatever they are doing. */
const KILL = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'postern' ORDER BY random() LIMIT 4
`

const restart: Harm = async ({ server }, trial) => {
  await server.stop(trial % 2 === 0 ? 'immediate' : 'fast')
  await server.start()
  return 1
}

const killBackends: Harm = async ({ query }) => {
  let killed = 0
  for (let round = 0; round < 10; round++) {
    killed += (await query(KILL)).length
    await sleep(150)
  }
  return killed
}

/** A transaction ends with COMMIT, and what is one statement with its answer. */
const loseAnswers: Harm = async ({ passage }) => {
  let lost = 0
  for (let round = 0; round < 12; round++) {
    const happened = passage.loseAnswerTo(round % 2 === 0 ? 'COMMIT' : 'session_rotate')
    for (let patience = 0; happened() === 0 && patience < 100; patience++) await sleep(10)
    lost += happened()
  }
  return lost
}

const dropFeed: Harm = async ({ passage }, trial) => {
  if (trial % 2 === 1) passage.deafen()
  for (let round = 0; round < 4; round++) {
    passage.cut('listeners')
    await sleep(300)
  }
  return 4
}

const failOver: Harm = async deployment => {
  await promote(deployment)
  return 1
}

/** What can happen to a Postgres server, and on the way to it, while two instances are under load. */
export const postgresExperiments: Experiment[] = [
  {
    name: 'postgres-restart',
    title: 'Postgres stopped (fast, or as in a crash) and started again under load',
    holds,
    needs,
    trials: 20,
    quick: 2,
    run: context => carryOut(context, restart)
  },
  {
    name: 'postgres-backends',
    title: 'Connections ended by the Postgres server under load',
    holds,
    needs,
    trials: 20,
    quick: 1,
    run: context => carryOut(context, killBackends)
  },
  {
    name: 'postgres-commit',
    title: 'Connection cut between a commit and its answer',
    holds,
    needs,
    trials: 20,
    quick: 1,
    run: context => carryOut(context, loseAnswers)
  },
  {
    name: 'postgres-promotion',
    title: 'Primary killed, synchronous standby promoted under load',
    holds,
    needs,
    trials: 10,
    quick: 1,
    run: context => carryOut(context, failOver)
  },
  {
    name: 'postgres-feed',
    title: 'Connection for notifications cut, and notifications dropped',
    holds,
    needs,
    trials: 10,
    quick: 1,
    run: context => carryOut(context, dropFeed)
  }
]
