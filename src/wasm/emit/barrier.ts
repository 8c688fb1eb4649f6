/**
 * The barrier between the steps of a program: a counter of arrivals, and a generation that the last arrival advances.
 * The other threads poll the generation for a short time, because threads mostly arrive together, and then sleep on it.
 */
import { type Func, i32, type ModuleBuilder } from '../assembler/index.ts'
import { control, spins } from '../runtime/control.ts'

/**
 * Emits `barrier(threads)`: no thread returns before all have called it. With one thread it returns immediately; in a
 * module without shared memory it is empty. Traps when the stop word is set: a failed thread or a disposed program ends
 * the run of all its threads.
 */
export function emitBarrier(m: ModuleBuilder): Func<readonly ['i32'], readonly []> {
  if (!m.shared) return m.func(['i32'], [], () => {})

  // A separate function, with nothing live across the wait: see `i32.atomicWait`.
  const sleep = m.func(['i32'], [], (f, generation) => {
    f.drop(i32.atomicWait(0, generation, -1, control.generation))
  })

  return m.func(['i32'], [], (f, threads) => {
    f.if(i32.leU(threads, 1), () => f.return())
    const present = i32.atomicLoad(0, control.generation)
    // Read it before the arrival is counted: afterwards the last arrival may advance it at any time.
    const generation = f.let(present)
    f.if(i32.eq(i32.atomicRmwAdd(0, 1, control.arrived), i32.sub(threads, 1)), () => {
      f.atomicStore(0, 0, control.arrived)
      f.drop(i32.atomicRmwAdd(0, 1, control.generation))
      f.drop(i32.atomicNotify(0, -1, control.generation))
      f.return()
    })
    const patience = f.let(i32.const(spins))
    f.while(
      () => i32.and(i32.eq(present, generation), i32.ne(patience, 0)),
      () => f.set(patience, i32.sub(patience, 1)),
    )
    // A thread that stops the program sets `stop` before it advances the generation, so one of the two is always seen.
    const stop = i32.atomicLoad(0, control.stop)
    f.while(
      () => i32.and(i32.eq(present, generation), i32.eqz(stop)),
      () => f.call(sleep, generation),
    )
    f.if(stop, () => f.unreachable())
  })
}
