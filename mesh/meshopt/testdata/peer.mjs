// Reads cases as JSON from stdin, encodes and decodes them with the meshoptimizer
// of the folder in argv, and answers on stdout. See peer_test.go.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const at = (file) => pathToFileURL(`${process.argv[2]}/node_modules/meshoptimizer/${file}`);
const { MeshoptEncoder: encoder } = await import(at('meshopt_encoder.js'));
const { MeshoptDecoder: decoder } = await import(at('meshopt_decoder.mjs'));
await Promise.all([encoder.ready, decoder.ready]);

const bytes = (s) => Uint8Array.from(Buffer.from(s ?? '', 'base64')); // a copy, so that it is aligned
const text = (b) => Buffer.from(b).toString('base64');

const filters = {
	OCTAHEDRAL: (c, v) => encoder.encodeFilterOct(v, c.Count, c.Stride, c.Bits),
	QUATERNION: (c, v) => encoder.encodeFilterQuat(v, c.Count, c.Stride, c.Bits),
	EXPONENTIAL: (c, v) => encoder.encodeFilterExp(v, c.Count, c.Stride, c.Bits, c.Sharing),
	COLOR: (c, v) => encoder.encodeFilterColor(v, c.Count, c.Stride, c.Bits),
};

function decode(c, stream) {
	const out = new Uint8Array(c.Count * c.Stride);
	decoder.decodeGltfBuffer(out, c.Count, c.Stride, stream, c.Mode, c.Filter);
	return out;
}

const cases = JSON.parse(readFileSync(0, 'utf8'));
const answers = cases.map((c) => {
	let plain = bytes(c.Plain);
	if (c.Floats) plain = filters[c.Filter](c, new Float32Array(bytes(c.Floats).buffer));
	const stream = encoder.encodeGltfBuffer(plain, c.Count, c.Stride, c.Mode, c.Version);
	const other = c.Other ? text(decode(c, bytes(c.Other))) : '';
	return { OursDecoded: text(decode(c, bytes(c.Stream))), Other: other, Plain: text(plain), Stream: text(stream), Decoded: text(decode(c, stream)) };
});
console.log(JSON.stringify(answers));
