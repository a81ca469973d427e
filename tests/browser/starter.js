// `_start.exe` under wine: it serves the package that it lies in, and nothing else; it ends when nobody looks any more.
//
// Usage: node starter.js ROOT FOLDER [slow]   (an unpacked package; a folder for what is written beside it)
// Prints one line for each fault; exit 1 if there was one, 3 where wine is not to be had.
'use strict';

const { createHash } = require('crypto');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { hasWine, start } = require('./wine');
const { filesBelow, viewerPage } = require('./viewer_page');

const faults = [];
const check = (holds, text) => { if (!holds) { faults.push(text); } };
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Sends bytes as they are: what no HTTP client would send. Gives the status. */
function status(port, text, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const socket = net.connect(port, host);
    let answer = '';
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('connect', () => socket.write(text));
    socket.on('data', (data) => { answer += data.toString('latin1'); if (answer.includes('\r\n')) { socket.destroy(); } });
    socket.on('error', () => resolve('refused'));
    socket.on('close', () => resolve(answer.split(' ')[1] ?? 'nothing'));
  });
}

async function serves(root, address) {
  const base = address.split('/').slice(0, 4).join('/');
  for (const file of filesBelow(root)) {
    const name = path.relative(root, file).split(path.sep).map(encodeURIComponent).join('/');
    const answer = await fetch(`${base}/${name}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    check(answer.status === 200 && digest(bytes) === digest(fs.readFileSync(file)), `${name}: ${answer.status}, ${bytes.length} bytes`);
    check(answer.headers.get('x-content-type-options') === 'nosniff', `${name}: its type may be guessed`);
  }
  return base;
}

/** Ways out of the package, other names of this machine, what is no request. */
async function refuses(base, secretFile) {
  const { port, pathname } = new URL(base);
  const ask = (target, host = `127.0.0.1:${port}`, method = 'GET') => status(port, `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const page = `${pathname}/cdviewer/index.htm`;
  check(await ask(page) === '200', 'its own page is not answered');
  const outside = `../${path.basename(secretFile)}`;
  for (const way of [outside, `cdviewer/../${outside}`, outside.replaceAll('.', '%2e'), outside.replace('/', '%2f'), outside.replace('/', '\\'), outside.replace('/', '%5c'),
    'C:/windows/win.ini', 'C%3A%5Cwindows%5Cwin.ini', 'Z:/etc/passwd', '/etc/passwd', '//127.0.0.1/c$/x', 'cdviewer/_start.exe::$DATA', 'DICOMDIR.', 'DICOMDIR%20', 'DICOMDIR%00', 'CON', 'NUL.txt', 'COM1', '', 'STUDIES', 'STUDIES/']) {
    const code = await ask(`${pathname}/${way}`);
    check(code === '404' || code === '400', `${way} is answered with ${code}`);
  }
  for (const host of ['localhost', `localhost:${port}`, 'attacker.example', `attacker.example:${port}`, '127.0.0.1', '127.0.0.1:1']) {
    check(await ask(page, host) === '404', `the host ${host} is answered`);
  }
  for (const wrong of ['/', '/cdviewer/index.htm', `/${'0'.repeat(32)}/cdviewer/index.htm`, `${pathname.slice(0, -1)}/cdviewer/index.htm`, `${pathname}0/cdviewer/index.htm`]) {
    check(await ask(wrong) === '404', `without its secret ${wrong} is answered`);
  }
  for (const method of ['PUT', 'DELETE', 'OPTIONS']) { check(await ask(page, undefined, method) === '405', `${method} is answered`); }
  check(await status(port, 'nonsense\r\n\r\n') === '400', 'nonsense is answered');
  check(await status(port, `GET ${page} HTTP/1.1\r\n\r\n`) === '400', 'a request without a host is answered');
  for (const { address, internal, family } of Object.values(os.networkInterfaces()).flat()) {
    if (!internal && family === 'IPv4') { check(await status(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', address) === 'refused', `it listens on ${address} too`); }
  }
}

/** How long a program takes to end, in seconds; undefined after so many. */
async function endOf(running, longest) {
  const begun = Date.now();
  const late = new Promise((resolve) => { setTimeout(() => resolve('late'), longest * 1000); });
  return await Promise.race([running.ended, late]) === 'late' ? undefined : (Date.now() - begun) / 1000;
}

async function main() {
  const [root, folder, slow] = process.argv.slice(2);
  if (!hasWine) { console.log('notice: wine64 is not installed: _start.exe is not tested'); return 3; }
  const program = path.join(path.dirname(viewerPage(root)), '_start.exe');
  const secret = path.join(path.dirname(root), 'secret.txt');
  fs.writeFileSync(secret, 'not of the package');
  const before = filesBelow(root).map((file) => `${file} ${fs.statSync(file).mtimeMs}`).join();

  const first = await start(program, folder);
  check(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/cdviewer\/index\.htm\?starter$/.test(first.address), `it opens ${first.address}`);
  const base = await serves(root, first.address);
  await refuses(base, secret);
  // Started twice: each serves under an address of its own.
  const second = await start(program, folder);
  check(second.address && new URL(second.address).pathname !== new URL(first.address).pathname, 'two starts share their secret');
  check((await fetch(second.address)).status === 200 && (await fetch(first.address)).status === 200, 'after a second start one is gone');
  // The page says that it is open, and that it is closed.
  const open = await fetch(`${base}/alive/1`);
  check(open.status === 204, `a page that says it is open is answered with ${open.status}`);
  await fetch(`${base}/bye/1`, { method: 'POST' });
  const closed = await endOf(first, 30);
  check(closed !== undefined && first.code === 0, `after the page was closed it ends after ${closed} s with ${first.code}`);
  check((await fetch(second.address)).status === 200, 'the end of one ends the other');
  const idle = slow ? await endOf(second, 240) : undefined;
  if (slow) { check(idle > 150 && idle < 200, `nobody asks, and it ends after ${idle} s`); } else { await fetch(`${second.address.split('/cdviewer')[0]}/bye`, { method: 'POST' }); }
  check(await endOf(second, 30) !== undefined, 'the second does not end');

  // As Windows starts it out of a ZIP that was only looked into: alone in a temporary folder.
  const alone = path.join(folder, 'Temp1_esito.zip');
  fs.mkdirSync(alone);
  fs.copyFileSync(program, path.join(alone, '_start.exe'));
  const lost = await start(path.join(alone, '_start.exe'), folder);
  check(lost.address === undefined && lost.code === 1, `without the package it opens ${lost.address} and ends with ${lost.code}`);
  check(filesBelow(root).map((file) => `${file} ${fs.statSync(file).mtimeMs}`).join() === before, 'something was written into the package');
  faults.forEach((fault) => console.log(fault));
  console.log(`_start.exe under wine: closed after ${closed?.toFixed(1)} s${slow ? `, idle after ${idle?.toFixed(0)} s` : ''}; ${faults.length} findings`);
  return faults.length ? 1 : 0;
}

main().then((code) => process.exit(code), (error) => { console.error(error); process.exit(2); });
