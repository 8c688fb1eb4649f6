/** Starts each contender in a separate Chromium, so that contenders do not share a process, a cache or a thread. */
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

/** @param {string} executablePath of Chromium */
export const chromiumVersion = async (executablePath) => {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  const version = browser.version()
  await browser.close()
  return version
}

/** Peak memory of the largest renderer process of the browser. Linux only. */
async function peakBytes(browser) {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const peaks = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0))
  return Math.max(...peaks) * 1024
}

/** @returns a function that starts a contender on a page of the site at `address` */
export const starterOf = (executablePath, address) => async (options) => {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  const page = await browser.newPage()
  const failure = new Promise((_, reject) => page.on('pageerror', reject))
  failure.catch(() => {})
  const ask = (command, given) =>
    Promise.race([failure, page.evaluate(([c, o]) => globalThis.ask(c, o), [command, given])])
  const first = async () => {
    await page.goto(`${address}?${new URLSearchParams(options)}`)
    await page.waitForFunction(() => globalThis.first)
    return page.evaluate(() => globalThis.first)
  }
  let ended
  const end = () =>
    (ended ??= peakBytes(browser).then(async (bytes) => {
      await browser.close()
      return { peakBytes: bytes }
    }))
  try {
    return { first: await Promise.race([failure, first()]), ask, end }
  } catch (error) {
    await browser.close()
    throw error
  }
}
