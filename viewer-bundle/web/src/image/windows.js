// Windows: those of the file, those that are usual for a modality, the whole range of the pixels.
import { attributes } from './loader.js';
import { textOf } from '../source/charset.js';

/** Centre and width in Hounsfield units, as radiographers set them. */
const CT = [['abdomen', 40, 400], ['lung', -600, 1500], ['bone', 400, 1800], ['brain', 40, 80], ['mediastinum', 50, 350], ['vessels', 200, 700]];

const decimals = (header, tag) => (header.string(tag) ?? '').split('\\').map(Number).filter(Number.isFinite);

/**
 * What the list of windows offers for an image.
 *
 * @returns {{key: string, label?: string, centre?: number, width?: number}[]} `file0…` of the file, then `full`,
 *   then the usual ones by their key in the texts
 */
export function windowsFor(imageId, modality) {
  const header = attributes(imageId);
  if (!header) { return []; }
  const [centres, widths] = [decimals(header, 'x00281050'), decimals(header, 'x00281051')];
  const names = textOf(header, 'x00281055').split('\\');
  const own = centres.slice(0, widths.length).map((centre, n) => ({ key: `file${n}`, label: names[n]?.trim(), centre, width: widths[n] }));
  const usual = modality === 'CT' && !isColour(header) ? CT.map(([key, centre, width]) => ({ key, centre, width })) : [];
  return [...own.filter(({ width }) => width >= 1), { key: 'full' }, ...usual];
}

export const isColour = (header) => (header.uint16('x00280002') || 1) > 1 || header.string('x00280004') === 'PALETTE COLOR';

/** Lower and upper bound of a window (PS3.3 §C.11.2.1.2.1). */
export const bounds = (centre, width) => ({ lower: centre - 0.5 - (width - 1) / 2, upper: centre - 0.5 + (width - 1) / 2 });

/** The range of the pixels of an image, in the units that it is shown in. */
export function fullRange(image) {
  if (image.modalityLUT) {
    const { lut } = image.modalityLUT;
    return lut.reduce(({ lower, upper }, value) => ({ lower: Math.min(lower, value), upper: Math.max(upper, value) }), { lower: lut[0], upper: lut[0] + 1 });
  }
  const scale = image.preScale?.scaled ? (value) => value : (value) => value * image.slope + image.intercept;
  return { lower: scale(image.minPixelValue), upper: Math.max(scale(image.maxPixelValue), scale(image.minPixelValue) + 1) };
}
