// The second part of this program (docs/decisions/0007): `cargo xtask build` puts this in front of what wasm-bindgen wrote. The second part is fetched when
// its loader says so; if the first part calls into it before it is there, the program waits for it.
const rest = {
  address: ADDRESS,
  isLoaded: false,
  coming: null,
  // Why it could not be had when it was needed. The program has been left in the middle of a call.
  error: null,

  // The bytes at an address, at once: the first part asks in the middle of a call. In a document such a request may not have a type, so that
  // the bytes come as letters.
  read(address) {
    const request = new XMLHttpRequest();
    request.open('GET', address, false);
    request.overrideMimeType('text/plain; charset=x-user-defined');
    request.send();
    if (request.status !== 200) throw new Error(`HTTP ${request.status}`);
    return Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0));
  },

  // Called by the first part, in the middle of a call into the second.
  load(first) {
    try {
      rest.join(first, new WebAssembly.Module(rest.read(rest.address)));
    } catch (error) {
      rest.error = new Error(`The second part of the program cannot be loaded. Is this page offline? (${error.message})`);
      throw rest.error;
    }
  },

  // Loads it in the background. What fails here is tried again, and reported, when it is needed.
  fetch(first) {
    rest.coming ??= WebAssembly.compileStreaming(fetch(rest.address)).then((module) => rest.join(first, module)).catch(() => {
      rest.coming = null;
    });
    return rest.coming;
  },

  join(first, module) {
    if (rest.isLoaded) return;
    try {
      new WebAssembly.Instance(module, { first });
    } catch (error) {
      throw new Error(`It is not of the version of the first: reload the page. ${error.message}`);
    }
    rest.isLoaded = true;
  },
};
