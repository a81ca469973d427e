// Builds the viewer into `viewer-bundle/dist/web`: one page, one style sheet, one classic script.
//
// From file:// a browser loads neither modules, nor workers, nor WASM from beside a page. So the worker
// that decodes is a text inside the script, and the decoders' WASM are data: addresses inside the worker.
import { build } from 'esbuild';
import { mkdir, readFile, rm, writeFile, copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { licences } from './licences.mjs';

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
  alias: { loader: join(loader, 'imageLoader') },
  loader: { '.wasm': 'dataurl' },
};

/** Files that are to be changed and were not met yet. */
const expected = new Set();

/** Replaces what a file says: each pair must be found, or a new version of the package needs a look. */
function rewrite(filter, pairs) {
  expected.add(filter);
  return {
    name: `rewrite ${filter}`,
    setup(context) {
      context.onLoad({ filter }, async ({ path }) => {
        let text = await readFile(path, 'utf8');
        for (const [from, to] of pairs) {
          const next = text.replace(from, to);
          if (next === text) { throw new Error(`${path} no longer says ${from}`); }
          text = next;
        }
        expected.delete(filter);
        return { contents: text, loader: 'js' };
      });
    },
  };
}

/** Puts a module of ours in the place of one that no package of ours needs. */
function stub(filter, contents, resolveDir) {
  expected.add(filter);
  return {
    name: `stub ${filter}`,
    setup(context) {
      context.onLoad({ filter }, () => {
        expected.delete(filter);
        return { contents, resolveDir, loader: 'js' };
      });
    },
  };
}

// What the packages name for Node.js, or for XML that no page of ours reads.
const absent = {
  name: 'absent',
  setup(context) {
    context.onResolve({ filter: /^(fs|path|xmlbuilder2)$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    context.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'export const create = undefined;', loader: 'js' }));
  },
};
// `new URL('package/x.wasm', import.meta.url)`: the address is the WASM itself.
const wasm = rewrite(/shared[\\/]decoders[\\/]decode(JPEGLS|JPEG2000|JPEGBaseline8Bit|HTJ2K)\.js$/, [
  [/const (\w+) = new URL\('([^']+)', import\.meta\.url\);/, "import wasmAddress from '$2';\nconst $1 = { toString: () => wasmAddress };"],
]);
// JPEG XL is in no profile of DICOM media; its decoder alone has 3 MB.
const noJpegXl = stub(/decodeJPEGXL\.js$/, "export default async () => { throw new Error('JPEG XL'); };");

const worker = await build({ ...options, entryPoints: [join(loader, 'decodeImageFrameWorker.js')], plugins: [wasm, noJpegXl, absent] });

const inlineWorker = {
  name: 'worker',
  setup(context) {
    context.onResolve({ filter: /^decode-worker$/ }, () => ({ path: 'decode-worker', namespace: 'worker' }));
    context.onLoad({ filter: /.*/, namespace: 'worker' }, () => ({ contents: worker.outputFiles[0].text, loader: 'text' }));
  },
};
// A policy without 'unsafe-inline' refuses the attribute, and lets the property be set.
const styles = rewrite(/drawingSvg[\\/]drawTextBox\.js$/, [["textElement.setAttribute('style', combinedStyle)", 'textElement.style.cssText = combinedStyle']]);
// Image Position (Patient) is the centre of the first pixel (PS3.3 §C.7.6.2.1.1). Drawn by the processor,
// Cornerstone3D takes it for the corner, and a probe then reads the neighbour in half of each pixel.
const pixelCentres = rewrite(/RenderingEngine[\\/]StackViewport\.js$/, [
  ['iVector, px * spacing[0])', 'iVector, (px - 0.5) * spacing[0])'],
  ['jVector, py * spacing[1])', 'jVector, (py - 0.5) * spacing[1])'],
  ['vec3.dot(diff, iVector) / spacing[0],', 'vec3.dot(diff, iVector) / spacing[0] + 0.5,'],
  ['vec3.dot(diff, jVector) / spacing[1],', 'vec3.dot(diff, jVector) / spacing[1] + 0.5,'],
  ['return [pixelCoord[0], pixelCoord[1], 0];', 'return [pixelCoord[0] - 0.5, pixelCoord[1] - 0.5, 0];'],
  [/point\[0\],\s+point\[1\],\s+\]\);\s+return this\.canvasToWorldCPU/, 'point[0] + 0.5, point[1] + 0.5]); return this.canvasToWorldCPU'],
]);
// The probe asks the image, which is one slice, for the value in the slice of its place in the stack.
const probeSlice = rewrite(/annotation[\\/]ProbeTool\.js$/, [[/getAtIJKPoint\(ijk\)/g, 'getAtIJKPoint([ijk[0], ijk[1], 0])']]);
// Both tables begin where their descriptor says, hold unsigned entries (PS3.3 §C.11.1.1), up to 65 536 of them.
const tables = rewrite(/wadouri[\\/]metaData[\\/]getLUTs\.js$/, [
  ['numLUTEntries = 65535', 'numLUTEntries = 65536'],
  ["lutDataSet.int16('x00283006', i)", "lutDataSet.uint16('x00283006', i)"],
]);
/** Puts a function of `src/image/luts.js` in the place of a module of Cornerstone3D, which knows no SIGMOID and begins a Modality LUT at 0. */
const ourLut = (filter, name) => stub(filter, `export { ${name} as default } from './luts.js';`, join(here, 'src', 'image'));
const luts = [ourLut(/rendering[\\/]getVOILut\.js$/, 'voiLut'), ourLut(/rendering[\\/]getModalityLut\.js$/, 'modalityLut')];
// Segmentations and polygons are computed in a worker of 3 MB, which no tool of ours asks for.
const noCompute = stub(/registerComputeWorker\.js$/, 'export function registerComputeWorker() {}');

const page = await build({ ...options, entryPoints: ['src/main.js'], plugins: [inlineWorker, styles, pixelCentres, probeSlice, tables, ...luts, noCompute, absent] });

if (expected.size) { throw new Error(`no file is called ${[...expected].join(', ')} any more`); }

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const script = page.outputFiles[0].contents;
const style = await readFile(join(here, 'src', 'style.css'));
await writeFile(join(out, 'VIEWER.JS'), script);
await writeFile(join(out, 'VIEWER.CSS'), style);
await copyFile(join(here, 'src', 'index.htm'), join(out, 'index.htm'));
const notices = await licences(here, [worker.metafile, page.metafile]);
await writeFile(join(out, 'LICENSES.TXT'), notices);
for (const [name, bytes] of [['VIEWER.JS', script], ['VIEWER.CSS', style], ['LICENSES.TXT', notices]]) {
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
