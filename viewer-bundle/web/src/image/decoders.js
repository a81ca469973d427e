// The script beside the page with the decoders of compressed frames, as the text of a worker (see `decoding.js`).
import text from 'decode-worker';

globalThis.esitoDecoders = text;
