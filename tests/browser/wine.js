// Runs a program for Windows under wine, without a screen; the address that it opens in the browser is caught.
'use strict';

const { execFileSync, spawn } = require('child_process');
const fs = require('fs');
const path = require('path');

// Debian puts it outside of PATH.
const WINE = ['/usr/lib/wine/wine64', '/usr/bin/wine64'].find((file) => fs.existsSync(file));

/** Where wine keeps its settings between the tests: made once, in a quarter of a minute. */
const HOME = path.join(__dirname, '..', '..', 'target', 'wine');

/** What the programs are started with; `opened` is the file that the address is written to. */
function environment(opened) {
  const bin = path.join(HOME, 'bin');
  const prefix = path.join(HOME, 'prefix');
  const { DISPLAY, ...own } = process.env;
  const all = { ...own, WINEPREFIX: prefix, WINEDEBUG: '-all', PATH: `${bin}:${process.env.PATH}`, ESITO_OPENED: opened };
  if (!fs.existsSync(path.join(HOME, 'ready'))) {
    fs.rmSync(HOME, { recursive: true, force: true });
    fs.mkdirSync(bin, { recursive: true });
    // The browser of this machine: writes the address down.
    fs.writeFileSync(path.join(bin, 'xdg-open'), '#!/bin/sh\nprintf "%s" "$1" > "$ESITO_OPENED.part" && mv "$ESITO_OPENED.part" "$ESITO_OPENED"\n', { mode: 0o755 });
    execFileSync(WINE, ['wineboot', '-i'], { env: all, stdio: 'ignore', timeout: 180_000 });
    fs.writeFileSync(path.join(HOME, 'ready'), '');
  }
  return all;
}

let started = 0;

/** Starts a program; `address` comes within a minute, or undefined when the program ended first. */
async function start(program, folder) {
  started += 1;
  const opened = path.join(folder, `opened-${started}`);
  const child = spawn(WINE, [program], { env: environment(opened), stdio: 'ignore' });
  const running = { child, code: undefined };
  running.ended = new Promise((resolve) => { child.on('exit', (code) => { running.code = code; resolve(code); }); });
  for (let tries = 0; tries < 600 && running.code === undefined && !fs.existsSync(opened); tries += 1) {
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  running.address = fs.existsSync(opened) ? fs.readFileSync(opened, 'utf8') : undefined;
  return running;
}

module.exports = { hasWine: Boolean(WINE), start };
