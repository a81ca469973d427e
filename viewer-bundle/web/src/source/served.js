// The package behind the address of this page: the starter or the portal serves it, one file at a time.
import { Problem } from '../problem.js';

/** @param {string} root the address of the folder with the DICOMDIR, ending in a slash */
export function servedSource(root) {
  const address = (path) => root + path.split('/').map(encodeURIComponent).join('/');
  return {
    others: 0,
    async read(path) {
      let answer;
      try {
        answer = await fetch(address(path), { credentials: 'same-origin' });
      } catch {
        throw new Problem('serverGone');
      }
      if (!answer.ok) { throw new Problem(answer.status === 404 ? 'fileMissing' : 'serverRefused', { status: answer.status }); }
      return answer.arrayBuffer();
    },
    async address(path) { return address(path); },
    close() {},
  };
}
