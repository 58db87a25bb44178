/** The deadline of a call. */

/** A time by which something ends. */
export class Deadline {
  /** Aborts at the time. */
  readonly time: AbortSignal;
  /** Aborts at the time, or with the caller's signal. */
  readonly signal: AbortSignal;
  readonly #at: number;
  readonly #clear: (() => void)[] = [];

  constructor(milliseconds: number, caller?: AbortSignal) {
    this.#at = performance.now() + milliseconds;
    const time = new AbortController();
    const timer = setTimeout(() => time.abort(new Error('the deadline passed')), milliseconds);
    this.#clear.push(() => clearTimeout(timer));
    this.time = time.signal;
    this.signal = time.signal;
    if (!caller) return;
    const either = new AbortController();
    this.signal = either.signal;
    for (const source of [time.signal, caller]) {
      const abort = () => either.abort(source.reason);
      if (source.aborted) abort();
      source.addEventListener('abort', abort);
      this.#clear.push(() => source.removeEventListener('abort', abort));
    }
  }

  /** The output of the promise; `undefined` after the deadline, or if the caller's signal comes first. */
  within<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const end = () => resolve(undefined);
      if (this.signal.aborted) return end();
      this.signal.addEventListener('abort', end);
      promise.then(resolve, reject).finally(() => this.signal.removeEventListener('abort', end));
    });
  }

  /** Waits; false at once if there is not the time, or when it has passed. The caller's signal ends the wait early. */
  async sleep(milliseconds: number): Promise<boolean> {
    if (performance.now() + milliseconds >= this.#at || this.time.aborted) return false;
    if (milliseconds > 0) {
      let timer;
      await this.within(new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds))));
      clearTimeout(timer);
    }
    return !this.time.aborted;
  }

  /** Ends the timer. */
  clear(): void {
    for (const clear of this.#clear) clear();
  }
}
