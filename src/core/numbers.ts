/** A number that is neither NaN nor infinite. */
export const isNumber = (n: unknown): n is number => typeof n === 'number' && Number.isFinite(n)
