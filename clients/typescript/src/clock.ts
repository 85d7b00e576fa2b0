/** Time in milliseconds, and chance, so that tests need not wait for them. */
export interface Clock {
  /** The time since 1970. */
  now(): number;
  /** A number from [0, 1). */
  random(): number;
  /** Call `action` after `ms`, unless the function that comes back is called before. */
  after(ms: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  random: Math.random,
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};
