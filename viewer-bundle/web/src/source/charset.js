// Text of DICOM files in the characters that Specific Character Set (0008,0005) names (PS3.3 §C.12.1.1.2).

const ENCODINGS = {
  'ISO_IR 100': 'iso-8859-1', 'ISO_IR 101': 'iso-8859-2', 'ISO_IR 109': 'iso-8859-3', 'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5', 'ISO_IR 127': 'iso-8859-6', 'ISO_IR 126': 'iso-8859-7', 'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'windows-1254', 'ISO_IR 203': 'iso-8859-15', 'ISO_IR 13': 'shift_jis', 'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8', GB18030: 'gb18030', GBK: 'gbk',
  'ISO 2022 IR 87': 'iso-2022-jp', 'ISO 2022 IR 13': 'shift_jis', 'ISO 2022 IR 149': 'euc-kr', 'ISO 2022 IR 58': 'gb18030',
};

function encodingOf(values) {
  const named = (values ?? '').split('\\').map((value) => value.trim()).filter(Boolean);
  // With code extensions the last one carries the letters of the name.
  for (const value of named.reverse()) {
    const found = ENCODINGS[value] ?? ENCODINGS[value.replace('ISO 2022 IR', 'ISO_IR')];
    if (found) { return found; }
  }
  return 'iso-8859-1';
}

/** The value of an element as text, without padding; '' when it is absent. Escape sequences are dropped. */
export function textOf(dataSet, tag, characterSet = dataSet.string('x00080005')) {
  const element = dataSet.elements[tag];
  if (!element?.length) { return ''; }
  const bytes = dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  return new TextDecoder(encodingOf(characterSet)).decode(bytes)
    .replace(/\u001b[$()-/]{1,2}[@-~]/g, '').replace(/\0/g, '').trim();
}

/** A Person Name for people: the first group of it, family name first (`ROSSI, MARIA TEST`). */
export function personName(value) {
  const [family = '', given = '', middle = ''] = value.split('=')[0].split('^').map((part) => part.trim());
  return [family, [given, middle].filter(Boolean).join(' ')].filter(Boolean).join(', ');
}
