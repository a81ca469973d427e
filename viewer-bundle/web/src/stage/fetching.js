// Brings the images of the series that are shown into memory before somebody scrolls to them.
import { cache } from '@cornerstonejs/core';
import { capacity, imageOf } from '../image/loader.js';

/** Images that are read and decoded at the same time. */
const AT_ONCE = 3;
/** How much of the memory for images is filled ahead; the rest is for what is looked at again. */
const SHARE = 0.8;

export class Fetching {
  running = 0;
  failed = new Set();
  queue = [];

  /** Images around a place come first; those of earlier wishes are dropped. */
  want(ids, place) {
    const order = ids.map((id, index) => ({ id, far: index >= place ? index - place : (place - index) * 2 })).sort((a, b) => a.far - b.far);
    this.queue = order.map(({ id }) => id).filter((id) => !this.failed.has(id) && !cache.isLoaded(id));
    while (this.running < AT_ONCE && this.next()) { /* as many as may run */ }
  }

  next() {
    if (cache.getCacheSize() > capacity() * SHARE) { this.queue = []; }
    const id = this.queue.shift();
    if (!id) { return false; }
    this.running += 1;
    imageOf(id)
      // Whoever goes there is told why it cannot be shown.
      .catch(() => this.failed.add(id))
      .finally(() => { this.running -= 1; this.next(); });
    return true;
  }
}
