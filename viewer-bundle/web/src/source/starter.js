// Keeps the program that serves this page alive while it is open, and lets it end when it is closed.

/** Milliseconds between two signs of life; the program waits for three minutes. */
const OFTEN = 15_000;

/** Whether the program opened the page: `…?starter`. */
export const isStarted = () => location.search === '?starter';

export function keepStarterAlive() {
  if (!isStarted()) { return; }
  const root = new URL('..', location.href).href;
  // When it has gone, the next image says so.
  setInterval(() => { fetch(`${root}alive`).catch(() => null); }, OFTEN);
  window.addEventListener('pagehide', () => navigator.sendBeacon(`${root}bye`));
}
