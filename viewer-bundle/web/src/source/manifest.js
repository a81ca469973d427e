// What the manifest of a package tells: its reports, and the page of each language that opens it.

/** What our own documents and pages are called: no way to anywhere else. */
const DOCUMENT = /^(?:\w+\/)*\w+\.PDF$/;
const PAGE = /^(?:\w+\/)*\w+\.HTM$/;
/** Where the manifest lies in the two layouts. */
const PLACES = ['other_content/manifest.json', 'OTHER/MANIFEST.JSN'];
/** The pages in another language than the package opens in. */
const OTHERS = { it: 'IHE_PDI/IT/INDEX.HTM', en: 'IHE_PDI/EN/INDEX.HTM' };

/**
 * @returns {Promise<{reports: {title, date, time, status, path, pages, study}[], firstPages: {it?: string, en?: string}}>}
 *   reports newest first; nothing where the manifest cannot be read
 */
export async function manifestOf(source) {
  const isStrict = /\/INDEX\.HTM$/.test(location.pathname);
  for (const place of isStrict ? PLACES.toReversed() : PLACES) {
    try {
      const { reports, entries } = JSON.parse(new TextDecoder().decode(await source.read(place)));
      return { reports: reportsIn(reports), firstPages: firstPagesIn(entries) };
    } catch {
      // The other layout, or a package without one.
    }
  }
  return { reports: [], firstPages: {} };
}

function reportsIn(reports) {
  return (Array.isArray(reports) ? reports : []).filter(({ path, pages }) => DOCUMENT.test(path) && Object.values(pages ?? {}).every((one) => PAGE.test(one)))
    .sort((a, b) => `${b.date ?? ''}${b.time ?? ''}`.localeCompare(`${a.date ?? ''}${a.time ?? ''}`));
}

function firstPagesIn(entries) {
  const paths = new Set((Array.isArray(entries) ? entries : []).map(({ path }) => path));
  return Object.fromEntries(Object.entries(OTHERS).filter(([, path]) => paths.has(path)));
}
