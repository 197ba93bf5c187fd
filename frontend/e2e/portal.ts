import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Portal {
  /** Of each replica. */
  urls: string[]
  /** Of the first. */
  url: string
  stop(): Promise<void>
}

const bin = (name: string) => fileURLToPath(new URL(`../../bin/${name}`, import.meta.url))
const binary = process.env.SALLYPORT_BINARY ?? bin('sallyport')
const patience = 30_000

/** The demo on a free port, with a database that is thrown away: SQLite, or PostgreSQL with several replicas on it. */
export async function startPortal(
  on: { postgres?: boolean; replicas?: number; env?: Record<string, string> } = {},
): Promise<Portal> {
  const running: Array<() => Promise<void>> = []
  const stop = async () => {
    for (const part of running.reverse()) await part()
  }
  try {
    const databaseUrl = on.postgres ? await startPostgres(running) : ''
    const urls: string[] = []
    for (let replica = 0; replica < (on.replicas ?? 1); replica++) {
      urls.push(await startReplica(databaseUrl, running, on.env))
    }
    return { urls, url: urls[0] ?? '', stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startPostgres(running: Array<() => Promise<void>>): Promise<string> {
  const server = spawn(process.env.PGTEMP_BINARY ?? bin('pgtemp'), [], { stdio: ['pipe', 'pipe', 'inherit'] })
  running.push(() => end(server))
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`PostgreSQL ended with ${code}.`)))
    server.stdout.once('data', (chunk) => resolve(String(chunk).trim()))
  })
}

async function startReplica(
  databaseUrl: string,
  running: Array<() => Promise<void>>,
  env: Record<string, string> = {},
): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-e2e-'))
  const address = `localhost:${await freePort()}`
  const url = `http://${address}`
  const server = spawn(binary, ['serve'], {
    env: {
      ...process.env,
      SALLYPORT_DEMO: 'true',
      SALLYPORT_ADDR: address,
      SALLYPORT_BASE_URL: url,
      SALLYPORT_DATA_DIR: dataDir,
      SALLYPORT_DATABASE_URL: databaseUrl,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk) => {
      log += chunk
    })
  }
  running.push(async () => {
    await end(server)
    await rm(dataDir, { recursive: true, force: true })
  })
  try {
    await ready(url, server)
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${log}`)
  }
  return url
}

async function ready(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + patience
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`The server ended with ${server.exitCode}.`)
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('The server did not become ready.')
}

function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    server.once('exit', () => resolve())
    server.kill('SIGTERM')
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('No port.')),
      )
    })
  })
}
