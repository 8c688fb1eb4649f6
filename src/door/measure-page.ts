/**
 * The script of the page of `kinglet measure --browser`. It shows the device and the number of layers. When the user
 * presses the button, it measures the layers and sends the table to the server. The HTML of the page is in
 * `cli/measure/server.ts`.
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

/** The plan that the server sends to a page. */
export interface PagePlan {
  readonly units: readonly Unit[]
  /** Networks to time as a whole. */
  readonly networks: readonly PageNetwork[]
  /** Default: as many as the page can use. */
  readonly threads?: number | undefined
  readonly timing: Pick<TimingOptions, 'rounds' | 'runs'>
}

/** The answer of a page. */
export interface PageAnswer {
  readonly table: LatencyTable
  /** Milliseconds per image of each network. */
  readonly wholes: readonly Quartiles[]
}

/** Device information that Chromium gives to pages from https or from the same machine. */
interface UserAgentData {
  readonly brands: readonly { readonly brand: string; readonly version: string }[]
  getHighEntropyValues(hints: readonly string[]): Promise<Readonly<Record<string, string>>>
}

const userAgentData = (): UserAgentData | undefined =>
  (navigator as Navigator & { readonly userAgentData?: UserAgentData }).userAgentData

/** Describes this device, as far as the browser discloses it. */
async function thisDevice(): Promise<Device> {
  const cores = navigator.hardwareConcurrency || 1
  const data = userAgentData()
  const told = await data?.getHighEntropyValues(['model', 'platform', 'platformVersion', 'architecture'])
  // The part of the user agent string that names the system and, on phones, the device: (Linux; Android 10; K).
  const [, inBrackets = 'unknown system'] = /\(([^)]*)\)/.exec(navigator.userAgent) ?? []
  const system = told ? [told.platform, told.platformVersion, told.architecture].filter(Boolean).join(' ') : inBrackets
  const name = told?.model || `${system.split(/[;,]/)[0].trim()}, ${browser()}`
  return { name: name.slice(0, 200), system: system.slice(0, 200), cores }
}

/** Browser and version, which identify the compiler of WebAssembly. */
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

/** Measures the plan and sends the answer. */
async function run(plan: PagePlan, threads: number, device: Device): Promise<void> {
  try {
    say('Measuring. Keep this page in the foreground.')
    const body = JSON.stringify(await measure(plan, threads, device))
    const response = await fetch('answer', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    say(response.ok ? 'Done: the table was sent. You can close this page.' : `Refused: ${await response.text()}`)
  } catch (error) {
    say(`Failed: ${error instanceof Error ? error.message : error}`)
  }
}

/** Fills the page and enables its button. */
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
    const why = 'a page can use more only over https or on the same machine'
    say(`The command asks for ${threads} threads, this page can use ${most}: ${why}. Use --threads ${most}.`)
    return
  }
  button.disabled = false
  button.onclick = () => {
    button.disabled = true
    void run(plan, threads, device)
  }
}

begin().catch((error) => say(`Failed: ${error.message}`))
