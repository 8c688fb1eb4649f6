/**
 * What the page of `kinglet measure --browser` runs: it shows what will be measured and on what, and at the press of a
 * button measures it and sends the table back. The server (`cli/measure/server.ts`) gives the elements that are used here.
 */

import { version } from '../core/index.ts'
import {
  checkSums,
  type Device,
  engineTimer,
  entryOf,
  type LatencyTable,
  measureUnits,
  type Quartiles,
  type TableEntry,
  type TimingOptions,
  type Unit,
} from '../latency/index.ts'
import { maxThreads } from '../wasm/index.ts'
import { engineOf } from './engine.ts'
import { fromPage, type PageNetwork } from './page-network.ts'

/** What the server asks a page to measure. */
export interface PagePlan {
  readonly units: readonly Unit[]
  /** Networks that are timed as a whole, too. */
  readonly networks: readonly PageNetwork[]
  /** Default: as many as the page can have. */
  readonly threads?: number | undefined
  readonly timing: Pick<TimingOptions, 'rounds' | 'runs'>
}

/** What a page sends back. */
export interface PageAnswer {
  readonly table: LatencyTable
  /** Milliseconds of each of the networks. */
  readonly wholes: readonly Quartiles[]
}

/** What Chromium tells of itself where a page is served safely (https, or this machine's own). */
interface UserAgentData {
  readonly brands: readonly { readonly brand: string; readonly version: string }[]
  getHighEntropyValues(hints: readonly string[]): Promise<Readonly<Record<string, string>>>
}

const userAgentData = (): UserAgentData | undefined =>
  (navigator as Navigator & { readonly userAgentData?: UserAgentData }).userAgentData

/** `Pixel 8; Android 14`, or as much of it as the browser tells. */
async function thisDevice(): Promise<Device> {
  const cores = navigator.hardwareConcurrency || 1
  const data = userAgentData()
  const told = await data?.getHighEntropyValues(['model', 'platform', 'platformVersion', 'architecture'])
  // The part of the old text that names the system and, on phones, the device: (Linux; Android 10; K).
  const [, inBrackets = 'unknown system'] = /\(([^)]*)\)/.exec(navigator.userAgent) ?? []
  const system = told ? [told.platform, told.platformVersion, told.architecture].filter(Boolean).join(' ') : inBrackets
  const name = told?.model || `${system.split(/[;,]/)[0].trim()}, ${browser()}`
  return { name: name.slice(0, 200), system: system.slice(0, 200), cores }
}

/** Browser and version, which say what compiles WebAssembly. */
function browser(): string {
  const brand = userAgentData()?.brands.find(({ brand }) => !/not.?a.?brand/i.test(brand))
  if (brand) return `${brand.brand} ${brand.version}`
  const found = /(Firefox|Edg|Chrome|Version)\/(\d+)/.exec(navigator.userAgent)
  return found ? `${found[1] === 'Version' ? 'Safari' : found[1]} ${found[2]}` : 'an unknown browser'
}

const byId = <E extends HTMLElement>(id: string) => document.getElementById(id) as E
const say = (text: string) => {
  byId('status').textContent = text
}

async function measure(plan: PagePlan, threads: number, device: Device): Promise<PageAnswer> {
  const bar = byId<HTMLProgressElement>('progress')
  bar.hidden = false
  const show = (what: string) => (done: number, of: number) => {
    bar.max = of
    bar.value = done
    say(`${done} of ${of} ${what} measured`)
  }
  const entries: TableEntry[] = []
  let referenceMs = 0
  const timer = engineTimer(engineOf({ threads }))
  for await (const group of measureUnits(timer, plan.units, { ...plan.timing, onProgress: show('layers') })) {
    entries.push(...group.measured.map(({ unit, ms }) => entryOf(unit, ms)))
    referenceMs = group.referenceMs
  }
  const created = new Date().toISOString()
  const engine = `wasm on ${browser()}`
  const table = { device, engine, kinglet: version, threads, created, referenceMs, entries }
  const networks = plan.networks.map(fromPage)
  const checked = await checkSums(timer, table, networks, { ...plan.timing, onProgress: show('whole networks') })
  return { table, wholes: checked.map(({ wholeMs }) => wholeMs) }
}

/** Measures, and sends what came out. */
async function run(plan: PagePlan, threads: number, device: Device): Promise<void> {
  try {
    say('Measuring: leave this page in front.')
    const body = JSON.stringify(await measure(plan, threads, device))
    const response = await fetch('answer', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    say(response.ok ? 'Done: the table was sent, and this page can be closed.' : `Not taken: ${await response.text()}`)
  } catch (error) {
    say(`It failed: ${error instanceof Error ? error.message : error}`)
  }
}

/** Fills the page, and waits for its button. */
async function begin(): Promise<void> {
  const plan = (await (await fetch('plan.json')).json()) as PagePlan
  const device = await thisDevice()
  const most = maxThreads()
  const { threads = most, units } = plan
  byId('what').textContent =
    `${units.length} layers, ${threads} ${threads === 1 ? 'thread' : 'threads'}, on ${device.name} (${device.system}, ` +
    `${device.cores} cores), ${browser()}.`
  const button = byId<HTMLButtonElement>('start')
  if (threads > most) {
    const why = 'a page has more only from https or from its own machine'
    say(`${threads} threads were asked for, and this page can have ${most}: ${why}. Ask for --threads ${most}.`)
    return
  }
  button.disabled = false
  button.onclick = () => {
    button.disabled = true
    void run(plan, threads, device)
  }
}

begin().catch((error) => say(`It failed: ${error.message}`))
