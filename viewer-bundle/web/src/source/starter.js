// Keeps the program that serves this page alive while it is open, and lets it end when it is closed.

/** Milliseconds between two signs of life; the program waits for three minutes. */
const OFTEN = 15_000;
/** Milliseconds to the first one: less than the program waits after a page was closed. */
const SOON = 2_000;

/** Whether the program serves the page: on loopback, below its secret. Pages of the package lead here without its query. */
export const isStarted = () => location.hostname === '127.0.0.1' && /^\/[0-9a-f]{32}\//.test(location.pathname);

export function keepStarterAlive() {
  if (!isStarted()) { return; }
  const root = new URL('..', location.href).href;
  // The end of this tab is not that of another one.
  const tab = Math.random().toString(36).slice(2);
  // When it has gone, the next image says so.
  const sayAlive = () => { fetch(`${root}alive/${tab}`).catch(() => null); };
  setInterval(sayAlive, OFTEN);
  // The page that was here before, loaded anew, may say late that it is closed.
  setTimeout(sayAlive, SOON);
  // Whoever follows a link to the pages of the package reads on.
  let isFollowed = false;
  document.addEventListener('click', ({ target }) => {
    const link = target.closest?.('a[href]');
    isFollowed = Boolean(link) && link.href.startsWith(root) && link.target !== '_blank';
  });
  window.addEventListener('pageshow', () => { isFollowed = false; });
  window.addEventListener('pagehide', () => { navigator.sendBeacon(`${root}${isFollowed ? 'moved' : 'bye'}/${tab}`); });
}
