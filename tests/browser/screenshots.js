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

/** The pages of a package that are worth a picture: the first, the longest stack, and the overview of its study. */
function pagesOf(root) {
  const web = path.join(root, 'IHE_PDI');
  const images = (stack) => { try { return fs.readdirSync(stack.slice(0, -4), { recursive: true }).length; } catch { return 0; } };
  const studies = fs.readdirSync(web).filter((name) => /^ST\d+$/.test(name));
  const stacks = studies.flatMap((study) => fs.readdirSync(path.join(web, study)).filter((name) => /^SE\d+\.HTM$/.test(name)).map((name) => path.join(web, study, name)));
  stacks.sort((one, other) => images(other) - images(one));
  return { index: path.join(root, 'index.htm'), stack: stacks[0], overview: `${path.dirname(stacks[0])}.HTM` };
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
            for (let number = 0; number < 14; number += 1) { await page.keyboard.press('ArrowRight'); }
            // Without the mark of the keyboard, which people with a mouse do not see.
            await page.evaluate(() => document.activeElement.blur());
          }
          await page.evaluate(() => Promise.all(Array.from(document.images, (image) => { image.loading = 'eager'; return image.decode().catch(() => null); })));
          await new Promise((done) => { setTimeout(done, 250); });
          await page.screenshot({ path: path.join(out, `${name}-${kind}-${width}-${look}.png`), fullPage: true });
        }
      }
    }
    await browser.close();
  }
}

main().catch((error) => { console.error(error); process.exit(1); });
