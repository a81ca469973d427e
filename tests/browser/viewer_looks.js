// The viewer as people see it on a telephone, a tablet and a desk: nothing for axe to find, nothing wider than the window.
'use strict';

const { axeFaults } = require('./accessibility');
const at = require('./viewer_page');

const WIDTHS = [390, 768, 1280];

/** Calls `check(holds, text)` for each look, in both languages; leaves pictures in a folder if one is named. */
async function look(page, state, check, pictures) {
  for (const width of WIDTHS) {
    await page.setViewport({ width, height: 800 });
    await at.frames(page, 4);
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(overhang <= 0, `${state} at ${width}: ${overhang} px too wide`);
    for (const fault of await axeFaults(page)) { check(false, `${state} at ${width}: axe: ${fault}`); }
    if (pictures) { await page.screenshot({ path: `${pictures}/viewer-${state.replace(/\W+/g, '-')}-${width}.png` }); }
  }
  const words = await page.evaluate(() => document.body.innerText);
  await page.click('#language');
  check(await page.evaluate(() => document.body.innerText) !== words, `${state}: the other language says the same`);
  await page.click('#language');
}

module.exports = { look };
