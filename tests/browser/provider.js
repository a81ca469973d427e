// Logs in through oidc-provider, as a patient does: there, back, out; and as somebody whom the portal does not know.
// Usage: provider.js ESITO FOLDER
'use strict';

const assert = require('assert');
const { execFile, spawn } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');
const readline = require('readline');
const { pathToFileURL } = require('url');
const { promisify } = require('util');
const { axeFaults } = require('./accessibility');
const { open } = require('./browsers');

// Not the synchronous one: the provider answers in this process.
const run = promisify(execFile);
const TAX_CODE = 'TSTMRA86A64Z999X';

/** A provider that listens; whoever logs in there has the tax code that they type as a name. */
async function provider(portal) {
  // Only `require` looks into NODE_PATH, and this is a module that has to be imported.
  const module_ = path.join(process.env.NODE_PATH, 'oidc-provider/lib/index.js');
  const { default: Provider } = await import(pathToFileURL(module_));
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const oidc = new Provider(issuer, {
    clients: [{
      client_id: 'esito',
      client_secret: 'client:secret with+odd/signs',
      redirect_uris: [`${portal}/login/provider/return`],
      post_logout_redirect_uris: [`${portal}/login`],
    }],
    claims: { openid: ['sub'], profile: ['fiscalNumber'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, fiscalNumber: `TINIT-${id}` }) }),
    pkce: { required: () => true },
  });
  // Each exchange of a code, as the provider sees it.
  const granted = [];
  oidc.on('grant.success', (context) => granted.push({ ...context.oidc.body }));
  server.on('request', oidc.callback());
  return { issuer, server, granted };
}

/** A free port, a moment later. */
async function freePort() {
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const pathOf = (page) => new URL(page.url()).pathname;
const press = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

/** Logs in at the provider, and agrees to what the portal asks for. */
async function atTheProvider(page, issuer, name) {
  assert.strictEqual(new URL(page.url()).origin, issuer, 'she is at the provider');
  await page.type('input[name=login]', name);
  await page.type('input[name=password]', 'anything');
  await press(page, 'button[type=submit]');
  if (await page.$('button[type=submit]')) { await press(page, 'button[type=submit]'); }
}

async function accessible(page) {
  assert.deepStrictEqual(await axeFaults(page), [], page.url());
}

async function main(esito, folder) {
  const port = await freePort();
  const portal = `http://127.0.0.1:${port}`;
  const { issuer, server, granted } = await provider(portal);
  fs.mkdirSync(folder, { recursive: true });
  const file = (name, text) => {
    fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  file('secret', crypto.randomBytes(32).toString('hex'));
  file('client-secret', 'client:secret with+odd/signs\n');
  const config = file('esito.toml', `
[store]
folder = "store"
secret_file = "secret"
[portal]
listen = "127.0.0.1:${port}"
address = "${portal}"
[oidc]
issuer = "${issuer}"
client_id = "esito"
client_secret_file = "client-secret"
claim = "fiscalNumber"
match = "tax-code"
name_it = "Entra con SPID o CIE"
name_en = "Log in with SPID or CIE"
`);
  const { stdout: checked } = await run(esito, ['check', '--config', config, '--target', folder, '--json']);
  const checks = JSON.parse(checked).checks.filter((check) => check.of === 'OIDC');
  assert.deepStrictEqual(checks.map((check) => check.step), ['redirect URI', 'discovery', 'claim', 'clock', 'keys']);
  const running = spawn(esito, ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  running.stderr.on('data', (text) => { log += text; });
  for await (const line of readline.createInterface({ input: running.stdout })) {
    if (line.startsWith('listening on')) { break; }
  }
  const patients = file('patients.csv', 'patient_id,family_name,given_name,tax_code,user_name,account_email,account_phone,online_results\n'
    + `TEST-1,ROSSI,MARIA TEST,${TAX_CODE},maria,maria@example.org,+390000000000,yes\n`);
  await run(esito, ['patient', 'import', '--config', config, patients]);
  const { browser, page } = await open('chromium', { script: true });
  try {
    await page.setExtraHTTPHeaders({ 'accept-language': 'it' });
    for (const width of [360, 1280]) {
      await page.setViewport({ width, height: 800 });
      await page.goto(`${portal}/login`);
      await accessible(page);
      await page.screenshot({ path: path.join(folder, `login-${width}.png`) });
    }
    const link = 'a[href="/login/provider"]';
    await press(page, link);
    await atTheProvider(page, issuer, TAX_CODE);
    assert(/^\/persons\/[0-9a-f]{32}\/results$/.test(pathOf(page)), `${page.url()} ${log}`);
    assert((await page.content()).includes('ROSSI'), 'her own pages');
    assert.strictEqual(granted.length, 1);
    // What came back is worth nothing to whoever finds it: neither the code, nor the state.
    const spent = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`esito:${encodeURIComponent('client:secret with+odd/signs')}`).toString('base64')}` },
      body: new URLSearchParams(granted[0]),
    });
    assert.strictEqual((await spent.json()).error, 'invalid_grant');
    await page.goto(`${portal}/login/provider/return?${new URLSearchParams({ code: granted[0].code, state: 'a'.repeat(64), iss: issuer })}`);
    assert((await page.content()).includes('Ricomincia'), 'a code that somebody found');
    // Out, here and there.
    await page.goto(`${portal}/`);
    await page.click('details.menu summary');
    await press(page, 'form[action="/logout"] button');
    assert.strictEqual(pathOf(page), '/logout/provider');
    await accessible(page);
    await page.screenshot({ path: path.join(folder, 'out.png') });
    await press(page, `a[href^="${issuer}"]`);
    await press(page, 'button[name=logout]');
    assert.strictEqual(page.url(), `${portal}/login`, 'the provider leads back');
    // Somebody whom the portal does not know, and somebody who thinks better of it.
    await press(page, link);
    await atTheProvider(page, issuer, 'TSTNBD80A01Z999K');
    assert.strictEqual(pathOf(page), '/login/provider/return');
    assert((await page.content()).includes('Con questa identità non si può entrare'), await page.content());
    await accessible(page);
    await page.screenshot({ path: path.join(folder, 'nobody.png') });
    await page.deleteCookie(...await page.cookies(issuer));
    await page.goto(`${portal}/login`);
    await press(page, link);
    await press(page, 'a[href$="/abort"]');
    assert((await page.content()).includes('annullato'), await page.content());
    await press(page, 'main a[href="/login"]');
    assert.strictEqual(page.url(), `${portal}/login`);
    for (const private_ of [TAX_CODE, 'TSTNBD', 'TINIT', 'ROSSI', granted[0].code, 'client:secret']) {
      assert(!log.includes(private_), `the log has ${private_}: ${log}`);
    }
  } finally {
    await browser.close();
    running.kill('SIGTERM');
    server.closeAllConnections();
    server.close();
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error.stack);
  process.exit(1);
});
