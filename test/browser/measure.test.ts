/** The page of `kinglet measure --browser` in Chromium: with threads, and as a phone has it, without. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MeasureServer, serveMeasurePage } from '../../src/cli/measure/server.ts'
import { latencyOf, planOf, unitsOf } from '../../src/latency/index.ts'
import { build } from '../../src/models/index.ts'
import { ensureBuilt } from '../support/built.ts'
import { optional } from '../support/optional.ts'
import { openPages, type Pages } from './page.ts'

const chromium = optional('chromium')
const model = build('mobilenet_v1_shallow', { width: 0.1, size: 16, reduction: 4, classes: 3 })
const all = planOf(unitsOf(model))

describe.skipIf(!chromium)('the page that measures', () => {
  let pages: Pages
  const servers: MeasureServer[] = []

  beforeAll(async () => {
    ensureBuilt()
    pages = await openPages(chromium!, {})
  })
  afterAll(async () => {
    for (const server of servers) server.close()
    await pages?.close()
  })

  /** Serves a plan, and opens its page; `isolated`: with the headers by which threads share memory. */
  async function open(units: typeof all, threads: number | undefined, isolated: boolean) {
    const networks = units === all ? [model.architecture] : []
    const plan = { units, networks, threads, timing: { rounds: 1, runs: 1 } }
    const server = await serveMeasurePage(plan, { host: '127.0.0.1', port: 0 })
    servers.push(server)
    const page = await pages.open()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    const [address] = server.addresses
    // What a page over plain http from another machine is: not isolated, whatever its headers say.
    if (!isolated)
      await page.route(address, async (route) => {
        const response = await route.fetch()
        const { 'cross-origin-opener-policy': _, 'cross-origin-embedder-policy': __, ...headers } = response.headers()
        await route.fulfill({ response, headers })
      })
    await page.goto(address)
    expect(await page.evaluate('crossOriginIsolated')).toBe(isolated)
    return { server, page, errors }
  }

  const status = (page: Page) => page.locator('#status').textContent()
  // Asked from here: the page's policy refuses the text of a function, which is what waiting inside it sends.
  const reads = (page: Page, text: unknown) => expect.poll(() => status(page), { timeout: 30_000 }).toEqual(text)

  test('one thread, not isolated: says what will run, and runs at the press of a button', async () => {
    const { server, page, errors } = await open(all, undefined, false)
    await page.waitForSelector('#start:enabled')
    expect(await page.locator('#what').textContent()).toMatch(
      new RegExp(`^${all.length} layers, 1 thread, on .*Chrom\\w+ \\d+.* cores\\), .*Chrom\\w+ \\d+\\.$`),
    )
    expect(await status(page)).toBe('')
    await page.click('#start')
    const { table, wholes } = await server.answer
    expect(wholes).toHaveLength(1)
    expect(wholes[0].median).toBeGreaterThan(0)
    expect(table).toMatchObject({ threads: 1, engine: expect.stringMatching(/^wasm on .*Chrom\w+ \d+$/) })
    expect(latencyOf(table, model)).toBeGreaterThan(0)
    await reads(page, expect.stringMatching(/^Done/))
    expect(errors).toEqual([])
    await page.close()
  })

  test('two threads, isolated', async () => {
    const few = all.filter(({ kind }) => kind === 'run' || kind === 'pool')
    const { server, page, errors } = await open(few, 2, true)
    await page.click('#start:enabled')
    expect((await server.answer).table.threads).toBe(2)
    expect(errors).toEqual([])
    await page.close()
  })

  test('more threads than a page can have: it says why, and measures nothing', async () => {
    const { page } = await open(all, 2, false)
    await reads(
      page,
      'The command asks for 2 threads, this page can use 1: a page can use more only over https or on the same machine. ' +
        'Use --threads 1.',
    )
    expect(await page.locator('#start').isDisabled()).toBe(true)
    await page.close()
  })
})
