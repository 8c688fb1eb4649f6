/** Starts contenders as processes of their own. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const module = fileURLToPath(new URL('contender.js', import.meta.url))

/**
 * Starts a process that opens a model and answers once. `ask` sends it a command, `end` ends it; rejects with what the
 * runtime said when it cannot.
 */
export async function startContender(options) {
  const child = fork(module, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' })
  const ask = (command, given = {}) =>
    new Promise((resolve, reject) => {
      const exited = (code) => reject(new Error(`the process ended with exit code ${code}`))
      child.once('exit', exited)
      child.once('message', ({ ok, error }) => {
        child.off('exit', exited)
        if (error) reject(new Error(error))
        else resolve(ok)
      })
      child.send({ command, ...given })
    })
  let ended
  const end = () => (ended ??= ask('end'))
  try {
    return { first: await ask('open', options), ask, end }
  } catch (error) {
    child.kill()
    throw error
  }
}
