// What a configuration says of the institution, as a browser shows it on each kind of page.
//
// Usage: node branding.js chromium|firefox FOLDER JSON   (an unpacked package, and what must be seen)
'use strict';

const path = require('path');
const { pathToFileURL } = require('url');
const { open } = require('./browsers');

const PAGES = {
  it: ['index.htm', 'IHE_PDI/ST000001.HTM', 'IHE_PDI/ST000001/SE000001.HTM', 'IHE_PDI/ST000001/SE000002.HTM', 'IHE_PDI/RP000002.HTM'],
  en: ['IHE_PDI/EN/INDEX.HTM', 'IHE_PDI/EN/ST000001.HTM', 'IHE_PDI/EN/ST000001/SE000002.HTM', 'IHE_PDI/EN/RP000002.HTM'],
};

const read = (page) => page.evaluate(() => {
  const style = (selector) => window.getComputedStyle(document.querySelector(selector));
  const logo = document.querySelector('.band img');
  const name = document.querySelector('.institution-name').getBoundingClientRect();
  const box = logo ? logo.getBoundingClientRect() : null;
  return {
    band: document.querySelector('.band').innerText,
    footer: document.querySelector('footer').innerText,
    background: style('.band').backgroundColor,
    colour: style('.band').color,
    link: style('main a[href], .steps a[href]').color,
    logo: logo && { size: [logo.naturalWidth, logo.naturalHeight], alt: logo.getAttribute('alt'), shape: box.width / box.height, isBeside: box.right <= name.left && box.height > 10 },
  };
});

async function main() {
  const [kind, root, json] = process.argv.slice(2);
  const wanted = JSON.parse(json);
  const faults = [];
  const { browser, page } = await open(kind, { script: true });
  for (const [language, files] of Object.entries(PAGES)) {
    for (const file of files) {
      const check = (holds, text) => { if (!holds) { faults.push(`${file}: ${text}`); } };
      await page.setViewport({ width: 1000, height: 800 });
      await page.goto(pathToFileURL(path.join(root, file)).href, { waitUntil: 'load' });
      const seen = await read(page);
      for (const text of [wanted.names[language], wanted.address, wanted.contact]) { check(seen.band.includes(text), `no ${text} in ${seen.band}`); }
      check(seen.background === wanted.primary && seen.colour === wanted.on_primary, `colours ${seen.background} and ${seen.colour}`);
      check(seen.link === wanted.link, `links are ${seen.link}`);
      // The name stands beside the logo: read aloud as well it would be heard twice.
      const { logo } = seen;
      check(logo && logo.alt === '' && logo.isBeside, `the logo is not beside the name: ${JSON.stringify(logo)}`);
      check(logo && String(logo.size) === String(wanted.logo) && Math.abs(logo.shape - 4) < 1, `the logo is not shown as it is: ${JSON.stringify(logo)}`);
      if (/index/i.test(file)) { check(seen.footer.includes(wanted.disclaimers[language]), `no disclaimer in ${seen.footer}`); }
    }
  }
  await browser.close();
  faults.forEach((fault) => console.log(`${kind}: ${fault}`));
  return faults.length ? 1 : 0;
}

main().then((code) => process.exit(code), (error) => { console.error(error); process.exit(2); });
