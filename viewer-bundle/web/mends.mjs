// What is changed of the packages while the viewer is bundled, each place with its reason. A version of a package in which a
// place reads otherwise, or a file is called otherwise, stops the build.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files that are to be changed and were not met yet, by the filter that finds them. */
const expected = new Set();

/** @throws {Error} when a file that is to be changed was not met */
export function checkAllMet() {
  if (expected.size) { throw new Error(`no file is called ${[...expected].join(', ')} any more`); }
}

/** Replaces what a file says: each pair must be found. */
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

/** Puts a module of ours in the place of one that no package of ours needs; its imports are found from `resolveDir`. */
function stub(filter, contents, resolveDir) {
  expected.add(filter);
  return {
    name: `stub ${filter}`,
    setup(context) {
      context.onLoad({ filter }, ({ path }) => {
        expected.delete(filter);
        return { contents, resolveDir: resolveDir ?? join(path, '..'), loader: 'js' };
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

/** The workers, with all decoders and with those of plain pixels alone. */
export function workerMends(isPlain) {
  // JPEG XL is in no profile of DICOM media; its decoder alone has 3 MB.
  const left = isPlain ? ['JPEGBaseline8Bit', 'JPEGBaseline12Bit-js', 'JPEGLossless', 'JPEGLS', 'JPEG2000', 'HTJ2K', 'DeflatedFrame', 'JPEGXL'] : ['JPEGXL'];
  const without = left.map((name) => stub(new RegExp(`shared[\\\\/]decoders[\\\\/]decode${name}\\.js$`), `export default async () => { throw new Error('${name}'); };`));
  if (isPlain) { return [...without, absent]; }
  // `new URL('package/x.wasm', import.meta.url)`: the address is the WASM itself.
  const wasm = rewrite(/shared[\\/]decoders[\\/]decode(JPEGLS|JPEG2000|JPEGBaseline8Bit|HTJ2K)\.js$/, [
    [/const (\w+) = new URL\('([^']+)', import\.meta\.url\);/, "import wasmAddress from '$2';\nconst $1 = { toString: () => wasmAddress };"],
  ]);
  return [...without, wasm, absent];
}

/** The page; `here` is the folder of the sources. */
export function pageMends(here) {
  const image = join(here, 'src', 'image');
  /** Puts a function of `luts.js` in the place of a module of Cornerstone3D, which knows no SIGMOID and begins a Modality LUT at 0. */
  const ourLut = (filter, name) => stub(filter, `export { ${name} as default } from './luts.js';`, image);
  return [
    // A policy without 'unsafe-inline' refuses the attribute, and lets the property be set.
    rewrite(/drawingSvg[\\/]drawTextBox\.js$/, [["textElement.setAttribute('style', combinedStyle)", 'textElement.style.cssText = combinedStyle']]),
    // Image Position (Patient) is the centre of the first pixel (PS3.3 §C.7.6.2.1.1). Drawn by the processor,
    // Cornerstone3D takes it for the corner, and a probe then reads the neighbour in half of each pixel.
    rewrite(/RenderingEngine[\\/]StackViewport\.js$/, [
      ['iVector, px * spacing[0])', 'iVector, (px - 0.5) * spacing[0])'],
      ['jVector, py * spacing[1])', 'jVector, (py - 0.5) * spacing[1])'],
      ['vec3.dot(diff, iVector) / spacing[0],', 'vec3.dot(diff, iVector) / spacing[0] + 0.5,'],
      ['vec3.dot(diff, jVector) / spacing[1],', 'vec3.dot(diff, jVector) / spacing[1] + 0.5,'],
      ['return [pixelCoord[0], pixelCoord[1], 0];', 'return [pixelCoord[0] - 0.5, pixelCoord[1] - 0.5, 0];'],
      // A camera that was read says half the height that is seen, in millimetres; put back by the pixels of the page, it made the
      // picture smaller with each event of a drag, on screens with more pixels and where pixels are not square.
      ['const scale = (clientHeight * rowPixelSpacing * 0.5) / parallelScale;', 'const scale = (viewport.scale * previousCamera.parallelScale) / parallelScale;'],
      // An image of a stack took over which part is shown from the one before: of a larger one the rest was cut off. One of another
      // size is shown whole.
      [/^/, "import fitToWindow from './helpers/cpuFallback/rendering/fitToWindow.js';\n"],
      ['const viewportSettingToUse = Object.assign({}, viewport, this._cpuFallbackEnabledElement.viewport);', `
        const kept = this._cpuFallbackEnabledElement.viewport;
        const { x, y } = kept.displayedArea?.brhc ?? {};
        const isOtherSize = !this.stackInvalidated && (x !== image.columns || y !== image.rows);
        const viewportSettingToUse = Object.assign({}, viewport, kept, { displayedArea: viewport.displayedArea });`],
      [': viewportSettingToUse;', ': viewportSettingToUse;\n        if (isOtherSize) { fitToWindow(this._cpuFallbackEnabledElement); }'],
      [/point\[0\],\s+point\[1\],\s+\]\);\s+return this\.canvasToWorldCPU/, 'point[0] + 0.5, point[1] + 0.5]); return this.canvasToWorldCPU'],
    ]),
    // Places on the screen are turned into places of the image as if the canvas had the pixels of the screen; yet it gets as many
    // as the page counts, and with two for one lengths are twice as long.
    rewrite(/cpuFallback[\\/]rendering[\\/]resize\.js$/, [
      ['const { clientWidth, clientHeight } = canvas;', 'const [clientWidth, clientHeight] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * (window.devicePixelRatio || 1)));'],
    ]),
    // The probe asks the image, which is one slice, for the value in the slice of its place in the stack.
    rewrite(/annotation[\\/]ProbeTool\.js$/, [[/getAtIJKPoint\(ijk\)/g, 'getAtIJKPoint([ijk[0], ijk[1], 0])']]),
    // Both tables begin where their descriptor says, hold unsigned entries (PS3.3 §C.11.1.1), up to 65 536 of them.
    rewrite(/wadouri[\\/]metaData[\\/]getLUTs\.js$/, [
      ['numLUTEntries = 65535', 'numLUTEntries = 65536'],
      ["lutDataSet.int16('x00283006', i)", "lutDataSet.uint16('x00283006', i)"],
    ]),
    // Of X-ray images a Modality LUT leads from what is shown back to the intensity of the beam (PS3.3 §C.8.7.1.1.2). The loader
    // knows one class of three.
    rewrite(/imageLoader[\\/]isModalityLutForDisplay\.js$/, [
      ["'1.2.840.10008.5.1.4.1.1.12.2.1'", "'1.2.840.10008.5.1.4.1.1.12.2' && sopClassUid !== '1.2.840.10008.5.1.4.1.1.12.3'"],
    ]),
    ourLut(/rendering[\\/]getVOILut\.js$/, 'voiLut'),
    ourLut(/rendering[\\/]getModalityLut\.js$/, 'modalityLut'),
    // Which colour image was drawn last is remembered by its name: one that left the memory and is read again has a canvas of
    // its own, which was taken for drawn, and the picture was black.
    rewrite(/imageLoader[\\/]createImage\.js$/, [
      ['if (lastImageIdDrawn === imageId) {', 'if (image.isDrawn) {'],
      ['lastImageIdDrawn = imageId;', 'image.isDrawn = true;'],
    ]),
    // Which worker decodes a frame.
    rewrite(/imageLoader[\\/]decodeImageFrame\.js$/, [
      ["executeTask('dicomImageLoader',", 'executeTask(workerOf(transferSyntax),'],
      [/^/, `import { workerOf } from ${JSON.stringify(join(image, 'decoding.js'))};\n`],
    ]),
    // The graphics card is asked what it can do, and the answer decides whether values keep their fractions. The processor
    // draws here: everything is possible, on every machine.
    stub(/core[\\/]dist[\\/]esm[\\/]utilities[\\/]renderingCapabilities\.js$/, `
      const all = { webgl: true, webgl2: true, norm16: true, norm16Linear: true, float: true, floatLinear: true, halfFloat: true, halfFloatLinear: true };
      export const getRenderingCapabilities = () => all;
      export const detectRenderingCapabilities = getRenderingCapabilities;`),
    // Metadata come from our own provider: not what fills others by a dictionary of all attributes.
    stub(/metadata[\\/]dist[\\/]esm[\\/]index\.js$/, `
      export * as Enums from './enums/index.js';
      export * as metaData from './metaData.js';
      export * as logging from './utilities/logging.js';
      import calibratedPixelSpacingMetadataProvider from './utilities/calibratedPixelSpacingMetadataProvider.js';
      import { getPixelSpacingInformation } from './utilities/getPixelSpacingInformation.js';
      import imageIdToURI from './utilities/imageIdToURI.js';
      import isVideoTransferSyntax from './utilities/isVideoTransferSyntax.js';
      import splitImageIdsBy4DTags, { handleMultiframe4D, generateFrameImageId } from './utilities/splitImageIdsBy4DTags.js';
      export const utilities = { calibratedPixelSpacingMetadataProvider, getPixelSpacingInformation, imageIdToURI, isVideoTransferSyntax, splitImageIdsBy4DTags, handleMultiframe4D, generateFrameImageId };
      export const registerDefaultProviders = () => {};`),
    // Stacks are all that is shown: no volumes, films, slides, curves.
    stub(/helpers[\\/]viewportTypeToViewportClass\.js$/, `
      import StackViewport from '../StackViewport.js';
      export const getViewportClassForInput = () => StackViewport;
      export const isRegisteredViewportType = (type) => type === 'stack';
      export const registerViewportType = () => {};
      export default { stack: StackViewport };`),
    // Nothing is drawn into segmentations.
    stub(/displayTools[\\/]registerBuiltInSegmentationRepresentationDisplays\.js$/, 'export const registerBuiltInSegmentationRepresentationDisplays = () => {};'),
    stub(/eventListeners[\\/]segmentation[\\/]index\.js$/, 'export const segmentationDataModifiedEventListener = () => {}, segmentationModifiedListener = () => {}, imageChangeEventListener = { enable() {}, disable() {} };'),
    stub(/eventListeners[\\/]segmentation[\\/](segmentationRepresentationModified|segmentationRemovedEvent|renderingPipelineChanged)Listener\.js$/, 'export default () => {};'),
    stub(/eventListeners[\\/]annotations[\\/]annotation(Completed|Removed)Listener\.js$/, 'export default () => {};'),
    // What draws by the graphics card.
    stub(/vtk\.js[\\/]Rendering[\\/]Profiles[\\/]\w+\.js$/, ''),
    stub(/RenderingEngine[\\/]vtkClasses[\\/]index\.js$/, 'export const vtkOffscreenMultiRenderWindow = null, vtkSharedImageResliceMapper = null, vtkSharedVolumeMapper = null, vtkStreamingOpenGLImageResliceMapper = null, vtkStreamingOpenGLTexture = null, vtkSlabCamera = null;'),
    stub(/ColorTransferFunction[\\/]ColorMaps\.json\.js$/, 'export const v = []; export default v;'),
    absent,
  ];
}
