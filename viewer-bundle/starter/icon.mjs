// Draws the icon: a white ring and a slice in it on the blue of the pages. Usage: node icon.mjs FILE
import { writeFileSync } from 'node:fs';

const SIZES = [16, 32, 48];
const [BLUE, WHITE] = [[0x8a, 0x4f, 0x0b], [0xff, 0xff, 0xff]];

/** Blue, green, red and opacity of a place from −1 to 1: a rounded square, in it a ring and a disc. */
function colour(x, y) {
  if (Math.max(Math.abs(x), Math.abs(y)) > 0.98 || Math.hypot(Math.max(Math.abs(x) - 0.7, 0), Math.max(Math.abs(y) - 0.7, 0)) > 0.28) { return [0, 0, 0, 0]; }
  const far = Math.hypot(x, y * 1.25);
  const isWhite = (far > 0.52 && far < 0.7) || Math.hypot(x - 0.12, y - 0.05) < 0.2;
  return [...(isWhite ? WHITE : BLUE), 255];
}

/** A DIB of 32 bits a pixel, bottom line first, with an empty mask behind it. */
function picture(size) {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(40, 0);
  header.writeInt32LE(size, 4);
  header.writeInt32LE(size * 2, 8);
  header.writeUInt16LE(1, 12);
  header.writeUInt16LE(32, 14);
  const pixels = [];
  for (let row = size - 1; row >= 0; row -= 1) {
    for (let column = 0; column < size; column += 1) {
      pixels.push(...colour(((column + 0.5) / size) * 2 - 1, ((row + 0.5) / size) * 2 - 1));
    }
  }
  return Buffer.concat([header, Buffer.from(pixels), Buffer.alloc(Math.ceil(size / 32) * 4 * size)]);
}

const pictures = SIZES.map(picture);
const head = Buffer.alloc(6 + 16 * SIZES.length);
head.writeUInt16LE(1, 2);
head.writeUInt16LE(SIZES.length, 4);
let offset = head.length;
SIZES.forEach((size, n) => {
  const at = 6 + 16 * n;
  head.writeUInt8(size, at);
  head.writeUInt8(size, at + 1);
  head.writeUInt16LE(1, at + 4);
  head.writeUInt16LE(32, at + 6);
  head.writeUInt32LE(pictures[n].length, at + 8);
  head.writeUInt32LE(offset, at + 12);
  offset += pictures[n].length;
});
writeFileSync(process.argv[2], Buffer.concat([head, ...pictures]));
