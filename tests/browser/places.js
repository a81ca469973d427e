// The images that a report points to: a link shows the very image, in the stack or where it lies.
'use strict';

const { pathToFileURL } = require('url');

/** Follows a few links of a report to its images; gives how many there were. */
async function followPlaces(page, file, hasScript, label, check) {
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  const links = await page.evaluate(() => Array.from(document.querySelectorAll('a[href*="#IM"]'), (link) => link.href));
  const some = [...new Set(links)].slice(0, 4);
  for (const link of some) {
    await page.goto('about:blank');
    await page.goto(link, { waitUntil: 'load' });
    await new Promise((done) => { setTimeout(done, 200); });
    const place = link.split('#')[1];
    const state = await page.evaluate((name) => {
      const shown = document.getElementById('stack');
      const box = (shown.hidden ? document.getElementById(name) : shown).getBoundingClientRect();
      return {
        caption: document.getElementById('caption').textContent,
        expected: Array.from(document.querySelectorAll('figure'), (figure) => figure.querySelector('a'))
          .filter((picture) => picture && picture.getAttribute('href').replace('/FR', '-FR').endsWith(`/${name}.JPG`))
          .map((picture) => picture.parentNode.querySelector('figcaption').textContent),
        isSeen: box.height > 0 && box.top >= -2 && box.top < window.innerHeight,
      };
    }, place);
    check(state.isSeen, `${label}: ${place} is out of sight`);
    check(!hasScript || state.expected[0] === state.caption, `${label}: ${place}: ${JSON.stringify(state)}`);
  }
  return some.length;
}

module.exports = { followPlaces };
