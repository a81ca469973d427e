// The package as a folder that somebody chose or dragged here: nothing leaves the computer.
import { Problem } from '../problem.js';

/** What a path on any system is compared by: discs of other systems fold the case of names. */
const key = (path) => path.replace(/\\/g, '/').toUpperCase();

/**
 * @param {{path: string, file: File}[]} files everything in the chosen folder
 * @returns a source: `read(path)` gives the bytes, `address(path)` an address for a picture or null
 * @throws {Problem} when there is no DICOMDIR
 */
export function folderSource(files) {
  const directories = files.filter(({ path }) => /(^|\/)DICOMDIR$/i.test(path))
    .sort((a, b) => a.path.split('/').length - b.path.split('/').length || (a.path < b.path ? -1 : 1));
  if (!directories.length) { throw new Problem(files.length ? 'noDirectory' : 'emptyFolder'); }
  const root = directories[0].path.slice(0, -'DICOMDIR'.length);
  const byPath = new Map(files.filter(({ path }) => path.startsWith(root)).map(({ path, file }) => [key(path.slice(root.length)), file]));
  const addresses = new Map();
  return {
    others: directories.length - 1,
    async read(path) {
      const file = byPath.get(key(path));
      if (!file) { throw new Problem('fileMissing'); }
      try {
        return await file.arrayBuffer();
      } catch {
        throw new Problem('fileUnreadable');
      }
    },
    async address(path) {
      const file = byPath.get(key(path));
      if (file && !addresses.has(path)) { addresses.set(path, URL.createObjectURL(file)); }
      return addresses.get(path) ?? null;
    },
    close() { addresses.forEach((address) => URL.revokeObjectURL(address)); },
  };
}

/** The files behind `<input webkitdirectory>`. */
export function chosenFiles(list) {
  return Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * The files of a folder that was dragged here.
 *
 * @throws {Problem} when the browser does not let a page opened from disk read what is dragged
 */
export async function draggedFiles(transfer) {
  const items = Array.from(transfer.items).filter(({ kind }) => kind === 'file');
  // Both must be asked for before anything is awaited: the list is empty afterwards.
  const handles = items.map((item) => item.getAsFileSystemHandle?.());
  const entries = items.map((item) => item.webkitGetAsEntry?.());
  const files = [];
  try {
    for (let n = 0; n < items.length; n += 1) {
      const handle = await handles[n]?.catch?.(() => null);
      if (handle) {
        await fromHandle(handle, '', files);
      } else if (entries[n]) {
        await fromEntry(entries[n], '', files);
      }
    }
  } catch {
    throw new Problem('dragRefused');
  }
  return files;
}

async function fromHandle(handle, above, files) {
  const path = above + handle.name;
  if (handle.kind === 'file') {
    files.push({ path, file: await handle.getFile() });
    return;
  }
  for await (const child of handle.values()) { await fromHandle(child, `${path}/`, files); }
}

async function fromEntry(entry, above, files) {
  const path = above + entry.name;
  if (entry.isFile) {
    files.push({ path, file: await new Promise((resolve, reject) => { entry.file(resolve, reject); }) });
    return;
  }
  const reader = entry.createReader();
  // A reader hands out some at a time, and an empty list at the end.
  for (;;) {
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) { return; }
    for (const child of some) { await fromEntry(child, `${path}/`, files); }
  }
}
