// Texts of files in the viewer, byte for byte as the pages read them: the cases of `engine/crates/part10/src/charset.rs`.
'use strict';

const fs = require('fs');
const path = require('path');

const SOURCE = path.join(__dirname, '..', '..', 'viewer-bundle', 'web', 'src', 'source', 'charset.js');
/** Specific Character Set, bytes, and what people read: the examples of PS3.5 Annexes H, I, J and K among them. */
const TEXTS = [
  ['ISO_IR 100', 'Buc^J\xE9r\xF4me', 'Buc^Jérôme'],
  ['ISO_IR 192', 'Niccol\xC3\xB2', 'Niccolò'],
  ['ISO_IR 144', '\xBB\xEEce\xDC\xD1yp\xD3', 'Люceмбypг'],
  ['\\ISO 2022 IR 87', 'Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B', 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
  ['ISO 2022 IR 13\\ISO 2022 IR 87', '\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J', 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎'],
  ['\\ISO 2022 IR 149', 'Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7', 'Hong^Gildong=洪^吉洞'],
  ['GB18030', 'Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB', 'Wang^XiaoDong=王^小东'],
  ['\\ISO 2022 IR 58', 'Zhang^XiaoDong=\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB', 'Zhang^XiaoDong=张^小东'],
  ['ISO 2022 IR 100\\ISO 2022 IR 144', 'J\xE9r\xF4me \x1B-L\xBB\xEE', 'Jérôme Лю'],
  ['ISO 2022 IR 100\\ISO 2022 IR 144', 'J\xE9r\xF4me', 'Jérôme'],
  ['\\ISO 2022 IR 159', '\x1B$(D\x30\x21\x1B(B', '丂'],
  ['', 'Niccol\xC3\xB2', 'Niccolò'],
  ['', 'Niccol\xF2', 'Niccolò'],
];

/** What the browser makes of each of them, in a page without a policy. */
async function texts(page, check) {
  const tab = await page.browser().newPage();
  const read = await tab.evaluate(async (code, rows) => {
    const { textOf } = await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(code)}`);
    return rows.map(([characterSets, bytes]) => {
      const byteArray = Uint8Array.from(bytes, (one) => one.charCodeAt(0));
      return textOf({ byteArray, elements: { x00100010: { dataOffset: 0, length: byteArray.length } } }, 'x00100010', characterSets);
    });
  }, fs.readFileSync(SOURCE, 'utf8'), TEXTS);
  for (const [n, [characterSets, , expected]] of TEXTS.entries()) {
    check(read[n] === expected, `under ${characterSets || 'no character set'} ${expected} is read as ${read[n]}`);
  }
  await tab.close();
  await page.bringToFront();
}

module.exports = { texts };
