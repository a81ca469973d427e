// The workers that decode frames, and how long they may take.
import { getWebWorkerManager } from '@cornerstonejs/core';
import { Problem } from '../problem.js';
import workerText from 'decode-worker';

/** The name under which the image loader of Cornerstone3D asks for its worker. */
const WORKER = 'dicomImageLoader';
/** A frame that takes longer is given up: some damaged streams never end. Milliseconds. */
const LONGEST = 30_000;

let giveUp;
let workersEnded = new Promise(() => {});

/** A worker that was begun before anybody asked for it: it reads its script while the directory is read. */
let early = null;

function startWorker() {
  const worker = early ?? beginWorker();
  early = null;
  return worker;
}

/** A worker from the text in this script: file:// allows no other. */
function beginWorker() {
  const address = URL.createObjectURL(new Blob([workerText], { type: 'text/javascript' }));
  const worker = new Worker(address);
  URL.revokeObjectURL(address);
  return worker;
}

function register(overwrite) {
  const cores = navigator.hardwareConcurrency || 2;
  getWebWorkerManager().registerWorker(WORKER, startWorker, { maxWorkerInstances: Math.min(Math.max(cores - 1, 1), 4), overwrite });
  workersEnded = new Promise((resolve) => { giveUp = () => resolve(true); });
}

export function startDecoding() {
  early = beginWorker();
  register(false);
}

/**
 * Waits for a decoded frame. When it takes too long all workers are ended and begun anew; frames of others
 * that were under way are then asked for once more.
 *
 * @param {() => Promise} decode @throws {Problem} `tooSlow`, or what the decoder threw
 */
export async function withinTime(decode) {
  for (;;) {
    let timer;
    const late = new Promise((resolve) => { timer = setTimeout(() => resolve('late'), LONGEST); });
    const ended = workersEnded;
    const outcome = await Promise.race([decode().then((image) => ({ image })), late, ended.then(() => 'ended')])
      .finally(() => clearTimeout(timer));
    if (outcome === 'late') {
      getWebWorkerManager().terminate(WORKER);
      giveUp();
      register(true);
      throw new Problem('tooSlow');
    }
    if (outcome !== 'ended') { return outcome.image; }
  }
}
