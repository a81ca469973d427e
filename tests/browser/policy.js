// The Content Security Policy holds: what a hostile text would do is tried, and does not happen.
'use strict';

const { pathToFileURL } = require('url');

/** Script in the page, in an attribute, from elsewhere; a style, a frame, a form: each is stopped. */
async function tryToBreakOut(page, file, label, check) {
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  const result = await page.evaluate(async () => {
    const violations = [];
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
    const add = (name, attributes, text) => {
      const element = document.createElement(name);
      Object.keys(attributes).forEach((key) => element.setAttribute(key, attributes[key]));
      element.textContent = text || '';
      document.body.appendChild(element);
      return element;
    };
    add('script', {}, 'window.brokenOut = "inline script"');
    add('script', { src: 'https://example.org/x.js' });
    add('script', { src: 'data:text/javascript,window.brokenOut="data"' });
    add('button', { onclick: 'window.brokenOut = "handler"' }).click();
    add('img', { src: 'https://example.org/x.png', alt: '' });
    add('iframe', { src: 'https://example.org/' });
    add('style', {}, 'body { visibility: hidden }');
    add('link', { rel: 'stylesheet', href: 'https://example.org/x.css' });
    try { await window.fetch('https://example.org/'); } catch (error) { violations.push('fetch'); }
    await new Promise((done) => { setTimeout(done, 300); });
    return { brokenOut: window.brokenOut || '', hidden: window.getComputedStyle(document.body).visibility, violations };
  });
  check(result.brokenOut === '', `${label}: the policy lets ${result.brokenOut} run`);
  check(result.hidden === 'visible', `${label}: the policy lets a style in`);
  for (const directive of ['script-src-elem', 'script-src-attr', 'img-src', 'frame-src', 'style-src-elem', 'fetch']) {
    check(result.violations.includes(directive), `${label}: the policy does not stop ${directive}: ${result.violations}`);
  }
}

module.exports = { tryToBreakOut };
