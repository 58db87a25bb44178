// In place of `wasi:http` and `wasi:io`. Planning and interpreting use neither, so whatever is asked for only complains.

const nothing = new Proxy(
  {},
  {
    get: (_, name) =>
      function () {
        throw new Error(`${String(name)}: there is no network here`);
      },
  },
);

export { nothing as outgoingHandler, nothing as types, nothing as error, nothing as poll, nothing as streams };
