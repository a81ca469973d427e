// Walks through `esito demo` as a reader of the README does. Usage: demo.js ESITO FOLDER
'use strict';

const assert = require('assert');
const { open } = require('./browsers');
const { start } = require('./demonstration');

const PASSWORD = 'Tramonto-Azzurro!7';

const submit = (page) => Promise.all([page.waitForNavigation(), page.click('main button.primary')]);

async function main(esito, folder) {
  let demo = await start(esito, folder, '127.0.0.1:0');
  const { browser, page } = await open('chromium', { script: true });
  try {
    await page.goto(demo.outbox);
    const outbox = await page.$eval('main', (main) => main.innerText);
    assert(outbox.includes(`Nome utente: ${demo.user}`), outbox);
    const first = /la tua prima password è (\S+) Il nome utente/.exec(outbox);
    assert(first, outbox);
    // The other part of the mail, as a mail program shows it: with its styles, which the pages themselves may not have.
    await page.goto(await page.$eval('.message a[href^="/outbox/"]', (link) => link.href));
    assert((await page.$eval('body', (body) => body.innerText)).includes(demo.user), 'the HTML of the mail says something else');
    assert.strictEqual(await page.$eval('td[bgcolor]', (cell) => getComputedStyle(cell).backgroundColor), 'rgb(11, 79, 138)');
    if (process.env.ESITO_SHOTS) { await page.screenshot({ path: `${process.env.ESITO_SHOTS}/mail.png` }); }
    await page.goto(`${demo.origin}/`);
    assert.strictEqual(new URL(page.url()).pathname, '/login');
    await page.type('#user_name', demo.user);
    await page.type('#password', first[1]);
    await submit(page);
    assert.strictEqual(new URL(page.url()).pathname, '/password', 'a new password comes first');
    await page.goto(`${demo.origin}/`);
    assert.strictEqual(new URL(page.url()).pathname, '/password', 'and nothing before it');
    await page.type('#old', first[1]);
    await page.type('#new', PASSWORD);
    await page.type('#confirm', PASSWORD);
    await submit(page);
    await page.goto(`${demo.origin}/`);
    assert(!['/login', '/password'].includes(new URL(page.url()).pathname), page.url());
    demo.server.kill('SIGKILL');
    await new Promise((resolve) => demo.server.once('exit', resolve));
    demo = await start(esito, folder, new URL(demo.origin).host);
    await page.goto(`${demo.origin}/`);
    assert(!['/login', '/password'].includes(new URL(page.url()).pathname), 'she is still logged in');
    // The first answer of the PACS may come behind the page.
    let list = '';
    for (let tries = 0; tries < 20 && !list.includes('Provaglio'); tries += 1) {
      if (tries) { await new Promise((resolve) => setTimeout(resolve, 500)); }
      await page.goto(`${demo.origin}/`);
      list = await page.$eval('main', (main) => main.innerText);
    }
    assert(list.split('Provaglio').length > 4, list);
    if (process.env.ESITO_SHOTS) { await page.screenshot({ path: `${process.env.ESITO_SHOTS}/home.png` }); }
  } finally {
    await browser.close();
    demo.server.kill('SIGKILL');
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
