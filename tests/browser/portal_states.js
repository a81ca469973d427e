// What a patient sees while the PACS is slow, gone, and back again. Usage: portal_states.js ESITO FOLDER [PICTURES]
'use strict';

const { execFile, spawn } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const net = require('net');
const path = require('path');
const readline = require('readline');
const { promisify } = require('util');
const { Judge, FEW, fill, press, pause } = require('./portal_page.js');

const run = promisify(execFile);
const [esito, folder, pictures] = process.argv.slice(2);
const PASSWORD = 'Tramonto-Azzurro!7';

const listen = (server, port = 0) => new Promise((resolve) => { server.listen(port, '127.0.0.1', () => resolve(server.address().port)); });
const ended = (child) => new Promise((resolve) => { child.once('exit', resolve); });

/** A free port, a moment later. */
async function freePort() {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

/** A server that takes connections and never says a word; `end` lets go of them. */
async function silent(port) {
  const sockets = [];
  const server = net.createServer((socket) => { socket.on('error', () => {}); sockets.push(socket); });
  await listen(server, port);
  return { end: () => { sockets.forEach((socket) => socket.destroy()); return new Promise((resolve) => { server.close(resolve); }); } };
}

/** A program that says that it listens. */
async function started(...argv) {
  const child = spawn(esito, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of readline.createInterface({ input: child.stdout })) {
    if (/listening on|DIMSE:/.test(line)) { return child; }
  }
  throw new Error(`${argv[0]} ended before it listened`);
}

async function main(judge, running) {
  const messages = [];
  const gateway = http.createServer((request, answer) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => { messages.push(JSON.parse(body).text); answer.end(); });
  });
  running.push({ kill: () => gateway.close() });
  const [sms, pacsPort] = [await listen(gateway), await freePort()];
  fs.mkdirSync(folder, { recursive: true });
  const file = (name, text) => {
    fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  file('secret', crypto.randomBytes(32).toString('hex'));
  const config = file('esito.toml', `
[store]
folder = "store"
secret_file = "secret"
[portal]
listen = "${new URL(judge.origin).host}"
address = "${judge.origin}"
[sms]
url = "http://127.0.0.1:${sms}/"
json = { to = "{number}", text = "{text}" }
[results]
release = "always"
availability_days = 0
refresh = { at_most_every = 1, page_waits_ms = 200, time_out = 20 }
[[pacs]]
name = "main"
site = "Provaglio"
host = "127.0.0.1"
port = ${pacsPort}
called_ae_title = "FIXTURE"
calling_ae_title = "ESITO"
`);
  const studies = path.join(folder, 'studies');
  await run(esito, ['fixtures', '--study', 'cr', '--out', studies]);
  const slow = await silent(pacsPort);
  running.push(await started('serve', '--config', config));
  const patients = file('patients.csv', 'patient_id,family_name,given_name,sex,birth_date,user_name,account_email,account_phone,online_results\n'
    + 'TEST000001,ROSSI,MARIA TEST,F,1970-01-01,maria,maria@example.org,+390000000000,yes\n');
  await run(esito, ['patient', 'import', '--config', config, patients]);
  for (let tries = 0; tries < 100 && !messages.length; tries += 1) { await pause(100); }
  const first = messages[0].match(/password è (\S+)/)[1];
  const { browser, page: fresh } = await judge.browser();
  running.push({ kill: () => browser.close() });
  await fresh.goto(`${judge.origin}/login`);
  await fill(fresh, { user_name: 'maria', password: first });
  await press(fresh, 'main button.primary');
  await fill(fresh, { old: first, new: PASSWORD, confirm: PASSWORD });
  await press(fresh, 'main button.primary');
  // The pages that are judged stand still: their script would load them anew.
  const { browser: still, page } = await judge.browser('lost');
  running.push({ kill: () => still.close() });
  await page.goto(`${judge.origin}/login`);
  await fill(page, { user_name: 'maria', password: PASSWORD });
  await press(page, 'main button.primary');

  const text = () => page.$eval('main', (main) => main.innerText);
  const expect = async (words, what) => judge.check((await text()).includes(words), `${what}: ${await text()}`);
  // While the list is asked for, the page says so and comes again by itself.
  await page.goto(`${judge.origin}/`);
  const results = page.url();
  await expect('Cerchiamo i tuoi esiti', 'a PACS that takes its time is not told');
  await judge.look(page, 'results-loading');
  await fresh.goto(results);
  await fresh.waitForNavigation({ timeout: 10000 });
  judge.check(fresh.url() === `${results}?again`, `a list that comes by itself counts as use: ${fresh.url()}`);
  await slow.end();
  // It hung up: nothing is known yet.
  for (let tries = 0; tries < 40 && !(await page.$('.notice:not(.calm)')); tries += 1) { await pause(250); await page.goto(results); }
  await expect('Elenco non disponibile', 'a PACS that hangs up is not told');
  await judge.look(page, 'results-pacs-down-at-first');
  // Now it answers. That it said nothing is known for a time-out.
  let pacs = await started('fixture-pacs', '--folder', studies, '--port', `${pacsPort}`);
  running.push({ kill: () => pacs.kill() });
  for (let tries = 0; tries < 120 && !(await page.$('.orders tbody tr')); tries += 1) { await pause(250); await page.goto(results); }
  judge.check(!(await page.$('.notice')), `a PACS that answers is not believed: ${await text()}`);
  await judge.look(page, 'results-pacs-up', FEW);
  // And now it is gone: what was known stays, and the page says of when it is.
  pacs.kill('SIGKILL');
  await ended(pacs);
  await pause(1100);
  for (let tries = 0; tries < 40 && !(await page.$('.notice:not(.calm)')); tries += 1) { await pause(250); await page.goto(results); }
  judge.check(await page.$('.orders tbody tr'), 'a PACS that is gone takes the list with it');
  await judge.look(page, 'results-pacs-down');
  await press(page, '.orders tbody th a');
  judge.check(await page.$('.notice'), 'the order does not say of when it is');
  await judge.look(page, 'order-pacs-down');
}

(async () => {
  const judge = new Judge(`http://127.0.0.1:${await freePort()}`, pictures);
  const running = [];
  const walked = main(judge, running);
  judge.run(walked);
  await walked.catch(() => {});
  running.reverse().forEach((one) => one.kill());
})();
