/**
 * Yields to the event loop. An engine on the calling thread resolves immediately, so thousands of its steps would
 * never let a timer, a key press or an interrupt be handled. A message arrives sooner than a timer, and works the same
 * in Node, pages and workers.
 */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
