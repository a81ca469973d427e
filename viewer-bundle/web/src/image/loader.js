// Images for Cornerstone3D out of the package: `pdi:<file>/<frame>`.
//
// Invariant: what is handed on has as many pixels as its header says, decoded from its own file. Anything
// else is a Problem that the page tells; a wrong picture is worse than none.
import { cache, imageLoader, metaData } from '@cornerstonejs/core';
import createImage from 'loader/createImage.js';
import getPixelData from 'loader/wadouri/getPixelData.js';
import { parseDicom } from 'loader/wadouri/parseDicomWithInflater.js';
import { Problem, asProblem } from '../problem.js';
import { readyFor, startDecoding, withinTime } from './decoding.js';
import { frameOf, hasSharedColours, moduleOf, withoutPixels } from './header.js';
import { decodableAs, isJpeg } from './jpeg.js';
import { refuseUnknown } from './shown.js';

const SCHEME = 'pdi';
/** What images in memory may take, bytes: a share of the machine where it says how large it is. */
const MOST_BYTES = Math.min(Math.max((navigator.deviceMemory ?? 4) / 4, 0.5), 2) * 2 ** 30;
/** Multi-frame files that stay in memory, so that each frame is not read anew: so many at most, and so many bytes; one always. */
const WHOLE_FILES = 4;
const WHOLE_BYTES = MOST_BYTES / 2;

/** @type {{source, path: string, dataSet?, bytes?, reading?: Promise, frames: Map<number, object>}[]} */
const files = [];
const whole = [];

export function startLoading() {
  cache.setMaxCacheSize(MOST_BYTES);
  startDecoding();
  imageLoader.registerImageLoader(SCHEME, (imageId) => ({ promise: load(imageId) }));
  metaData.addProvider((type, imageId) => {
    if (typeof imageId !== 'string' || !imageId.startsWith(`${SCHEME}:`)) { return undefined; }
    const [file, frame] = parts(imageId);
    const header = headerOf(files[file], frame);
    return header && moduleOf(type, imageId, header);
  }, 10_000);
}

/** The images of a file of the package, one for each frame. */
export function register(source, { path, frames }) {
  const file = files.push({ source, path, frames: new Map() }) - 1;
  return Array.from({ length: frames }, (_, frame) => `${SCHEME}:${file}/${frame}`);
}

/** How many bytes may be in memory. */
export const capacity = () => MOST_BYTES;

/**
 * The image, from memory or from its file. @throws {Problem}
 *
 * Not `loadAndCacheImage`: that leaves a failure in a promise that nobody waits for.
 */
export function imageOf(imageId) {
  const known = cache.getImageLoadObject(imageId);
  if (known) { return known.promise; }
  const promise = imageLoader.loadImage(imageId);
  cache.putImageLoadObject(imageId, { promise }).catch(() => null);
  return promise;
}

/** Which frame of which file an image is, frames from 1 on: `STUDIES/ST000001/SE000001/IM000001#1`. */
export function placeOf(imageId) {
  const [file, frame] = parts(imageId);
  return `${files[file].path}#${frame + 1}`;
}

/** The frame of its file that an image is, from 0 on. */
export const frameNumber = (imageId) => parts(imageId)[1];

const parts = (imageId) => imageId.slice(SCHEME.length + 1).split('/').map(Number);

function headerOf(file, frame) {
  if (!file?.dataSet) { return null; }
  if (!file.frames.has(frame)) { file.frames.set(frame, frameOf(file.dataSet, frame)); }
  return file.frames.get(frame);
}

/** The attributes of an image that was loaded, or null. */
export function attributes(imageId) {
  const [file, frame] = parts(imageId);
  return headerOf(files[file], frame);
}

/** The attributes of a file, read now when it was not: for its description in a list. */
export async function describe(imageId) {
  const file = files[parts(imageId)[0]];
  if (!file.dataSet) { keep(file, await parsed(file)); }
  return attributes(imageId);
}

async function parsed(file) {
  const buffer = await file.source.read(file.path);
  try {
    return parseDicom(new Uint8Array(buffer));
  } catch {
    // What dicom-parser understood before the fault is not enough to show an image.
    const prefix = String.fromCharCode(...new Uint8Array(buffer.slice(128, 132)));
    throw new Problem(prefix === 'DICM' ? 'truncated' : 'notDicom');
  }
}

function keep(file, dataSet) {
  if ((dataSet.intString('x00280008') || 1) > 1) {
    file.bytes = dataSet;
    if (!whole.includes(file)) { whole.push(file); }
    const held = () => whole.reduce((sum, { bytes }) => sum + bytes.byteArray.length, 0);
    while (whole.length > WHOLE_FILES || (whole.length > 1 && held() > WHOLE_BYTES)) { whole.shift().bytes = null; }
  }
  if (!file.dataSet) {
    file.dataSet = Object.assign(Object.create(Object.getPrototypeOf(dataSet)), dataSet);
    withoutPixels(file.dataSet);
  }
}

async function load(imageId) {
  const [index, frame] = parts(imageId);
  const file = files[index];
  try {
    let dataSet = file.bytes;
    if (!dataSet) {
      // Frames that are asked for together read their file once.
      file.reading ??= parsed(file).finally(() => { file.reading = null; });
      dataSet = await file.reading;
    }
    const pixels = pixelsOf(dataSet, frame);
    if (!file.bytes) { keep(file, dataSet); }
    const declared = dataSet.string('x00020010');
    const syntax = isJpeg(declared) ? decodableAs(pixels, declared, dataSet.uint16('x00280010'), dataSet.uint16('x00280011')) : declared;
    await readyFor(syntax);
    const image = await withinTime(() => createImage(imageId, pixels, syntax, { useRGBA: true }));
    return checked(image, imageId);
  } catch (error) {
    throw asProblem(error);
  }
}

function pixelsOf(dataSet, frame) {
  refuseUnknown(dataSet);
  const frames = dataSet.intString('x00280008') || 1;
  if (frame >= frames) { throw new Problem('frameMissing'); }
  let pixels;
  try {
    pixels = getPixelData(dataSet, frame);
  } catch {
    throw new Problem('truncated');
  }
  if (!pixels?.length) { throw new Problem('noPixels'); }
  const element = dataSet.elements.x7fe00010;
  if (!element?.encapsulatedPixelData) {
    const samples = hasSharedColours(dataSet) ? 2 : dataSet.uint16('x00280002') || 1;
    const bits = dataSet.uint16('x00280100');
    const needed = dataSet.uint16('x00280010') * dataSet.uint16('x00280011') * samples * (bits === 1 ? 1 : bits / 8);
    if (pixels.length < needed) { throw new Problem('truncated'); }
    if (hasSharedColours(dataSet)) { return withOwnColours(pixels.subarray(0, needed)); }
    keepStoredBits(pixels, dataSet);
  }
  return pixels;
}

/** Two brightnesses and their one colour (Y Y Cb Cr) as two pixels (PS3.3 §C.7.6.3.1.2). */
function withOwnColours(pixels) {
  const full = new Uint8Array((pixels.length / 2) * 3);
  for (let from = 0, to = 0; from + 3 < pixels.length; from += 4, to += 6) {
    const [first, second, blue, red] = [pixels[from], pixels[from + 1], pixels[from + 2], pixels[from + 3]];
    full.set([first, blue, red, second, blue, red], to);
  }
  return full;
}

/** Bits beside the stored ones may hold anything (PS3.5 §8.1.1): words keep what Bits Stored and High Bit name. */
function keepStoredBits(pixels, dataSet) {
  const stored = dataSet.uint16('x00280101') ?? 16;
  const shift = (dataSet.uint16('x00280102') ?? stored - 1) + 1 - stored;
  if (dataSet.uint16('x00280100') !== 16 || (stored >= 16 && shift === 0) || shift < 0) { return; }
  const isBigEndian = dataSet.string('x00020010') === '1.2.840.10008.1.2.2';
  const words = new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const mask = 2 ** stored - 1;
  for (let at = 0; at + 1 < pixels.byteLength; at += 2) {
    words.setUint16(at, (words.getUint16(at, !isBigEndian) >> shift) & mask, !isBigEndian);
  }
}

function checked(image, imageId) {
  const { rows, columns } = image;
  const header = attributes(imageId);
  if (rows !== header.uint16('x00280010') || columns !== header.uint16('x00280011')) { throw new Problem('otherSize'); }
  const values = image.getPixelData().length / (rows * columns);
  // Colours that had to be converted have an opacity beside them.
  if (image.imageId !== imageId || (values !== (image.numberOfComponents || 1) && !(image.color && values === 4))) { throw new Problem('otherSize'); }
  return image;
}
