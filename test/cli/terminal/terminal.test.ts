import { expect, test } from 'vitest'
import { Progress } from '../../../src/cli/terminal/progress.ts'
import { paint, table } from '../../../src/cli/terminal/terminal.ts'
import { bytes, count, duration, percent, short } from '../../../src/report/format.ts'
import { fakeIo } from '../fake-io.ts'

test('numbers are formatted for readers', () => {
  expect(count(216589760)).toBe('216,589,760')
  expect([short(216589760), short(5483032), short(950), short(999_999), short(1_234_567_890)]).toEqual([
    '216.6 M',
    '5.48 M',
    '950',
    '1.00 M',
    '1.23 G',
  ])
  expect([bytes(12), bytes(1536), bytes(3 * 1024 ** 2)]).toEqual(['12 B', '1.5 KiB', '3.0 MiB'])
  expect(percent(0.94861)).toBe('94.86 %')
  expect([duration(0.4), duration(65), duration(3723)]).toEqual(['0:00', '1:05', '1:02:03'])
})

test('a table aligns numbers right and text left, and separates its total', () => {
  const columns = [
    { title: 'layer', cell: (r: [string, number]) => r[0] },
    { title: 'MACs', cell: (r: [string, number]) => r[1] },
  ]
  expect(
    table(
      columns,
      [
        ['stem', 1200],
        ['head', 7],
      ],
      ['total', 1207],
    ),
  ).toEqual(['layer   MACs', '-----  -----', 'stem   1,200', 'head       7', '-----  -----', 'total  1,207'])
})

test('colours appear on a terminal only, and not with NO_COLOR', () => {
  const terminal = fakeIo({ isTTY: true })
  expect(paint(terminal, terminal.stdout, 'red', 'x')).toBe('\x1b[31mx\x1b[0m')
  const plain = fakeIo({ isTTY: true, env: { NO_COLOR: '1' } })
  expect(paint(plain, plain.stdout, 'red', 'x')).toBe('x')
  const pipe = fakeIo()
  expect(paint(pipe, pipe.stdout, 'red', 'x')).toBe('x')
})

const state = (done: number) => ({ done, total: 100, title: 'epoch 1/2', text: 'loss 0.5  80 images/s' })

test('on a terminal the bar is redrawn in place, and clear removes it', () => {
  const io = fakeIo({ isTTY: true, columns: 80, env: { NO_COLOR: '1' } })
  let now = 0
  const progress = new Progress(io, () => now)
  progress.update(state(0))
  now = 10_000
  progress.update(state(50))
  now = 10_010
  progress.update(state(51))
  progress.clear()
  const writes = io.errors.split('\r\x1b[K').slice(1)
  expect(writes).toHaveLength(3)
  expect(writes[1]).toMatch(/^epoch 1\/2 {2}━+─+ {2}loss 0.5 {2}80 images\/s {2}0:10 left$/)
  expect(writes[1].length).toBeLessThan(80)
  expect(writes[2]).toBe('')
})

test('elsewhere only whole lines appear, at most one in 30 seconds', () => {
  const io = fakeIo()
  let now = 0
  const progress = new Progress(io, () => now)
  for (let done = 0; done <= 100; done++, now += 1000) progress.update(state(done))
  progress.line('epoch 1/2 done')
  expect(io.errors).toBe(
    'epoch 1/2 30 %  loss 0.5  80 images/s  1:10 left\n' +
      'epoch 1/2 60 %  loss 0.5  80 images/s  0:40 left\n' +
      'epoch 1/2 90 %  loss 0.5  80 images/s  0:10 left\n' +
      'epoch 1/2 done\n',
  )
})
