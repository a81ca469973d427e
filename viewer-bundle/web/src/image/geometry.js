// Where a picture lies in the patient: letters at its edges, the length of a pixel on the screen.
import { metaData } from '@cornerstonejs/core';
import { normalOf } from '../source/order.js';
import { attributes } from './loader.js';

/** The patient's directions along x, y and z (PS3.3 §C.7.6.2.1.1). */
const AXES = [['R', 'L'], ['A', 'P'], ['F', 'H']];
const OPPOSITE = { R: 'L', L: 'R', A: 'P', P: 'A', F: 'H', H: 'F' };
/** A component below this does not name a direction: the plane is then all but upright on it. */
const LEAST = 0.25;

const numbers = (header, tag, count) => {
  const values = (header?.string(tag) ?? '').split('\\').map(Number);
  return values.length === count && values.every(Number.isFinite) ? values : null;
};

/** Letters of a direction in the patient, the strongest first: `L`, `LP`. */
export function letters(direction) {
  const length = Math.hypot(...direction) || 1;
  return direction.map((value, axis) => ({ size: Math.abs(value) / length, letter: AXES[axis][value > 0 ? 1 : 0] }))
    .filter(({ size }) => size > LEAST).sort((a, b) => b.size - a.size).slice(0, 2).map(({ letter }) => letter).join('');
}

const opposite = (text) => Array.from(text, (letter) => OPPOSITE[letter] ?? '').join('');

/** Whether places of an image are places in the patient: the plane of frames of a reconstruction stands with their detector. */
function isPlaced(imageId) {
  const cosines = Array.from(metaData.get('imagePlaneModule', imageId)?.imageOrientationPatient ?? [], Number);
  return cosines.length === 6 && cosines.every(Number.isFinite);
}

/** Letters for the four edges as the viewport shows the image now, or null where the file does not say. */
export function edges(viewport, imageId) {
  const header = attributes(imageId);
  const origin = viewport.canvasToWorld([0, 0]);
  if (!header || !origin) { return null; }
  const towards = (point) => viewport.canvasToWorld(point).map((value, axis) => value - origin[axis]);
  const [right, down] = [towards([100, 0]), towards([0, 100])];
  const name = isPlaced(imageId) ? letters : byRowsAndColumns(header);
  if (!name) { return null; }
  const [east, south] = [name(right), name(down)];
  return { right: east, left: opposite(east), bottom: south, top: opposite(south) };
}

/** Projections say only where rows and columns run: Patient Orientation (0020,0020). */
function byRowsAndColumns(header) {
  const [row, column] = (header.string('x00200020') ?? '').split('\\').map((part) => part.trim());
  if (!/^[RLAPFH]{1,3}$/.test(row ?? '') || !/^[RLAPFH]{1,3}$/.test(column ?? '')) { return null; }
  return ([x, y]) => {
    const [along, value] = Math.abs(x) >= Math.abs(y) ? [row, x] : [column, y];
    return value > 0 ? along : opposite(along);
  };
}

/** Where a slice lies along the axis of the patient that it is most nearly upright on, in millimetres, or null where the file does not say. */
export function heightOf(header) {
  const location = header.string('x00201041')?.trim();
  if (location && Number.isFinite(Number(location))) { return Number(location); }
  const [position, orientation] = [numbers(header, 'x00200032', 3), numbers(header, 'x00200037', 6)];
  if (!position || !orientation) { return null; }
  const sizes = normalOf(orientation).map(Math.abs);
  return position[sizes.indexOf(Math.max(...sizes))];
}

/** Millimetres for a CSS pixel, or null where the file gives no spacing. */
export function scaleOf(viewport, imageId) {
  const header = attributes(imageId);
  if (!numbers(header, 'x00280030', 2)) { return null; }
  const [from, to] = [viewport.canvasToWorld([0, 0]), viewport.canvasToWorld([100, 0])];
  const length = Math.hypot(...to.map((value, axis) => value - from[axis])) / 100;
  return length > 0 ? length : null;
}

/** The longest of the usual lengths in millimetres that fits into so many. */
export function barLength(millimetres) {
  return [500, 200, 100, 50, 20, 10, 5, 2, 1].find((length) => length <= millimetres) ?? null;
}
