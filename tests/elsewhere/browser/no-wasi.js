// Replaces `wasi:http` and `wasi:io`. `steps` uses neither, so every function throws.

const unavailable = new Proxy(
  {},
  {
    get: (_, name) =>
      function () {
        throw new Error(`${String(name)}: there is no network here`);
      },
  },
);

export { unavailable as outgoingHandler, unavailable as types, unavailable as error, unavailable as poll, unavailable as streams };
