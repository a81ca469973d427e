// What had to make room in the viewer's memory: a colour image looks the same when somebody comes back to it, and large files
// with several frames do not pile up.
//
// Usage: node viewer_memory.js ROOT   (an unpacked package of two colour series, a file of some frames each; the files are made
// larger). Prints what is wrong; exit 1 then.
'use strict';

const fs = require('fs');
const path = require('path');
const at = require('./viewer_page');

const { check } = at;

/** With 1 GiB of memory the viewer keeps 256 MiB of such files: one of these, not two. */
const FILE_BYTES = 140 * 2 ** 20;

/** Makes a file in Explicit VR Little Endian longer: Data Set Trailing Padding (FFFC,FFFC), of nothing. */
function lengthen(file) {
  const header = Buffer.from([0xfc, 0xff, 0xfc, 0xff, 0x4f, 0x42, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(FILE_BYTES, 8);
  fs.appendFileSync(file, header);
  fs.truncateSync(file, fs.statSync(file).size + FILE_BYTES);
}

/** Before the script of the page: a small machine, its memory for images at hand, and what is read. */
function prepare() {
  Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 1 });
  // Cornerstone3D keeps the one object to itself; this field is set while it is made.
  Object.defineProperty(Object.prototype, '_imageCache', {
    configurable: true,
    set(images) {
      delete Object.prototype._imageCache;
      this._imageCache = images;
      window.imageCache = this;
    },
  });
  window.reads = 0;
  const { arrayBuffer } = Blob.prototype;
  Blob.prototype.arrayBuffer = function counted() {
    if (this.size > 2 ** 27) { window.reads += 1; }
    return arrayBuffer.call(this);
  };
}

/** Opens a series, again if it is open, and gives its picture once it is drawn. */
async function opened(page, number) {
  const buttons = await page.$$('.shelf li button:not(.paper)');
  await buttons[number].click();
  await page.waitForFunction(() => document.querySelector('.pane').dataset.shown);
  await at.frames(page, 4);
  return page.$eval('.film canvas', (canvas) => canvas.toDataURL());
}

/** Takes all images out of memory, as others do that need the room; gives how many bytes they had. */
const emptied = (page) => page.evaluate(() => {
  const bytes = window.imageCache.getCacheSize();
  window.imageCache.purgeCache();
  window.reads = 0;
  return bytes;
});

async function colours(page) {
  const before = await opened(page, 0);
  const coloured = await page.$eval('.film canvas', (canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let n = 0; n < data.length; n += 4) { count += data[n] === data[n + 1] ? 0 : 1; }
    return count;
  });
  check(coloured > 0, 'the image has no colour');
  check(await emptied(page) > 0, 'no image was in memory');
  const after = await opened(page, 0);
  check(await page.evaluate(() => window.imageCache.getCacheSize()) > 0, 'the image was not decoded again');
  check(after === before, 'a colour image is drawn otherwise after it had to make room');
}

async function files(page) {
  await opened(page, 0);
  await opened(page, 1);
  await emptied(page);
  await opened(page, 0);
  check(await page.evaluate(() => window.reads) > 0, 'two files are kept that are larger than the memory for them');
  await emptied(page);
  await opened(page, 0);
  check(await page.evaluate(() => window.reads) === 0, 'the file that is looked at is not kept');
}

async function main(page) {
  const [root] = process.argv.slice(2);
  at.filesBelow(path.join(root, 'STUDIES')).forEach(lengthen);
  await page.evaluateOnNewDocument(prepare);
  await at.openFromDisk(page, root);
  await at.complete(page);
  await colours(page);
  await files(page);
}

at.judge(1000, 800, main);
