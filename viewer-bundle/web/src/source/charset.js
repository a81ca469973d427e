// Text of DICOM files in the characters that Specific Character Set (0008,0005) names (PS3.3 §C.12.1.1.2, PS3.5 §6.1), as
// `engine/crates/part10/src/charset.rs` reads it for the pages.

const ESCAPE = 0x1b;
/** Behind them the first character set holds again. */
const DELIMITERS = new Set(Array.from('\\^=\r\n\t\f', (one) => one.charCodeAt(0)));

/** By the number of the character set: for a text without escape sequences. */
const ENCODINGS = {
  100: 'iso-8859-1', 101: 'iso-8859-2', 109: 'iso-8859-3', 110: 'iso-8859-4', 144: 'iso-8859-5', 127: 'iso-8859-6', 126: 'iso-8859-7',
  138: 'iso-8859-8', 148: 'windows-1254', 203: 'iso-8859-15', 166: 'windows-874', 13: 'shift_jis', 149: 'euc-kr', 58: 'gbk',
  192: 'utf-8', 'UTF-8': 'utf-8', UTF8: 'utf-8', GB18030: 'gb18030', GBK: 'gbk',
};

const ASCII = 'us-ascii';
/** JIS X 0208 and JIS X 0212: two bytes a character, as EUC has them with the high bit. */
const [KANJI, SUPPLEMENTARY] = ['kanji', 'supplementary kanji'];
/** What ESC is followed by, and what the bytes below 80H are from there on (PS3.3 Tables C.12-3, C.12-4). */
const LOW = { '(B': ASCII, '(J': ASCII, '$B': KANJI, '$(D': SUPPLEMENTARY };
/** The same for those above. */
const HIGH = {
  '-A': 'iso-8859-1', '-B': 'iso-8859-2', '-C': 'iso-8859-3', '-D': 'iso-8859-4', '-L': 'iso-8859-5', '-G': 'iso-8859-6', '-F': 'iso-8859-7',
  '-H': 'iso-8859-8', '-M': 'windows-1254', '-b': 'iso-8859-15', '-T': 'windows-874', ')I': 'shift_jis', '$)C': 'euc-kr', '$)A': 'gbk',
};
const SEQUENCES = [...Object.keys(LOW), ...Object.keys(HIGH)];

/** The encoding of the first character set, which holds until another is called for. */
function encodingOf(characterSets) {
  const [first] = (characterSets ?? '').split('\\');
  return ENCODINGS[first.trim().replace(/^(?:ISO 2022 IR|ISO[_ -]IR) /, '')];
}

const decode = (bytes, encoding) => new TextDecoder(encoding).decode(bytes);

function decodeRun(bytes, set) {
  if (set === KANJI) { return decode(bytes.map((byte) => byte | 0x80), 'euc-jp'); }
  if (set !== SUPPLEMENTARY) { return decode(bytes, set); }
  const full = [];
  bytes.forEach((byte, n) => full.push(...(n % 2 ? [] : [0x8f]), byte | 0x80));
  return decode(Uint8Array.from(full), 'euc-jp');
}

/** A text with escape sequences. */
function decodeExtended(bytes, initial) {
  let [low, high] = [ASCII, initial];
  let text = '';
  const isDelimiter = (byte) => low === ASCII && DELIMITERS.has(byte);
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] === ESCAPE) {
      const sequence = SEQUENCES.find((one) => Array.from(one).every((sign, n) => bytes[at + 1 + n] === sign.charCodeAt(0)));
      if (sequence in LOW) { low = LOW[sequence]; }
      if (sequence in HIGH) { high = HIGH[sequence]; }
      at += 1 + (sequence?.length ?? 0);
    } else if (isDelimiter(bytes[at])) {
      [low, high] = [ASCII, initial];
      text += String.fromCharCode(bytes[at]);
      at += 1;
    } else {
      const isLow = bytes[at] < 0x80;
      let end = at + 1;
      while (end < bytes.length && bytes[end] !== ESCAPE && (bytes[end] < 0x80) === isLow && !isDelimiter(bytes[end])) { end += 1; }
      text += decodeRun(bytes.subarray(at, end), isLow ? low : high);
      at = end;
    }
  }
  return text;
}

function decoded(bytes, characterSets) {
  const initial = encodingOf(characterSets);
  if (bytes.includes(ESCAPE)) { return decodeExtended(bytes, initial ?? 'iso-8859-1'); }
  if (initial) { return decode(bytes, initial); }
  // Nothing is told: most such texts are UTF-8 or Latin-1, and only one of them can be mistaken for the other.
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return decode(bytes, 'iso-8859-1');
  }
}

/** The value of an element as text, without padding; '' when it is absent. */
export function textOf(dataSet, tag, characterSets = dataSet.string('x00080005')) {
  const element = dataSet.elements[tag];
  if (!element?.length) { return ''; }
  const bytes = dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  return decoded(bytes, characterSets).replace(/\0/g, '').trim();
}

/** A Person Name for people: the first group of it, family name first (`ROSSI, MARIA TEST`). */
export function personName(value) {
  const [family = '', given = '', middle = ''] = value.split('=')[0].split('^').map((part) => part.trim());
  return [family, [given, middle].filter(Boolean).join(' ')].filter(Boolean).join(', ');
}
