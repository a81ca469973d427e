// Starts Debian's Chromium or Firefox, without a profile and without a network.
'use strict';

const puppeteer = require('puppeteer-core');

const CHROMIUM = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
// Automation relaxes file:// in Firefox; people's browsers do not.
const FIREFOX = { 'security.fileuri.strict_origin_policy': true, 'network.captive-portal-service.enabled': false };

/** A browser with one page. Firefox blocks script by a setting, Chromium page by page. */
async function open(kind, { script, more = [] }) {
  const isFirefox = kind === 'firefox';
  const browser = await puppeteer.launch({
    browser: isFirefox ? 'firefox' : 'chrome',
    executablePath: process.env[`ESITO_${kind.toUpperCase()}`] || (isFirefox ? '/usr/bin/firefox-esr' : '/usr/bin/chromium'),
    headless: true,
    args: isFirefox ? more : CHROMIUM.concat(more),
    extraPrefsFirefox: script ? FIREFOX : { ...FIREFOX, 'javascript.enabled': false },
  });
  const page = await browser.newPage();
  if (!script && !isFirefox) { await page.setJavaScriptEnabled(false); }
  return { browser, page };
}

module.exports = { open };
