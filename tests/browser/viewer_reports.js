// Reports beside the images of the viewer: as text, as a PDF in a frame, in a tab of their own; and what somebody made of one.
'use strict';

const fs = require('fs');
const os = require('os');
const path = require('path');
const { pathToFileURL } = require('url');
const { axeFaults } = require('./accessibility');
const { look } = require('./viewer_looks');
const at = require('./viewer_page');

const papers = (page) => page.$$('.shelf .paper');
const words = (page) => page.$eval('#beside-body', (body) => body.innerText);
const isOpen = (page) => page.$eval('#beside', ({ hidden }) => !hidden);
/** Whether the browser's own page for PDFs is in the frame. */
const showsPdf = (page) => page.frames().some((frame) => frame.url().startsWith('chrome-extension://'));

/** Opens a report by its place in the list; comes back when its text, its PDF or what is wrong with it is there. */
async function openReport(page, number) {
  await (await papers(page))[number].click();
  await page.waitForFunction(() => document.querySelector('#beside-body > :is(.report, iframe, .problem)') && document.querySelector('#beside-tab').href, { timeout: 30_000 });
}

/** Notes what is made an address of for a frame, and whether the address is given up. */
const noteBlobs = (page) => page.evaluate(() => {
  window.noted = [];
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const address = createObjectURL.call(URL, blob);
    if (!(blob instanceof File)) { window.noted.push({ address, blob }); }
    return address;
  };
  URL.revokeObjectURL = (address) => {
    window.noted.filter((one) => one.address === address).forEach((one) => { one.isRevoked = true; });
    revokeObjectURL.call(URL, address);
  };
});

/** The reports of the study of kinds: a PDF, a structured report, key images. */
async function reports(page, root, check) {
  const count = (await papers(page)).length;
  check(count === 3, `${count} reports are listed, not the PDF, the SR and the key images`);
  await noteBlobs(page);
  await asPdf(page, root, check);
  await asText(page, check);
  await toImage(page, check);
  await onPhone(page, check);
}

/** The frame is given the bytes of the file, and Chromium shows them; they can be had in a tab too. */
async function asPdf(page, root, check) {
  await openReport(page, 0);
  const given = await page.evaluate(async () => {
    const [{ address, blob }] = window.noted;
    const isInFrame = document.querySelector('#beside iframe').src.startsWith(address);
    return { isInFrame, type: blob.type, bytes: Array.from(new Uint8Array(await blob.arrayBuffer())) };
  });
  const file = fs.readFileSync(path.join(root, 'IHE_PDI', 'RP000001.PDF'));
  check(given.isInFrame && given.type === 'application/pdf' && file.equals(Buffer.from(given.bytes)), `the frame is given ${given.bytes.length} bytes of ${given.type}, not the ${file.length} of the report`);
  check(await page.evaluate(() => navigator.pdfViewerEnabled), 'this Chromium has no page for PDFs: nothing can be seen');
  for (let tries = 0; tries < 100 && !showsPdf(page); tries += 1) { await at.frames(page, 6); }
  check(showsPdf(page), `the frames show ${page.frames().map((frame) => frame.url())}`);
  await inTab(page, check);
  await page.focus('#beside-close');
  await page.keyboard.press('Escape');
  check(!(await isOpen(page)) && !(await page.$('#beside iframe')), 'Escape leaves the report');
  check(await page.evaluate(() => window.noted.every(({ isRevoked }) => isRevoked)), 'the address of the PDF is kept when it is closed');
}

async function inTab(page, check) {
  const browser = page.browser();
  const before = new Set(browser.targets());
  await page.click('#beside-tab');
  const target = await browser.waitForTarget((one) => one.type() === 'page' && !before.has(one), { timeout: 5_000 }).catch(() => null);
  check(target, 'a report opens no tab');
  const tab = await target?.page();
  const kind = await tab?.waitForFunction(() => document.contentType, { timeout: 10_000 }).then((value) => value.jsonValue()).catch((error) => error.message);
  check(kind === 'application/pdf', `a report is shown in its tab as ${kind}`);
  await tab?.close();
  await page.bringToFront();
}

/** A structured report: its text, in the language of the page; the focus goes there and comes back. */
async function asText(page, check) {
  await openReport(page, 1);
  const [card] = (await papers(page)).slice(1);
  check((await words(page)).includes('diametro < 40 mm & pareti lisce'), `the report says ${await words(page)}`);
  check(await page.$$eval('#beside-body h3', (all) => all.map(({ innerText }) => innerText).join()) === 'Findings,Impressions', 'its headings are others');
  check(await page.evaluate(() => document.activeElement.id) === 'beside-body', 'the focus does not go to the report');
  check(await card.evaluate((one) => one.getAttribute('aria-expanded')) === 'true', 'the list does not mark it');
  const before = await at.shown(page);
  await page.keyboard.press('ArrowDown');
  await at.frames(page, 6);
  check(await at.shown(page) === before, 'a key in the report moves the images');
  await look(page, 'report', check);
  await page.setViewport({ width: 1400, height: 1200 });
  const label = { it: 'Esame:', en: 'Examination:' };
  const here = await page.$eval('html', ({ lang }) => lang);
  check((await words(page)).startsWith(label[here]), `in ${here} it says ${await words(page)}`);
  await page.click('#language');
  await page.waitForFunction((other) => document.querySelector('#beside-body').innerText.startsWith(other), {}, label[here === 'it' ? 'en' : 'it']);
  await page.click('#language');
  await page.waitForFunction((own) => document.querySelector('#beside-body').innerText.startsWith(own), {}, label[here]);
  await page.focus('#beside-body');
  await page.keyboard.press('Escape');
  check(await page.evaluate(() => document.activeElement.dataset.report) === 'IHE_PDI/RP000002.PDF', 'the focus does not come back to the list');
}

/** The key images: their pictures are shown, and a link leads to the image itself. */
async function toImage(page, check) {
  await openReport(page, 2);
  await page.waitForFunction(() => Array.from(document.querySelectorAll('#beside-body img')).every(({ complete, naturalWidth }) => complete && naturalWidth > 0));
  const links = await page.$$('#beside-body .to-image');
  check(links.length === 3 && (await page.$$('#beside-body img')).length === 3, `${links.length} links lead to images`);
  await links[2].click();
  await page.waitForFunction(() => document.querySelector('.pane').dataset.shown?.startsWith('STUDIES/ST000001/SE000002/'));
  check(await at.shown(page) === 'STUDIES/ST000001/SE000002/IM000003#1', `the third key image is ${await at.shown(page)}`);
  check(await isOpen(page), 'the report is closed though there is room for both');
}

/** A document with tables and pictures of its own, in a package without images: it opens at once. */
async function alone(page, root, check) {
  await at.openFolder(page, root);
  await page.waitForFunction(() => document.querySelector('#beside-body .report img')?.naturalWidth > 0);
  check((await words(page)).includes('nodulo del lobo superiore'), `the document says ${await words(page)}`);
  check(await page.$eval('#beside-body th[colspan="2"]', ({ scope, innerText }) => `${scope} ${innerText}`) === 'col Diametro, mm', 'the table has lost a heading');
  check(await page.$$eval('#beside-body figure img, #beside-body .item img', (all) => all.length) === 2, 'the document has other pictures');
  const cover = await page.$eval('.pane .cover', ({ textContent }) => textContent);
  check(/no images|non contiene immagini/.test(cover), `in the place of images it says ${cover}`);
  for (const fault of await axeFaults(page)) { check(false, `a document alone: axe: ${fault}`); }
}

/** On a telephone there is room for one of the two: a link leaves the report. */
async function onPhone(page, check) {
  await page.setViewport({ width: 390, height: 844 });
  await at.frames(page, 4);
  check(await page.$eval('.desk', (desk) => getComputedStyle(desk).visibility) === 'hidden', 'the images can be reached behind the report');
  for (const fault of await axeFaults(page)) { check(false, `a report on a telephone: axe: ${fault}`); }
  await (await page.$$('#beside-body .to-image'))[0].click();
  await page.waitForFunction(() => document.querySelector('.pane').dataset.shown === 'STUDIES/ST000001/SE000002/IM000001#1');
  check(!(await isOpen(page)) && await page.evaluate(() => document.activeElement.matches('.pane')), 'a link leaves the report over its image');
  await page.setViewport({ width: 1400, height: 1200 });
  await at.frames(page, 4);
}

const PAGE = `<!DOCTYPE html><html><head><base href="https://example.org/"><style>body{display:none}</style></head><body><main id="content"><h1>Title</h1>
<p class="item evil" id="stage" style="position:fixed" onclick="alert(1)">A text <b>that</b> stays<script>alert(1)</script></p>
<img src="https://example.org/x.jpg" alt="a picture" onerror="alert(1)"><img src="../../secret/THUMB.JPG" alt="another">
<a href="https://example.org/">a link</a> <a href="javascript:alert(1)">a script</a> <a href="../ST000001/SE000009.HTM#IM000001">no image</a>
<iframe src="https://example.org/"></iframe><svg onload="alert(1)"><script>alert(1)</script></svg><math><mtext><img src=x onerror=alert(1)></mtext></math>
<form action="https://example.org/"><input name="a" autofocus onfocus="alert(1)"><button formaction="javascript:alert(1)">send</button></form>
<object data="https://example.org/"></object><template><p>never</p></template><meta http-equiv="refresh" content="0;url=https://example.org/">
<table background="https://example.org/x.png"><tr><td colspan="99999" rowspan="2" lang="it&quot; onclick">a cell</td></tr></table></main></body></html>`;

/** Pages and documents that somebody made: their text alone comes in, nothing is fetched; what is no PDF is not shown as one. */
async function hostile(page, root, check) {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'altrui '));
  fs.cpSync(root, copy, { recursive: true });
  for (const file of at.filesBelow(path.join(copy, 'IHE_PDI'))) {
    if (/RP\d+\.HTM$/.test(file)) { fs.writeFileSync(file, PAGE); }
    if (/RP\d+\.PDF$/.test(file)) { fs.writeFileSync(file, '<script>alert(1)</script>'); }
  }
  await at.openFolder(page, copy);
  await at.complete(page);
  const told = { words: 0, damaged: 0 };
  for (const [number, paper] of (await papers(page)).entries()) {
    const isText = await paper.$eval('.sheet', ({ textContent }) => textContent !== 'PDF');
    await openReport(page, number);
    const text = await words(page);
    if (isText) {
      for (const part of ['A text that stays', 'a picture', 'another', 'a link', 'a script', 'no image', 'a cell']) { check(text.includes(part), `${part} is lost: ${text}`); }
      check(!/never|alert|display/.test(text), `what is no text is shown: ${text}`);
      told.words += 1;
    } else {
      check(!(await page.$('#beside iframe')) && text.length > 20, `what is no PDF is shown: ${text}`);
      told.damaged += 1;
    }
    const odd = await page.$$eval('#beside-body *', (all) => all.filter((one) => !/^(DIV|P|B|SPAN|TABLE|TBODY|TR|TD)$/.test(one.tagName)
      || one.getAttributeNames().some((name) => !['class', 'rowspan', 'role'].includes(name)) || /evil/.test(one.className)).map(({ outerHTML }) => outerHTML));
    check(!odd.length, `elements of a page came in: ${odd}`);
  }
  check(told.words && told.damaged, `${told.words} pages and ${told.damaged} documents are tried`);
  fs.rmSync(copy, { recursive: true });
}

/** Where frames show no PDF, as on telephones, the panel says so and the link is there. */
async function withoutPdf(page, root, check) {
  const script = await page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, 'pdfViewerEnabled', { get: () => false }));
  await page.goto('about:blank');
  await page.goto(pathToFileURL(at.viewerPage(root)).href, { waitUntil: 'load' });
  await at.openFolder(page, root);
  await at.complete(page);
  await (await papers(page))[0].click();
  await page.waitForFunction(() => document.querySelector('#beside-tab').href && /PDF/.test(document.querySelector('#beside-body').innerText));
  check(!(await page.$('#beside iframe')) && await page.$eval('#beside-tab', (link) => !link.hidden && link.offsetWidth > 0), 'a PDF is in a frame that shows none');
  await page.removeScriptToEvaluateOnNewDocument(script.identifier);
}

module.exports = { alone, hostile, openReport, reports, showsPdf, withoutPdf, words };
