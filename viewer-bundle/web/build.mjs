// Builds the viewer into `viewer-bundle/dist/web`: one page, one style sheet, two classic scripts.
//
// From file:// a browser loads neither modules, nor workers, nor WASM from beside a page. So the workers that decode
// are texts inside the scripts, and the decoders' WASM are data: addresses inside their worker.
import { build } from 'esbuild';
import { mkdir, readFile, rm, writeFile, copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { licences } from './licences.mjs';
import { checkAllMet, pageMends, workerMends } from './mends.mjs';

const here = dirname(fileURLToPath(import.meta.url));
/** Another folder to build into: to compare two builds. */
const [other] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const out = other ?? join(here, '..', 'dist', 'web');
const loader = join(here, 'node_modules', '@cornerstonejs', 'dicom-image-loader', 'dist', 'esm');

const options = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: 'iife',
  target: ['es2022'],
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
  alias: { loader: join(loader, 'imageLoader'), tools: join(here, 'node_modules', '@cornerstonejs', 'tools', 'dist', 'esm'), dcmjs: join(here, 'src', 'dcmjs.js') },
  loader: { '.wasm': 'dataurl' },
};

const worker = (isPlain) => build({ ...options, entryPoints: [join(loader, 'decodeImageFrameWorker.js')], plugins: workerMends(isPlain) });

/** Gives the text of a built worker to whoever imports `name`. */
const asText = (name, { outputFiles: [{ text }] }) => ({
  name,
  setup(context) {
    context.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: 'worker' }));
    context.onLoad({ filter: new RegExp(`^${name}$`), namespace: 'worker' }, () => ({ contents: text, loader: 'text' }));
  },
});

const plainWorker = await worker(true);
const decodeWorker = await worker(false);
const page = await build({ ...options, entryPoints: ['src/main.js'], plugins: [asText('plain-worker', plainWorker), ...pageMends(here)] });
const decoders = await build({ ...options, entryPoints: ['src/image/decoders.js'], plugins: [asText('decode-worker', decodeWorker)] });
checkAllMet();

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const files = {
  'VIEWER.JS': page.outputFiles[0].contents,
  'DECODERS.JS': decoders.outputFiles[0].contents,
  'VIEWER.CSS': await readFile(join(here, 'src', 'style.css')),
  'LICENSES.TXT': await licences(here, [plainWorker.metafile, decodeWorker.metafile, page.metafile]),
};
await copyFile(join(here, 'src', 'index.htm'), join(out, 'index.htm'));
for (const [name, bytes] of Object.entries(files)) {
  await writeFile(join(out, name), bytes);
  console.log(`${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} compressed`);
}
if (process.argv.includes('--largest')) {
  const inputs = Object.entries(page.metafile.outputs).flatMap(([, output]) => Object.entries(output.inputs));
  const of = {};
  for (const [name, { bytesInOutput }] of inputs) {
    const key = name.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? name;
    of[key] = (of[key] ?? 0) + bytesInOutput;
  }
  console.log(Object.entries(of).sort((a, b) => b[1] - a[1]).slice(0, 25).map(([name, bytes]) => `${bytes}\t${name}`).join('\n'));
}
