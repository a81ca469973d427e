// The workers that decode frames, and how long they may take.
//
// Most packages hold plain pixels: their worker is in this script. The decoders of compressed ones are four times as large
// as that, and come with the first image that needs them.
import { getWebWorkerManager } from '@cornerstonejs/core';
import { Problem } from '../problem.js';
import plainText from 'plain-worker';

/** Uncompressed, or by runs: what the small worker decodes. */
const PLAIN = new Set(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.98', '1.2.840.10008.1.2.5']);
/** The script with the decoders, beside the page. */
const SCRIPT = 'DECODERS.JS';
/** A frame that takes longer is given up: some damaged streams never end. Milliseconds. */
const LONGEST = 30_000;

/** The text of each worker that is registered, by its name. */
const texts = new Map();
let giveUp;
let workersEnded = new Promise(() => {});
/** A worker that was begun before anybody asked for it: it reads its script while the directory is read. */
let early = null;
let decoders = null;

/** The name of the worker for a transfer syntax: Cornerstone3D asks for it. */
export const workerOf = (syntax) => (PLAIN.has(syntax) ? 'plain' : 'decoders');

/** A worker from the text in a script: file:// allows no other. */
function beginWorker(text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  const worker = new Worker(address);
  URL.revokeObjectURL(address);
  return worker;
}

function register(name) {
  const cores = navigator.hardwareConcurrency || 2;
  const start = () => {
    const worker = (name === 'plain' && early) || beginWorker(texts.get(name));
    early = null;
    return worker;
  };
  getWebWorkerManager().registerWorker(name, start, { maxWorkerInstances: Math.min(Math.max(cores - 1, 1), 4), overwrite: true });
}

function registerAll() {
  Array.from(texts.keys()).forEach(register);
  workersEnded = new Promise((resolve) => { giveUp = () => resolve(true); });
}

export function startDecoding() {
  early = beginWorker(plainText);
  texts.set('plain', plainText);
  registerAll();
}

/** Resolves when frames of a transfer syntax can be decoded. @throws {Problem} when the script with the decoders does not come */
export async function readyFor(syntax) {
  if (workerOf(syntax) === 'plain') { return; }
  decoders ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement('script'), { src: SCRIPT });
    const fail = () => {
      // The next image that needs them tries once more.
      decoders = null;
      script.remove();
      reject(new Problem('noDecoders', { file: SCRIPT }));
    };
    // A script that was cut off has loaded too.
    script.addEventListener('load', () => { if (globalThis.esitoDecoders) { resolve(globalThis.esitoDecoders); } else { fail(); } });
    script.addEventListener('error', fail);
    document.head.append(script);
  }).then((text) => {
    texts.set('decoders', text);
    register('decoders');
  });
  await decoders;
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
      texts.forEach((_, name) => getWebWorkerManager().terminate(name));
      giveUp();
      registerAll();
      throw new Problem('tooSlow');
    }
    if (outcome !== 'ended') { return outcome.image; }
  }
}
