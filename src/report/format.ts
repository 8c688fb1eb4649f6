/** Formats numbers for tables, progress lines and reports. */

/** 216,589,760 */
export const count = (n: number): string => n.toLocaleString('en-US')

/** 216.6 M: three or four significant digits. */
export function short(n: number): string {
  const units: readonly (readonly [number, string])[] = [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ]
  const [unit, name] = units.find(([size]) => Math.abs(n) >= size * 0.9995) ?? [1, '']
  const value = n / unit
  return name ? value.toFixed(value < 10 ? 2 : 1) + name : String(n)
}

/** 1.5 MiB */
export const bytes = (n: number): string =>
  n < 1024 ? `${n} B` : n < 1024 ** 2 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 1024 ** 2).toFixed(1)} MiB`

/** 94.86 % */
export const percent = (fraction: number, digits = 2): string => `${(100 * fraction).toFixed(digits)} %`

/** 1:05, or 1:02:03 */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  const pad = (n: number) => String(n).padStart(2, '0')
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`
}
