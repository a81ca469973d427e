// What a JPEG stream says of itself (ITU-T T.81 §B.2): files exist whose transfer syntax names another process.
import { Problem } from '../problem.js';

const BASELINE = '1.2.840.10008.1.2.4.50';
const EXTENDED = '1.2.840.10008.1.2.4.51';
const LOSSLESS = ['1.2.840.10008.1.2.4.57', '1.2.840.10008.1.2.4.70'];

export const isJpeg = (syntax) => syntax === BASELINE || syntax === EXTENDED || LOSSLESS.includes(syntax);

/**
 * The transfer syntax by which a stream can be decoded.
 *
 * @throws {Problem} when the process has no decoder here, or the stream is of another size than `rows × columns`
 */
export function decodableAs(stream, syntax, rows, columns) {
  const frame = startOfFrame(stream);
  if (!frame) { throw new Problem('damaged'); }
  if (frame.rows !== rows || frame.columns !== columns) { throw new Problem('otherSize'); }
  // Baseline, extended and progressive are one decoder's work as long as samples are bytes.
  if (frame.process <= 0xc2 && frame.precision === 8) { return BASELINE; }
  if (frame.process === 0xc3) { return LOSSLESS.includes(syntax) ? syntax : LOSSLESS[0]; }
  throw new Problem('syntax', { syntax: frame.process <= 0xc2 ? EXTENDED : syntax });
}

/** The first SOFn segment, or null. */
function startOfFrame(stream) {
  let at = 2;
  if (stream[0] !== 0xff || stream[1] !== 0xd8) { return null; }
  while (at + 9 < stream.length && stream[at] === 0xff) {
    const marker = stream[at + 1];
    if (marker === 0xff) { at += 1; continue; }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      return { process: marker, precision: stream[at + 4], rows: stream[at + 5] * 256 + stream[at + 6], columns: stream[at + 7] * 256 + stream[at + 8] };
    }
    at += 2 + stream[at + 2] * 256 + stream[at + 3];
  }
  return null;
}
