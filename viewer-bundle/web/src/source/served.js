// The package behind the address of this page: the starter or the portal serves it, one file at a time.
import { Problem } from '../problem.js';
import { fetched } from './ahead.js';
import { isStarted } from './starter.js';

/** @param {string} root the address of the folder with the DICOMDIR, ending in a slash */
export function servedSource(root) {
  const address = (path) => {
    const names = path.split('/');
    // A DICOMDIR that somebody made must not lead out of the package.
    if (names.some((name) => /^\.*$/.test(name))) { throw new Problem('notDicom'); }
    return root + names.map(encodeURIComponent).join('/');
  };
  // The starter serves a folder that somebody unpacked; anything else is the portal.
  const isFolder = isStarted();
  // A recipient of the portal: a share ends, is taken back, asks for its PIN again.
  const isShared = /\/shared\//.test(new URL(root).pathname);
  return {
    others: 0,
    isServed: true,
    async read(path) {
      const place = address(path);
      let answer;
      try {
        answer = await fetched(place);
      } catch {
        throw new Problem(isFolder ? 'starterGone' : 'portalGone');
      }
      // The portal leads whoever is logged out to its first page.
      if (answer.redirected) { throw new Problem(isShared ? 'shareClosed' : 'loggedOut'); }
      if (answer.status === 404) { throw new Problem(isFolder ? 'fileMissing' : isShared ? 'shareClosed' : 'entryMissing'); }
      if (!answer.ok) { throw new Problem('serverRefused', { status: answer.status }); }
      return answer.arrayBuffer();
    },
    async address(path) {
      try { return address(path); } catch { return null; }
    },
    close() {},
  };
}
