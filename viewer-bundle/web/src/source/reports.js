// The reports of a package, as its manifest names them.

/** What our own documents and pages are called: no way to anywhere else. */
const DOCUMENT = /^(?:\w+\/)*\w+\.PDF$/;
const PAGE = /^(?:\w+\/)*\w+\.HTM$/;
/** Where the manifest lies in the two layouts. */
const PLACES = ['other_content/manifest.json', 'OTHER/MANIFEST.JSN'];

/** @returns {Promise<{title, date, time, status, path, pages, study}[]>} newest first; none where the manifest cannot be read */
export async function reportsOf(source) {
  const isStrict = /\/INDEX\.HTM$/.test(location.pathname);
  for (const place of isStrict ? PLACES.toReversed() : PLACES) {
    try {
      const { reports } = JSON.parse(new TextDecoder().decode(await source.read(place)));
      return (Array.isArray(reports) ? reports : []).filter(({ path, pages }) => DOCUMENT.test(path) && Object.values(pages ?? {}).every((one) => PAGE.test(one)))
        .sort((a, b) => `${b.date ?? ''}${b.time ?? ''}`.localeCompare(`${a.date ?? ''}${a.time ?? ''}`));
    } catch {
      // The other layout, or a package without one.
    }
  }
  return [];
}
