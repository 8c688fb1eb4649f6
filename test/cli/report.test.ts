import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'
import { ticks } from '../../src/cli/report/charts.ts'
import { html } from '../../src/cli/report/markup.ts'
import { reportPage } from '../../src/cli/report/page.ts'
import { optional } from '../support/optional.ts'
import { reportData } from './report-data.ts'

test('what is put into markup is escaped, markup itself is not', () => {
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

test('a report asks for nothing outside of it', () => {
  const page = reportPage(reportData)
  expect(page).toContain('A &lt;small&gt; network &amp; &quot;friends&quot;')
  const outside = [...page.matchAll(/(?:src|href|url\()\s*=?\s*["']?([^"')>\s]+)/g)].map((m) => m[1])
  expect(outside.filter((url) => !url.startsWith('data:'))).toEqual([])
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
