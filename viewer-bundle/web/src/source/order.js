// The order in which the images of a series are shown: through the body where that is known.

const cross = ([a, b, c], [x, y, z]) => [b * z - c * y, c * x - a * z, a * y - b * x];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** The direction in which a stack runs, from the six direction cosines of a slice (PS3.3 §C.7.6.2.1.1). */
export function normalOf(orientation) {
  return cross(orientation.slice(0, 3), orientation.slice(3));
}

/** Whether two planes are parallel to within about two degrees. */
export function areParallel(one, other) {
  return Math.abs(dot(normalOf(one), normalOf(other))) > 0.9994;
}

/** Sorted by Instance Number; by position, where all slices are parallel and no two lie in one place. */
export function inOrder(images) {
  const byNumber = images.map((image, place) => ({ ...image, place })).sort((a, b) => a.number - b.number || a.place - b.place);
  const first = byNumber[0]?.orientation;
  const isStack = byNumber.length > 1 && first && byNumber.every(({ orientation, position, frames }) =>
    frames === 1 && position && orientation && areParallel(first, orientation));
  if (!isStack) { return byNumber; }
  const normal = normalOf(first);
  byNumber.forEach((image) => { image.along = dot(image.position, normal); });
  const places = new Set(byNumber.map(({ along }) => along.toFixed(3)));
  if (places.size < byNumber.length) { return byNumber; }
  // The direction of the Instance Numbers is kept: radiographers chose it.
  const isUpwards = byNumber[0].along <= byNumber[byNumber.length - 1].along;
  return byNumber.sort((a, b) => (isUpwards ? a.along - b.along : b.along - a.along));
}
