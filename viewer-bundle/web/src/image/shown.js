// What this viewer can show; what it would show wrongly is refused instead.
import { Problem } from '../problem.js';
import { hasSharedColours } from './header.js';

/** Transfer syntaxes that are decoded as other people's readers decode them; of JPEG the stream is asked (`jpeg.js`), as that of 12 bits came out up to 41 levels off. */
const SYNTAXES = new Set([
  '1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.1.98',
  '1.2.840.10008.1.2.5',
  '1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51', '1.2.840.10008.1.2.4.57', '1.2.840.10008.1.2.4.70',
  '1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.81', '1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.91',
  '1.2.840.10008.1.2.4.201', '1.2.840.10008.1.2.4.202', '1.2.840.10008.1.2.4.203',
]);
const VIDEO = /^1\.2\.840\.10008\.1\.2\.4\.10[0-8]/;
const RLE = '1.2.840.10008.1.2.5';
/** Pixels of a frame before it is refused: a damaged header must not ask for all memory. */
const MOST_PIXELS = 2 ** 27;

/** RT Dose Storage: planes of one dose need one scale and one range of grey (PS3.3 §C.8.8.3), which only the previews have. */
const DOSE = '1.2.840.10008.5.1.4.1.1.481.2';

/** @throws {Problem} for a data set whose pixels cannot be shown, saying why */
export function refuseUnknown(dataSet) {
  const syntax = dataSet.string('x00020010');
  if (dataSet.string('x00080016') === DOSE) { throw new Problem('dose'); }
  if (VIDEO.test(syntax)) { throw new Problem('video'); }
  if (dataSet.elements.x7fe00008 || dataSet.elements.x7fe00009) { throw new Problem('floatPixels'); }
  if (!dataSet.elements.x7fe00010) { throw new Problem('noPixels'); }
  if (!SYNTAXES.has(syntax)) { throw new Problem('syntax', { syntax }); }
  const [rows, columns] = [dataSet.uint16('x00280010'), dataSet.uint16('x00280011')];
  if (!rows || !columns) { throw new Problem('damaged'); }
  if (rows * columns > MOST_PIXELS) { throw new Problem('tooLarge'); }
  const [samples, allocated] = [dataSet.uint16('x00280002') || 1, dataSet.uint16('x00280100')];
  const colours = dataSet.string('x00280004') ?? '';
  if (allocated === 1 || allocated > 16 || allocated % 8 !== 0) { throw new Problem('bits', { bits: allocated }); }
  if (allocated === 8 && dataSet.uint16('x00280103') === 1) { throw new Problem('signedBytes'); }
  if (samples > 1 && allocated > 8) { throw new Problem('bits', { bits: allocated * samples }); }
  // Segments of a palette are not put together here (PS3.3 §C.7.9.2).
  if (dataSet.elements.x00281221) { throw new Problem('colours', { colours }); }
  if (/YBR_(PARTIAL_42[02])/.test(colours)) { throw new Problem('colours', { colours }); }
  // As many bytes as every pixel with a colour of its own has: nobody can tell which of the two it is.
  const ownColours = rows * columns * samples * (dataSet.intString('x00280008') || 1);
  if (hasSharedColours(dataSet) && dataSet.elements.x7fe00010.length >= ownColours) { throw new Problem('otherSize'); }
  if (syntax === RLE && samples > 1 && allocated > 8) { throw new Problem('bits', { bits: allocated * samples }); }
}
