// A colour image that had to make room in the viewer's memory looks the same when somebody comes back to it.
//
// Usage: node viewer_memory.js ROOT   (an unpacked package of one colour image). Prints what differs; exit 1 then.
'use strict';

const { open } = require('./browsers');
const at = require('./viewer_page');

/** Opens the series again and gives its picture once it is drawn. */
async function reopened(page) {
  await page.click('.shelf li button');
  await at.settledAt(page, 1);
  await at.frames(page, 4);
  return page.$eval('.film canvas', (canvas) => canvas.toDataURL());
}

async function main() {
  const [root] = process.argv.slice(2);
  const faults = [];
  const { browser, page } = await open('chromium', { script: true });
  page.on('pageerror', (error) => faults.push(`a fault of the script: ${error.message}`));
  await page.setViewport({ width: 1000, height: 800 });
  // The memory for images is told apart by a field of its own while it is made: it fills up only after half a GiB.
  await page.evaluateOnNewDocument(() => {
    Object.defineProperty(Object.prototype, '_imageCache', {
      configurable: true,
      set(images) {
        delete Object.prototype._imageCache;
        this._imageCache = images;
        window.imageCache = this;
      },
    });
  });
  await at.openFromDisk(page, root);
  await at.complete(page);
  const before = await reopened(page);
  const colours = await page.$eval('.film canvas', (canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let n = 0; n < data.length; n += 4) { count += data[n] !== data[n + 1] ? 1 : 0; }
    return count;
  });
  if (!colours) { faults.push('the image is in no colour'); }
  const held = await page.evaluate(() => {
    const bytes = window.imageCache.getCacheSize();
    window.imageCache.purgeCache();
    return [bytes, window.imageCache.getCacheSize()];
  });
  if (!(held[0] > 0) || held[1]) { faults.push(`the memory for images held ${held[0]} bytes, and ${held[1]} when it was emptied`); }
  const after = await reopened(page);
  if (!(await page.evaluate(() => window.imageCache.getCacheSize()))) { faults.push('the image was not read again'); }
  if (after !== before) { faults.push('the image is drawn otherwise after it had to make room'); }
  await browser.close();
  faults.forEach((fault) => console.log(fault));
  return faults.length ? 1 : 0;
}

main().then((code) => process.exit(code), (error) => { console.error(error); process.exit(2); });
