// Overlay planes: text, rulers and regions that belong to an image, in white over it (PS3.3 §C.9.2).
import { attributes, frameNumber } from './loader.js';

/** The repeating groups 6000 to 601E (PS3.5 §7.6). */
const GROUPS = Array.from({ length: 16 }, (_, n) => `x60${(2 * n).toString(16).padStart(2, '0')}`);
const MOST_PIXELS = 2 ** 26;

/** What was drawn of an image: a canvas of its size or null, and whether something could not be. */
const drawn = new WeakMap();

/** @returns {{canvas: HTMLCanvasElement|null, isPartial: boolean}} */
export function planesOf(image) {
  if (!drawn.has(image)) { drawn.set(image, draw(image)); }
  return drawn.get(image);
}

function draw(image) {
  const header = attributes(image.imageId);
  const answer = { canvas: null, isPartial: false };
  for (const group of GROUPS) {
    if (!header.elements[`${group}0010`]?.length) { continue; }
    const plane = planeIn(header, group, frameNumber(image.imageId));
    if (plane === undefined) { answer.isPartial = true; continue; }
    if (!plane) { continue; }
    answer.canvas ??= Object.assign(document.createElement('canvas'), { width: image.columns, height: image.rows });
    paint(answer.canvas.getContext('2d'), plane);
  }
  return answer;
}

/** The bits of a group that lie on a frame, counted from 0; null for none, undefined for what cannot be drawn. */
function planeIn(header, group, frame) {
  const word = (element, usual) => header.uint16(`${group}${element}`) ?? usual;
  const [rows, columns] = [word('0010', 0), word('0011', 0)];
  const data = header.elements[`${group}3000`];
  const count = Number(header.string(`${group}0015`)) || 0;
  const first = word('0051', 1) - 1;
  // Bits in unused places of the pixels themselves (retired in 2004) are left out, and told.
  if (!data?.length) { return word('0100', 1) > 1 ? undefined : null; }
  if (word('0100', 1) !== 1 || !rows || !columns || rows * columns > MOST_PIXELS) { return undefined; }
  if (count && (frame < first || frame >= first + count)) { return null; }
  const start = (count ? frame - first : 0) * rows * columns;
  if (start + rows * columns > data.length * 8) { return undefined; }
  const bytes = header.byteArray.subarray(data.dataOffset, data.dataOffset + data.length);
  const swap = header.string('x00020010') === '1.2.840.10008.1.2.2' ? 1 : 0;
  const isSet = (at) => ((bytes[((start + at) >> 3) ^ swap] ?? 0) >> ((start + at) & 7)) & 1;
  return {
    rows, columns, isSet,
    isRegion: (header.string(`${group}0040`) ?? '').trim() === 'R',
    top: (header.int16(`${group}0050`, 0) ?? 1) - 1,
    left: (header.int16(`${group}0050`, 1) ?? 1) - 1,
  };
}

/** Of a region only the outline: filled, it would hide what it is about. */
function paint(context, { rows, columns, isSet, isRegion, top, left }) {
  const inside = (row, column) => row >= 0 && column >= 0 && row < rows && column < columns && isSet(row * columns + column);
  const isInner = (row, column) => inside(row - 1, column) && inside(row + 1, column) && inside(row, column - 1) && inside(row, column + 1);
  context.fillStyle = '#fff';
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      if (isSet(row * columns + column) && !(isRegion && isInner(row, column))) { context.fillRect(left + column, top + row, 1, 1); }
    }
  }
}
