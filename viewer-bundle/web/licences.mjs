// The licence of every package that is inside the bundle: what `LICENSES.TXT` says.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const ACCEPTED = ['MIT', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'Apache-2.0', '0BSD', 'Zlib', 'BSL-1.0', '(MIT AND Zlib)', '(WTFPL OR MIT)'];

/** The text for all packages of which the bundles hold a line; a licence that we do not know is an error. */
export async function licences(folder, metafiles) {
  const packages = new Set(metafiles.flatMap((metafile) => Object.values(metafile.outputs))
    .flatMap((output) => Object.entries(output.inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([name]) => name.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[0])
    .filter(Boolean));
  const parts = ['The viewer is part of Esito (MIT OR Apache-2.0) and holds these packages of others.\n'];
  for (const place of [...packages].sort()) {
    const path = join(folder, place);
    const { name, version, license } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
    if (!ACCEPTED.includes(license)) { throw new Error(`${name} ${version}: is its licence, ${license}, one that we accept?`); }
    const file = (await readdir(path)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file ? await readFile(join(path, file), 'utf8') : `Licence: ${license}. The package holds no text of it.`;
    parts.push(`${'-'.repeat(78)}\n${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return Buffer.from(parts.join('\n').replace(/\r?\n/g, '\r\n'));
}
