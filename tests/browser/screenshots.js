// Pictures of the pages in all widths, in plain and in high contrast, to be looked at.
//
// Usage: node screenshots.js OUT NAME=FOLDER...   (each folder an unpacked package)
'use strict';

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { open } = require('./browsers');

const WIDTHS = [390, 768, 1280];
const LOOKS = {
  light: { more: [], features: [] },
  contrast: { more: [], features: [{ name: 'prefers-contrast', value: 'more' }] },
  forced: { more: ['--force-high-contrast'], features: [{ name: 'forced-colors', value: 'active' }] },
};

/** The pages of a package that are worth a picture: the first, and the longest stack. */
function pagesOf(root) {
  const folder = path.join(root, 'IHE_PDI', 'ST000001');
  const stacks = fs.readdirSync(folder).filter((name) => name.endsWith('.HTM'));
  const images = (name) => { try { return fs.readdirSync(path.join(folder, name.slice(0, -4)), { recursive: true }).length; } catch { return 0; } };
  stacks.sort((one, other) => images(other) - images(one));
  return { index: path.join(root, 'index.htm'), stack: path.join(folder, stacks[0]), overview: path.join(root, 'IHE_PDI', 'ST000001.HTM') };
}

async function main() {
  const [out, ...packages] = process.argv.slice(2);
  fs.mkdirSync(out, { recursive: true });
  for (const [look, { more, features }] of Object.entries(LOOKS)) {
    const { browser, page } = await open('chromium', { script: true, more });
    const session = await page.createCDPSession();
    await session.send('Emulation.setEmulatedMedia', { features });
    for (const given of packages) {
      const [name, root] = given.split('=');
      for (const [kind, file] of Object.entries(pagesOf(root))) {
        for (const width of WIDTHS) {
          await page.setViewport({ width, height: width === 390 ? 844 : 900 });
          await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
          if (kind === 'stack') {
            await page.focus('#screen');
            for (let number = 0; number < 9; number += 1) { await page.keyboard.press('ArrowRight'); }
          }
          await new Promise((done) => { setTimeout(done, 250); });
          await page.screenshot({ path: path.join(out, `${name}-${kind}-${width}-${look}.png`), fullPage: true });
        }
      }
    }
    await browser.close();
  }
}

main().catch((error) => { console.error(error); process.exit(1); });
