import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { searchPage } from '../../src/door/reports/search.ts'
import { ticks } from '../../src/report/charts.ts'
import { html } from '../../src/report/markup.ts'
import { reportPage } from '../../src/report/page.ts'
import { algorithmOf, defineSpace, type StoredTrial, studyOf } from '../../src/search/index.ts'
import { optional } from '../support/optional.ts'
import { reportData } from './report-data.ts'

test('values in markup are escaped, markup itself is not', () => {
  const hostile = `<script>"&'`
  expect(html`<b title="${hostile}">${html`<i>${hostile}</i>`}</b>${[1, 'a']}${undefined}`.text).toBe(
    '<b title="&lt;script&gt;&quot;&amp;&#39;"><i>&lt;script&gt;&quot;&amp;&#39;</i></b>1a',
  )
})

test('ticks are round and cover the range', () => {
  expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
  expect(ticks(0.31, 1.9)).toEqual([0, 0.5, 1, 1.5, 2])
  expect(ticks(3, 3)[0]).toBeLessThanOrEqual(3)
})

test('a report loads nothing from outside', () => {
  const page = reportPage(reportData)
  expect(page).toContain('A &lt;small&gt; network &amp; &quot;friends&quot;')
  const outside = [...page.matchAll(/(?:src|href|url\()\s*=?\s*["']?([^"')>\s]+)/g)].map((m) => m[1])
  expect(outside.filter((url) => !url.startsWith('data:'))).toEqual([])
})

describe('the report of a search', () => {
  const space = defineSpace('widths', { width: { kind: 'integer', low: 1, high: 9 } })
  const objectives = [
    { name: 'accuracy', direction: 'maximize' },
    { name: 'macs', direction: 'minimize' },
  ] as const
  const evaluator = { name: 'training', objectives, evaluate: async () => ({ values: [0, 0] }) }
  /** Trials with their accuracy and multiply-adds; the budget is 50 multiply-adds. */
  const pageOf = (values: readonly (readonly [number, number])[], options = {}) => {
    const algorithm = algorithmOf('random', options)
    const study = studyOf({ name: 'toy', trials: 9, space, algorithm, evaluator, budgets: { macs: 50 } })
    const trials = values.map(
      ([accuracy, macs], number): StoredTrial => ({
        ...{ number, point: { width: number + 1 }, state: 'complete', reports: [], tries: 1, held: false, worker: '' },
        ...{ values: [accuracy, macs], violations: [macs - 50] },
      }),
    )
    const problem = { space, objectives, seed: 0 }
    const show = (_: unknown, value: number) => `<${value}>`
    return searchPage({ study, problem, trials, show, models: new Map(), provenance: [] })
  }
  const circles = (page: string) => [...page.matchAll(/<circle class="dot s0"/g)].length

  test('untrained networks above a budget are not drawn at 0 %', () => {
    const page = pageOf([
      [0.7, 20],
      [0, 90],
      [0.8, 40],
      [0, 400],
    ])
    // Two charts: the front and the history.
    expect(circles(page)).toBe(4)
    expect(page).toContain('>20<')
    expect(page).not.toContain('>400<')
    expect(page).toContain('It covers the trials that met the budgets')
    expect(circles(pageOf([[0, 90]]))).toBe(0)
    expect(pageOf([[0, 90]])).toContain('No trial met the budgets.')
    expect(pageOf([[0, 90]])).not.toContain('of the best')
  })

  test('its figures are those of the highest reward, if there is a reward', () => {
    const values = [[0.9, 50] as const, [0.8, 10] as const]
    const best = (page: string) => /<b>&lt;([\d.]+)&gt;<\/b>/.exec(page)?.[1]
    const reward = { kind: 'mnasnet', value: 'accuracy', cost: 'macs', target: 10, alpha: 0, beta: -1 }
    expect([best(pageOf(values)), best(pageOf(values, { reward }))]).toEqual(['0.9', '0.8'])
  })
})

const browserPath = optional('chromium')

test.skipIf(!browserPath)('a report opens from the disk, dark and light, with every chart drawn', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kinglet-report-'))
  writeFileSync(join(folder, 'report.html'), reportPage(reportData))
  const browser = await chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox'] })
  try {
    const background: string[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ colorScheme, viewport: { width: 390, height: 800 } })
      const trouble: string[] = []
      page.on('pageerror', (e) => trouble.push(e.message))
      page.on('console', (m) => trouble.push(m.text()))
      page.on('request', (r) => r.url().startsWith('data:') || trouble.push(r.url()))
      const url = pathToFileURL(join(folder, 'report.html')).href
      await page.goto(url)
      expect(trouble).toEqual([url])
      const seen = await page.evaluate(() => ({
        background: getComputedStyle(document.body).backgroundColor,
        pictures: [...document.images].filter((i) => i.naturalWidth > 0).length,
        emptyCharts: [...document.querySelectorAll('svg')].filter((s) => s.getBoundingClientRect().width < 1).length,
        isTooWide: document.documentElement.scrollWidth > innerWidth,
        badNumbers: document.body.innerHTML.match(/NaN|Infinity|undefined/)?.[0],
      }))
      background.push(seen.background)
      expect(seen).toMatchObject({ pictures: 10, emptyCharts: 0, isTooWide: false })
      expect(seen.badNumbers).toBeUndefined()
    }
    expect(background).toEqual(['rgb(255, 255, 255)', 'rgb(20, 23, 27)'])
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true })
  }
})
