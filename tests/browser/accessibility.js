// axe-core over the page that is open, and over a page in every look that people ask their systems for.
'use strict';

const fs = require('fs');
const { pathToFileURL } = require('url');

const SOURCE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
const CONTRAST = [{ name: 'prefers-contrast', value: 'more' }];
const FORCED = [{ name: 'forced-colors', value: 'active' }];
// 320 is what a window of 1280 px has left at 400 %, and 640 at 200 % (WCAG 2.1, 1.4.4 and 1.4.10).
const LOOKS = [
  { width: 320, features: [] }, { width: 390, features: [] }, { width: 640, features: [] },
  { width: 768, features: [] }, { width: 1280, features: [] },
  { width: 390, features: CONTRAST }, { width: 768, features: CONTRAST }, { width: 1280, features: CONTRAST },
  { width: 390, features: FORCED }, { width: 768, features: FORCED }, { width: 1280, features: FORCED },
];

/** One line for each rule that is broken, with the first element that breaks it. */
async function axeFaults(page) {
  await page.evaluate(SOURCE);
  return page.evaluate(async (tags) => {
    const { violations } = await window.axe.run(document, { runOnly: tags, preload: false });
    return violations.map((rule) => `${rule.id}: ${rule.nodes.length} × ${rule.nodes[0].html.slice(0, 120)} ${rule.nodes[0].failureSummary.split('\n')[1] || ''}`);
  }, TAGS);
}

/** Kinds of page that differ from others in little get a look of each sort. */
const FEW = LOOKS.filter(({ width, features }) => width === { '': 320, 'prefers-contrast': 768, 'forced-colors': 1280 }[features.map(({ name }) => name).join()]);

/** A page in each look: nothing for axe to find, nothing wider than the window. Chromium only. */
async function judgeLooks(page, file, label, isFull, check) {
  const session = await page.createCDPSession();
  let runs = 0;
  for (const { width, features } of isFull ? LOOKS : FEW) {
    const look = `${label} at ${width} ${features.map(({ name }) => name).join()}`;
    await session.send('Emulation.setEmulatedMedia', { features });
    await page.setViewport({ width, height: 900 });
    await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
    const state = await page.evaluate(() => {
      document.querySelectorAll('details').forEach((details) => { details.open = true; });
      const { documentElement: root } = document;
      // A table of a report scrolls in a region of its own.
      const isFree = (element) => !element.closest('.wide, .sheets, .aside, .skip');
      const wide = Array.from(document.body.querySelectorAll('*')).filter((element) => isFree(element) && element.getBoundingClientRect().right > root.clientWidth + 1);
      return { overhang: root.scrollWidth - root.clientWidth, wide: wide.slice(0, 2).map((element) => element.outerHTML.slice(0, 80)) };
    });
    check(state.overhang <= 0 && !state.wide.length, `${look}: ${state.overhang} px too wide: ${state.wide}`);
    for (const fault of await axeFaults(page)) { check(false, `${look}: axe: ${fault}`); }
    runs += 1;
  }
  await session.send('Emulation.setEmulatedMedia', { features: [] });
  await session.detach();
  return runs;
}

module.exports = { axeFaults, judgeLooks, CONTRAST, FORCED };
