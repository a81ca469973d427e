// The attributes of one frame: of the file, with what the functional groups say of this frame.
import { metadataForDataset } from 'loader/wadouri/metaData/metaDataProvider.js';

const RLE = '1.2.840.10008.1.2.5';
const SHARED = 'x52009229';
const PER_FRAME = 'x52009230';

/**
 * A data set in which the functional groups of a frame stand beside the attributes of the file
 * (PS3.3 §C.7.6.16): Pixel Spacing, Plane Position, Rescale and Window are read the same way from both.
 *
 * @param {number} frame from 0 on
 */
export function frameOf(dataSet, frame) {
  const groups = [dataSet.elements[SHARED]?.items?.[0], dataSet.elements[PER_FRAME]?.items?.[frame]];
  if (!groups.some(Boolean)) { return dataSet; }
  const elements = { ...dataSet.elements };
  for (const group of groups) {
    for (const macro of Object.values(group?.dataSet?.elements ?? {})) {
      Object.assign(elements, macro.items?.[0]?.dataSet?.elements);
    }
  }
  return Object.assign(Object.create(dataSet), { elements });
}

/** Lets go of the pixels: what stands before them is all that is asked for later. */
export function withoutPixels(dataSet) {
  const pixels = dataSet.elements.x7fe00010;
  if (!pixels) { return; }
  const before = dataSet.byteArray.slice(0, pixels.dataOffset);
  const trim = (set) => {
    set.byteArray = before;
    for (const element of Object.values(set.elements)) {
      element.items?.forEach((item) => { if (item.dataSet) { trim(item.dataSet); } });
    }
  };
  trim(dataSet);
}

/** What Cornerstone3D asks of an image, by its names of the modules. */
export function moduleOf(type, imageId, dataSet) {
  const answer = metadataForDataset(type, imageId, dataSet);
  if (type === 'imagePlaneModule' && answer.usingDefaultValues) {
    return { ...answer, ...pixelAspect(dataSet) };
  }
  if (type === 'imagePixelModule' && dataSet.elements.x7fe00010?.encapsulatedPixelData && dataSet.string('x00020010') !== RLE) {
    // Whatever the file says: what JPEG decoders give has its samples beside each other.
    return { ...answer, planarConfiguration: 0 };
  }
  if (type === 'imagePixelModule' && hasSharedColours(dataSet)) {
    return { ...answer, photometricInterpretation: 'YBR_FULL', planarConfiguration: 0 };
  }
  return answer;
}

/** Whether two pixels share their colour in what is not compressed; the loader gives each its own. */
export const hasSharedColours = (dataSet) => (dataSet.string('x00280004') ?? '').trim() === 'YBR_FULL_422' && !dataSet.elements.x7fe00010?.encapsulatedPixelData;

/** Whether values are Hounsfield units: of CT, rescaled, and to no other unit (Rescale Type (0028,1054), PS3.3 §C.8.2.1). */
export function isHounsfield(header) {
  const kind = (header.string('x00281054') ?? '').trim();
  return (header.string('x00080060') ?? '').trim() === 'CT' && Boolean(header.elements.x00281053?.length) && (!kind || kind === 'HU');
}

/** Whether Pixel Spacing is that of the detector, before which the body is enlarged: nobody calibrated it (PS3.3 §10.7.1.3). */
export function isAtDetector(header) {
  const spacing = (tag) => header.string(tag)?.split('\\').map(Number).join();
  return !header.string('x00280a02') && Boolean(spacing('x00181164')) && spacing('x00181164') === spacing('x00280030');
}

/** Pixel Aspect Ratio (0028,0034), vertical over horizontal: lengths stay in pixels, the shape is right. */
function pixelAspect(dataSet) {
  const [vertical, horizontal] = (dataSet.string('x00280034') ?? '').split('\\').map(Number);
  return vertical > 0 && horizontal > 0 ? { rowPixelSpacing: vertical / horizontal, columnPixelSpacing: 1 } : {};
}
