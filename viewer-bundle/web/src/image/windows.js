// Windows: those of the file, those that are usual for a modality, the whole range of the pixels.
import { isHounsfield } from './header.js';
import { attributes } from './loader.js';
import { modalityLut } from './luts.js';
import { textOf } from '../source/charset.js';

/** Centre and width in Hounsfield units, as radiographers set them. */
const CT = [['abdomen', 40, 400], ['lung', -600, 1500], ['bone', 400, 1800], ['brain', 40, 80], ['mediastinum', 50, 350], ['vessels', 200, 700]];
/** Shares of the largest value, where what matters is how much is taken up. */
const UPTAKE = [['half', 0.5], ['quarter', 0.25]];
/** Widths as shares of what the file says: films, MR, and CT in other units have no scale that is usual. */
const CONTRAST = [['harder', 0.6], ['softer', 1.6]];

const decimals = (header, tag) => (header.string(tag) ?? '').split('\\').map((part) => (part.trim() ? Number(part) : NaN)).filter(Number.isFinite);
/** How a window is meant: VOI LUT Function (0028,1056). */
const functionOf = (header) => (header.string('x00281056') ?? '').split('\\')[0].trim() || 'LINEAR';

/**
 * What the list of windows offers for an image.
 *
 * @returns {{key: string, label?: string, range?: {lower, upper}}[]} `file0…` of the file, then `full`, then the
 *   usual ones by their key in the texts; `file0` without a range is what each image says itself
 */
export function windowsFor(image) {
  const header = attributes(image.imageId);
  if (!header || isColour(header)) { return []; }
  const [centres, widths] = [decimals(header, 'x00281050'), decimals(header, 'x00281051')];
  const names = textOf(header, 'x00281055').split('\\');
  const own = centres.slice(0, widths.length).map((centre, n) => ({ key: `file${n}`, label: names[n]?.trim(), width: widths[n], range: n ? boundsOf(functionOf(header), centre, widths[n]) : undefined }));
  const hasTable = !own.length && image.voiLUT ? [{ key: 'file0' }] : [];
  return [...own.filter(({ width }) => width > 0), ...hasTable, { key: 'full', range: fullRange(image) }, ...usualFor(image, header)];
}

function usualFor(image, header) {
  const modality = textOf(header, 'x00080060');
  if (isHounsfield(header)) { return CT.map(([key, centre, width]) => ({ key, range: bounds(centre, width) })); }
  if (modality === 'PT' || modality === 'NM') {
    const { upper } = fullRange(image);
    return UPTAKE.map(([key, share]) => ({ key, range: { lower: 0, upper: Math.max(upper * share, 1), isExact: true } }));
  }
  const { lower, upper, isExact } = ownWindow(image).range;
  const [middle, half] = [(lower + upper) / 2, (upper - lower) / 2];
  return CONTRAST.map(([key, share]) => ({ key, range: { lower: middle - half * share, upper: middle + half * share, isExact } }));
}

/**
 * The window that an image asks for itself.
 *
 * @returns {{range: {lower, upper, isExact?: boolean}, table?: object}} exact where the width is the distance of the bounds,
 *   not one more; a table where grey is no straight line in the values
 */
export function ownWindow(image) {
  const header = attributes(image.imageId);
  if (image.color) { return { range: bounds(image.windowCenter, image.windowWidth) }; }
  const [[centre], [width]] = [decimals(header, 'x00281050'), decimals(header, 'x00281051')];
  if (image.voiLUT) { return { range: fullRange(image), table: image.voiLUT }; }
  // A width of nothing is no window.
  if (centre === undefined || !(width > 0)) { return { range: fullRange(image) }; }
  const kind = functionOf(header);
  const table = kind === 'SIGMOID' ? { sigmoid: true, id: `sigmoid ${centre} ${width}`, centre, width } : undefined;
  return { range: boundsOf(kind, centre, width), table };
}

export const isColour = (header) => (header.uint16('x00280002') || 1) > 1 || (header.string('x00280004') ?? '').trim() === 'PALETTE COLOR';

/** Lower and upper bound of a window (PS3.3 §C.11.2.1.2.1). */
export const bounds = (centre, width) => ({ lower: centre - 0.5 - (width - 1) / 2, upper: centre - 0.5 + (width - 1) / 2 });
/** LINEAR is not defined below a width of 1: those are meant to be exact. Of SIGMOID the middle part (PS3.3 §C.11.2.1.3). */
const boundsOf = (kind, centre, width) => (kind === 'LINEAR' && width >= 1 ? bounds(centre, width) : { lower: centre - width / 2, upper: centre + width / 2, isExact: true });

/** The range of the pixels of an image, in the units that it is shown in. */
export function fullRange(image) {
  const { minPixelValue: least, maxPixelValue: most, modalityLUT } = image;
  const range = { lower: Infinity, upper: -Infinity };
  const value = image.preScale?.scaled && !modalityLUT ? (stored) => stored : modalityLut(image.slope, image.intercept, modalityLUT);
  // A table may rise and fall.
  for (const stored of modalityLUT ? Array.from({ length: most - least + 1 }, (_, n) => least + n) : [least, most]) {
    range.lower = Math.min(range.lower, value(stored));
    range.upper = Math.max(range.upper, value(stored));
  }
  const isExact = !(Number.isInteger(range.lower) && Number.isInteger(range.upper));
  return { lower: range.lower, upper: Math.max(range.upper, range.lower + 1), isExact };
}
