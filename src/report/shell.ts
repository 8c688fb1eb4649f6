/** The frame of all reports: head, style, large figures at the top, and provenance at the end. */
import { html, Markup } from './markup.ts'

export interface Shell {
  readonly title: string
  readonly subtitle: string | Markup
  /** Large figures at the top: a value and what it is. */
  readonly figures: readonly (readonly [value: string, meaning: string])[]
  /** How the run was made: command, seed, versions. */
  readonly provenance: readonly (readonly [string, string])[]
}

const style = new Markup(`
:root{color-scheme:light dark;--paper:#fff;--raised:#f5f6f8;--ink:#1b1f24;--soft:#5b6470;--rule:#dde1e6;--s0:#1a66c2;--s1:#b8500c;--right:#1a66c2;--wrong:#c2410c;--strong:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#14171b;--raised:#1d2127;--ink:#e8eaed;--soft:#a0a8b3;--rule:#333a43;--s0:#6eb0ff;--s1:#ffa366;--right:#3f8ae0;--wrong:#e0622a;--strong:#fff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1000px;padding:32px 20px 60px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:26px;margin:0}h2{font-size:18px;margin:40px 0 12px}
p{margin:6px 0}.soft,figcaption,dt{color:var(--soft)}
.figures,.curves,.pictures{display:grid;gap:14px}
.figures{grid-template-columns:repeat(auto-fit,minmax(150px,1fr));margin-top:22px}
.figures div{background:var(--raised);border-radius:8px;padding:12px 16px}.figures b{display:block;font-size:24px;font-weight:600}
.curves{grid-template-columns:repeat(auto-fit,minmax(320px,1fr))}
.pictures{grid-template-columns:repeat(auto-fill,minmax(210px,1fr))}
.picture{background:var(--raised);border-radius:8px;padding:10px;display:grid;grid-template-columns:72px 1fr;gap:12px;font-size:13px}
.picture img{width:72px;height:72px;image-rendering:pixelated;border-radius:4px}
.picture b{display:block}.picture .missed{color:var(--wrong)}.picture ol{margin:2px 0 0;padding:0;list-style:none}
.picture li{display:flex;justify-content:space-between;gap:8px}
figure{margin:0}svg{display:block;width:100%;height:auto}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px 4px 0;text-align:left;border-bottom:1px solid var(--rule);white-space:nowrap}th{font-weight:600;color:var(--soft)}
.n{text-align:right}.bar{width:90px;height:8px}.track{fill:var(--rule)}
tr.total td{font-weight:600;border-bottom:0}
.grid{stroke:var(--rule)}.tick,.legend,.cell{font-size:11px;fill:var(--soft)}.legend{font-size:12px;fill:var(--ink)}.cell{fill:var(--ink)}.cell.strong{fill:var(--strong)}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.line.s0{stroke:var(--s0)}.line.s1{stroke:var(--s1)}
.key.s0,.dot.s0{fill:var(--s0)}.key.s1,.dot.s1{fill:var(--s1)}
rect.right{fill:var(--right);stroke:var(--rule)}rect.wrong{fill:var(--wrong);stroke:var(--rule)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;font-size:13px}dd{margin:0;overflow-wrap:anywhere}
`)

/** Returns the whole page around `body`. */
export const wholePage = ({ title, subtitle, figures, provenance }: Shell, body: Markup): string =>
  html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
<h1>${title}</h1>
<p class="soft">${subtitle}</p>
<div class="figures">${figures.map(([value, meaning]) => html`<div><b>${value}</b><span class="soft">${meaning}</span></div>`)}</div>
${body}
<h2>How this was made</h2>
<dl>${provenance.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</html>
`.text
