// Pages on paper: A4 as Chromium prints them, read with poppler.
'use strict';

const { execFileSync } = require('child_process');
const fs = require('fs');
const { pathToFileURL } = require('url');

const run = (program, ...given) => execFileSync(program, given, { encoding: 'utf8', maxBuffer: 1 << 26 });
// Where lines break, and whether a style makes a letter large, does not matter.
const words = (text) => text.replace(/\s+/g, '').toLowerCase();

/** Prints a page; gives the texts of its sheets of paper, and how many pictures are drawn on them. */
async function printed(page, file, pdf) {
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  const state = await page.evaluate(() => {
    const isShown = (element) => window.getComputedStyle(element).display !== 'none';
    return { images: Array.from(document.images).filter(isShown).length, name: document.querySelector('.patient-name').textContent };
  });
  await page.pdf({ path: pdf, format: 'A4', preferCSSPageSize: true });
  const sheets = run('pdftotext', pdf, '-').split('\f').slice(0, -1).map(words);
  const drawn = run('pdfimages', '-list', pdf).trim().split('\n').slice(2).length;
  fs.unlinkSync(pdf);
  return { ...state, sheets, drawn };
}

/** Patient on the first sheet, numbers on all, as many sheets as expected, every text, no picture cut in two. */
async function judgePrint(page, file, label, { fewest, most, texts }, check) {
  const { images, name, sheets, drawn } = await printed(page, file, `${file}.print.pdf`);
  const all = sheets.join('');
  check(sheets.length >= fewest && sheets.length <= most, `${label}: printed on ${sheets.length} sheets, not ${fewest} to ${most}`);
  check(sheets[0].includes(words(name)), `${label}: no patient on the first sheet`);
  sheets.forEach((text, index) => check(text.includes(`${index + 1}/${sheets.length}`), `${label}: no number on sheet ${index + 1}`));
  texts.forEach((text) => check(all.includes(words(text)), `${label}: not printed: ${text}`));
  // A picture that a page break cuts is drawn twice.
  check(drawn === images, `${label}: ${images} pictures are drawn ${drawn} times`);
  return sheets.length;
}

module.exports = { judgePrint };
