/**
 * Lets the event loop turn: an engine that works on the calling thread answers at once, and a run of thousands of
 * such steps would never let a timer, a key press or an interrupt come through. A message comes sooner than a timer,
 * and is the same in Node, pages and workers.
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
