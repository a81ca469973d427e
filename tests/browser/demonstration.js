// Starts `esito demo`, and logs its patient in for the first time.
'use strict';

const { spawn } = require('child_process');
const readline = require('readline');
const { fill, press } = require('./portal_page.js');

const PASSWORD = 'Tramonto-Azzurro!7';

/** A demonstration that listens; `origin` is what it printed. Without a folder it keeps nothing. */
async function start(esito, folder, listen = '127.0.0.1:0', more = []) {
  const kept = folder ? ['--data', folder] : [];
  const server = spawn(esito, ['demo', '--listen', listen, ...kept, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
  const found = {};
  for await (const line of readline.createInterface({ input: server.stdout })) {
    const portal = /^The portal: +(\S+)\/$/.exec(line);
    const user = /^User name: +(\S+)$/.exec(line);
    const outbox = /^ +(\S+\/outbox)$/.exec(line);
    if (portal) { found.origin = portal[1]; }
    if (user) { found.user = user[1]; }
    if (outbox) { found.outbox = outbox[1]; }
    if (line.startsWith('listening on')) { return { server, ...found }; }
  }
  throw new Error('the demonstration ended before it listened');
}

/** What the SMS of the outbox says. */
async function firstPassword(page, demo) {
  await page.goto(demo.outbox);
  const text = await page.$eval('main', (main) => main.innerText);
  return /la tua prima password è (\S+) Il nome utente/.exec(text)[1];
}

/** Logs her in with the first password, and chooses PASSWORD as the new one. */
async function logInForTheFirstTime(page, demo, first) {
  await page.goto(`${demo.origin}/login`);
  await fill(page, { user_name: demo.user, password: first });
  await press(page, 'main button.primary');
  await fill(page, { old: first, new: PASSWORD, confirm: PASSWORD });
  await press(page, 'main button.primary');
}

module.exports = { start, firstPassword, logInForTheFirstTime, PASSWORD };
