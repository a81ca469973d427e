// What the packages of Cornerstone3D take of dcmjs: a log, and names of transfer syntaxes. The whole holds a dictionary of all
// attributes, and a log that reads and writes the storage of the browser, which takes a tenth of a second.

const silent = () => {};

/** A log of which people see what went wrong. */
const makeLog = () => ({
  trace: silent, debug: silent, info: silent, log: silent, warn: console.warn.bind(console), error: console.error.bind(console),
  getLogger: makeLog, getLevel: () => 3, setLevel: silent,
});

export const log = makeLog();
export const constants = {
  IMPLICIT_LITTLE_ENDIAN: '1.2.840.10008.1.2', EXPLICIT_LITTLE_ENDIAN: '1.2.840.10008.1.2.1', DEFLATED_EXPLICIT_LITTLE_ENDIAN: '1.2.840.10008.1.2.1.99', EXPLICIT_BIG_ENDIAN: '1.2.840.10008.1.2.2',
};
