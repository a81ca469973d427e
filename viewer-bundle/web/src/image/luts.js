// Stored values to values, and values to grey, in the order of PS3.4 §N.2: what `mends.mjs` gives Cornerstone3D
// in the place of its own.

/** The nearest entry of a table; beyond its ends the first or the last (PS3.3 §C.11.1.1, §C.11.2.1.1). */
const entry = ({ lut, firstValueMapped }, value) => lut[Math.min(Math.max(Math.round(value) - firstValueMapped, 0), lut.length - 1)];

export function modalityLut(slope, intercept, table) {
  return table?.lut.length ? (stored) => entry(table, stored) : (stored) => stored * slope + intercept;
}

/** @param {object} [table] a VOI LUT, or `{ sigmoid: true, centre, width }` */
export function voiLut(width, centre, table) {
  if (table?.sigmoid) {
    // PS3.3 §C.11.2.1.3.1
    return (value) => 255 / (1 + Math.exp(-4 * (value - table.centre) / table.width));
  }
  if (table?.lut.length) {
    const most = table.lut.reduce((highest, value) => Math.max(highest, value), 1);
    const bits = Math.max(table.numBitsPerEntry || 0, most.toString(2).length);
    return (value) => (entry(table, value) / (2 ** bits - 1)) * 255;
  }
  // PS3.3 §C.11.2.1.2.1
  return (value) => Math.min(Math.max(((value - (centre - 0.5)) / (width - 1) + 0.5) * 255, 0), 255);
}
