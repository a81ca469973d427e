// The page of a report as text of ours: what lies in a package was made by somebody.
//
// Invariant: nothing of the page comes into ours but its text, elements of the list below made anew, and the
// attributes that `ATTRIBUTES` checks. No address of it is followed: a link to an image of the package becomes a
// button, and a picture is read as a file of the package.
import { element } from '../element.js';

const KEPT = new Set(['P', 'UL', 'OL', 'LI', 'DL', 'DT', 'DD', 'TABLE', 'CAPTION', 'THEAD', 'TBODY', 'TFOOT', 'TR', 'TH', 'TD', 'DIV', 'SPAN',
  'STRONG', 'EM', 'B', 'I', 'SUP', 'SUB', 'BR', 'BDI', 'CODE', 'FIGURE', 'FIGCAPTION']);
/** What is no text, with all that is in it. */
const LEFT_OUT = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'NOSCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'SVG', 'MATH', 'SELECT', 'TEXTAREA', 'NAV']);
/** The pages' own words for how a line looks. */
const CLASSES = /^(?:labelled|label|item|in-[0-8]|concept|value|code|caution|wide)$/;
const ATTRIBUTES = {
  colspan: (value) => (/^[1-9]\d{0,2}$/.test(value) ? value : null),
  rowspan: (value) => (/^[1-9]\d{0,2}$/.test(value) ? value : null),
  scope: (value) => (/^(?:row|col)$/.test(value) ? value : null),
  lang: (value) => (/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}$/.test(value) ? value : null),
  class: (value) => value.split(/\s+/).filter((name) => CLASSES.test(name)).join(' ') || null,
};
/** A preview of the package, or a picture that was inside the document of a report. */
const PICTURE = /^(?:\.\.\/)?((?:ST\w{6}\/SE\w{6}\/IM\w{6}(?:\/FR\w{6})?|RP\w{6}\/PC\w{6})\.JPG)$/;

/**
 * @param {ArrayBuffer} bytes the page, in UTF-8
 * @param {{picture: (path: string) => Promise<string|null>, toImage: (link: string) => (() => void)|null}} package_ the
 *   address of a picture, and what shows an image that a link leads to
 * @returns {DocumentFragment|null} null when it is no page of a report
 */
export function wordsOf(bytes, package_) {
  const page = new DOMParser().parseFromString(new TextDecoder().decode(bytes), 'text/html');
  const words = document.createDocumentFragment();
  for (const part of page.querySelectorAll('body > main, body > footer > p:first-child')) {
    // The title stands above already.
    part.querySelector('h1')?.remove();
    words.append(...(part.matches('p') ? [element('p', { class: 'origin' }, [part.textContent])] : partsOf(part, package_)));
  }
  return words.textContent.trim() ? words : null;
}

function partsOf(parent, package_) {
  return Array.from(parent.childNodes).flatMap((node) => {
    if (node.nodeType === Node.TEXT_NODE) { return [node.data]; }
    return node.nodeType === Node.ELEMENT_NODE ? partOf(node, package_) : [];
  });
}

function partOf(node, package_) {
  const name = node.tagName.toUpperCase();
  if (LEFT_OUT.has(name)) { return []; }
  if (name === 'A') { return [linkOf(node, package_)]; }
  if (name === 'IMG') { return [pictureOf(node, package_)]; }
  const parts = partsOf(node, package_);
  // The title of the report is of the second level here.
  const [, level] = /^H([2-6])$/.exec(name) ?? [];
  if (level) { return [element(`h${Math.min(Number(level) + 1, 6)}`, {}, parts)]; }
  if (!KEPT.has(name)) { return parts; }
  const checked = Object.entries(ATTRIBUTES).map(([key, check]) => [key, node.hasAttribute(key) ? check(node.getAttribute(key)) : null]);
  return [element(name.toLowerCase(), Object.fromEntries(checked), parts)];
}

function linkOf(node, { toImage }) {
  const act = toImage(node.getAttribute('href') ?? '');
  if (!act) { return element('span', {}, [node.textContent]); }
  const button = element('button', { type: 'button', class: 'to-image' }, [node.textContent]);
  button.addEventListener('click', act);
  return button;
}

/** What cannot be shown leaves the words that stand for it. */
function pictureOf(node, { picture }) {
  const words = node.getAttribute('alt') ?? '';
  const [, path] = PICTURE.exec(node.getAttribute('src') ?? '') ?? [];
  if (!path) { return element('span', {}, [words]); }
  const made = element('img', { alt: words });
  made.addEventListener('error', () => made.replaceWith(words));
  picture(`IHE_PDI/${path}`).then((address) => { if (address) { made.src = address; } else { made.replaceWith(words); } });
  return made;
}
