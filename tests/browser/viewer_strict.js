// The viewer of a package in the strict layout, from disk: opens from the page of a series, shows an image, leads back to pages that are there.
// Usage: node viewer_strict.js ROOT
'use strict';

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { open } = require('./browsers');
const at = require('./viewer_page');

async function main() {
  const [root] = process.argv.slice(2);
  const faults = [];
  const { browser, page } = await open('chromium', { script: true });
  page.on('pageerror', (error) => faults.push(error.message));
  // As somebody comes from an English page of the series.
  await page.goto(pathToFileURL(path.join(root, 'IHE_PDI', 'EN', 'ST000001', 'SE000001.HTM')).href, { waitUntil: 'load' });
  await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), page.click('a.button[href*="CDVIEWER"]')]);
  await at.openFolder(page, root);
  if (await page.$eval('html', ({ lang }) => lang) !== 'en') { faults.push('the viewer is not in the language of the page'); }
  await at.complete(page);
  const shown = await at.shown(page);
  if (!/^STUDIES\/ST000001\/SE000001\/IM\d+#1$/.test(shown)) { faults.push(`it shows ${shown}`); }
  const links = await page.$$eval('a[data-index]', (all) => all.map((link) => decodeURIComponent(new URL(link.href).pathname)));
  for (const link of links) { if (!fs.existsSync(link) || !link.endsWith('IHE_PDI/EN/INDEX.HTM')) { faults.push(`${link} is not there`); } }
  if (!links.length) { faults.push('nothing leads back'); }
  await browser.close();
  faults.forEach((fault) => console.log(fault));
  return faults.length ? 1 : 0;
}

main().then((code) => process.exit(code), (error) => { console.error(error); process.exit(2); });
