// Goes through a package whose files are damaged, one after the other: each is shown or told, and the page never stands still.
//
// Usage: node viewer_malformed.js ROOT   (an unpacked package of one series). Prints what each image says; exit 1 if the page
// freezes, crashes, throws, or shows one image under the number of another.
'use strict';

const { open } = require('./browsers');
const at = require('./viewer_page');

/** The longest that the page may not answer, milliseconds; a decoder works beside it. */
const LONGEST_SILENCE = 2_000;

async function main() {
  const [root] = process.argv.slice(2);
  const faults = [];
  const { browser, page } = await open('chromium', { script: true });
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => faults.push(`a fault of the script: ${error.message}`));
  page.on('error', (error) => faults.push(`the page crashed: ${error.message}`));
  await page.setViewport({ width: 1000, height: 800 });
  await at.openFromDisk(page, root);
  await page.evaluate(() => {
    window.silence = 0;
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      window.silence = Math.max(window.silence, now - last);
      last = now;
    }, 20);
  });
  const count = await page.$eval('.place', ({ max }) => Number(max));
  const outcomes = { shown: 0, told: 0 };
  for (let place = 1; place <= count; place += 1) {
    await page.$eval('.place', (slider, number) => { slider.value = number; slider.dispatchEvent(new Event('input')); }, place);
    const settled = await at.settledAt(page, place).catch(() => false);
    const state = settled && await page.$eval('.pane', (pane) => ({ shown: pane.dataset.shown, says: pane.querySelector('.cover').hidden ? '' : pane.querySelector('.cover').textContent }));
    if (!state) { faults.push(`image ${place}: neither shown nor told`); continue; }
    if (state.shown && state.says) { faults.push(`image ${place}: shown and told at once`); }
    outcomes[state.shown ? 'shown' : 'told'] += 1;
    console.log(`${place}: ${state.shown ?? state.says}`);
  }
  const silence = await page.evaluate(() => window.silence);
  if (silence > LONGEST_SILENCE) { faults.push(`the page did not answer for ${Math.round(silence)} ms`); }
  await browser.close();
  faults.forEach((fault) => console.log(fault));
  console.log(`${count} images: ${outcomes.shown} shown, ${outcomes.told} told; longest silence ${Math.round(silence)} ms; ${faults.length} findings`);
  return faults.length || !outcomes.shown || !outcomes.told ? 1 : 0;
}

main().then((code) => process.exit(code), (error) => { console.error(error); process.exit(2); });
