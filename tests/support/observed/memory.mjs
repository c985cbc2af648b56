// Remembers the module's instance before the Worker makes it, so that its memory can be measured from outside.
//
// Must be imported before the Worker. Wasm memory never shrinks: what it is now is the most it ever was.

/** @type {WebAssembly.Instance[]} */
const instances = [];
const { Instance } = WebAssembly;

WebAssembly.Instance = class extends Instance {
  /**
   * @param {WebAssembly.Module} module
   * @param {WebAssembly.Imports} [imports]
   */
  constructor(module, imports) {
    super(module, imports);
    instances.push(this);
  }
};

/** The greatest memory of an instance of this isolate, in bytes. */
export function wasmMemory() {
  const sizes = instances.map(({ exports }) =>
    exports.memory instanceof WebAssembly.Memory ? exports.memory.buffer.byteLength : 0,
  );
  return Math.max(0, ...sizes);
}
