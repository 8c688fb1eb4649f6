/** Contenders as processes that answer messages: Node processes by their channel, others by lines of JSON. */
import { fork, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Opens the contender behind `send` and `onMessage`, and matches its messages with requests. */
async function opened(child, send, onMessage, options) {
  let waiting
  onMessage(({ ok, error }) => (error ? waiting?.reject(new Error(error)) : waiting?.resolve(ok)))
  child.on('error', (error) => waiting?.reject(error))
  child.on('exit', (code) => waiting?.reject(new Error(`the process ended with exit code ${code}`)))
  const ask = (command, given = {}) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject }
      send({ command, ...given })
    })
  let ended
  const end = () => {
    ended ??= ask('end')
    return ended
  }
  try {
    return { first: await ask('open', options), ask, end }
  } catch (error) {
    child.kill()
    throw error
  }
}

/** Starts a Node process that runs `module`, and opens it with `options`. Rejects with the reason when that fails. */
export function startNode(module, options) {
  const child = fork(module, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' })
  return opened(
    child,
    (message) => child.send(message),
    (listen) => child.on('message', listen),
    options,
  )
}

/** The same for another program. It reads one line of JSON for each message and writes one for each answer. */
export function startProgram(command, args, options) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  child.stdin.on('error', () => {})
  return opened(
    child,
    (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    (listen) => lines.on('line', (line) => listen(JSON.parse(line))),
    options,
  )
}
