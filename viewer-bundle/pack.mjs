// Compresses what was built, once, as packages hold it: `dist/pack/index.txt` and a file for each entry.
//
// A line of the index: name in the reference layout, name in the strict one, bytes, CRC-32, SHA-256, file.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';

const dist = join(dirname(fileURLToPath(import.meta.url)), 'dist');
const pack = join(dist, 'pack');
/** Folder, name in the reference layout, name in the strict one. The starter may not have been built. */
const FILES = [
  ['web', 'index.htm', 'INDEX.HTM'],
  ['web', 'VIEWER.JS', 'VIEWER.JS'],
  ['web', 'DECODERS.JS', 'DECODERS.JS'],
  ['web', 'VIEWER.CSS', 'VIEWER.CSS'],
  ['web', 'LICENSES.TXT', 'LICENSES.TXT'],
  ['starter', '_start.exe', 'START.EXE'],
  ['starter', 'autorun.inf', 'AUTORUN.INF'],
];

/** CRC-32 (ISO 3309), as ZIP wants it. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) { crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0); }
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The licences of what is inside `_start.exe` and the decoders come from Debian, where that is at hand. */
function withThoseOfStarter(licences) {
  const more = join(dist, 'starter', 'licences.txt');
  if (!existsSync(more)) { return licences; }
  return Buffer.concat([licences, Buffer.from(`\r\n${readFileSync(more, 'utf8').replace(/\r?\n/g, '\r\n')}`)]);
}

rmSync(pack, { recursive: true, force: true });
mkdirSync(pack, { recursive: true });
const lines = [];
let total = 0;
for (const [folder, name, strict] of FILES) {
  const file = join(dist, folder, name);
  if (folder === 'starter' && !existsSync(file)) { continue; }
  const bytes = name === 'LICENSES.TXT' ? withThoseOfStarter(readFileSync(file)) : readFileSync(file);
  const deflated = deflateRawSync(bytes, { level: 9 });
  const packed = `${strict}.deflated`;
  writeFileSync(join(pack, packed), deflated);
  lines.push([name, strict, bytes.length, crc32(bytes), createHash('sha256').update(bytes).digest('hex'), packed].join(' '));
  total += deflated.length;
}
// Last: whoever sees it finds the rest whole.
writeFileSync(join(pack, 'index.txt'), `${lines.join('\n')}\n`);
console.log(`${lines.length} files of the viewer take ${total} bytes in a package`);
