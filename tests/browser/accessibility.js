// axe-core over the page that is open: WCAG 2.1 A and AA, and its best practices.
'use strict';

const fs = require('fs');

const SOURCE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];

/** One line for each rule that is broken, with the first element that breaks it. */
async function axeFaults(page) {
  await page.evaluate(SOURCE);
  return page.evaluate(async (tags) => {
    const { violations } = await window.axe.run(document, { runOnly: tags, preload: false });
    return violations.map((rule) => `${rule.id}: ${rule.nodes.length} × ${rule.nodes[0].html.slice(0, 120)} ${rule.nodes[0].failureSummary.split('\n')[1] || ''}`);
  }, TAGS);
}

module.exports = { axeFaults };
