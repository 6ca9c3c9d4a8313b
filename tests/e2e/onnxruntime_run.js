// Runs an ONNX network on the CPU with onnxruntime, as an independent check of what weft writes.
//
//   node onnxruntime_run.js MODEL INPUT.f32 N C H W OUTPUT.f32
//
// INPUT.f32: N images [C, H, W] as little-endian float32; OUTPUT.f32: their outputs, one row an image. The package
// onnxruntime-node is looked for on NODE_PATH and in build/node of the source tree. Exit 77: it is not installed.
'use strict';
const fs = require('fs');
const path = require('path');

const BATCH = 250;

function loadRuntime() {
    const places = ['onnxruntime-node', path.join(__dirname, '..', '..', 'build', 'node', 'node_modules', 'onnxruntime-node')];
    for (const place of places) {
        try {
            return require(place);
        } catch (error) {
            if (error.code !== 'MODULE_NOT_FOUND') throw error;
        }
    }
    console.error('onnxruntime-node is not installed: run scripts/setup --tests');
    process.exit(77);
}

function readFloats(file, count) {
    const bytes = fs.readFileSync(file);
    if (bytes.length !== 4 * count) throw new Error(`${file}: ${bytes.length} bytes; ${4 * count} are expected`);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

async function run(model, input, shape, output) {
    const ort = loadRuntime();
    const [count, ...image] = shape;
    const values = image.reduce((product, extent) => product * extent, 1);
    const x = readFloats(input, count * values);
    const session = await ort.InferenceSession.create(model, {
        executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1,
        graphOptimizationLevel: 'disabled', // each node as the file says; else quantised layers are fused
    });
    const chunks = [];
    for (let first = 0; first < count; first += BATCH) {
        const n = Math.min(BATCH, count - first);
        const batch = x.slice(first * values, (first + n) * values);
        const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', batch, [n, ...image])};
        const logits = (await session.run(feeds))[session.outputNames[0]].data;
        chunks.push(Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength));
    }
    fs.writeFileSync(output, Buffer.concat(chunks));
}

const [model, input, n, c, h, w, output] = process.argv.slice(2);
const shape = [n, c, h, w].map(Number);
if (output === undefined || !shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    console.error('usage: node onnxruntime_run.js MODEL INPUT.f32 N C H W OUTPUT.f32');
    process.exit(2);
}
run(model, input, shape, output).catch((error) => {
    console.error(`onnxruntime_run.js: ${error.message}`);
    process.exit(1);
});
