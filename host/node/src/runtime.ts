/** What differs between runtimes. Each entry point of the package provides its own. */

import type { Modules } from './component.js';
import type { Send } from './send.js';

/** A runtime. */
export interface Runtime {
  /** The core modules of the component, compiled. */
  modules(): Promise<Modules>;
  /** Sends a request. */
  send: Send;
}

let provided: Runtime | undefined;

/** Sets the runtime. */
export function provide(runtime: Runtime): void {
  provided = runtime;
}

/** The runtime that the package was loaded for. */
export function runtime(): Runtime {
  if (!provided) throw new Error('the package was loaded by a path of its own: import `unified-ticketing`');
  return provided;
}

/** A variable of the environment: that of a Worker, else that of the process, where there is one. */
export function variable(name: string, env?: unknown): string | undefined {
  const given = (env as Record<string, unknown> | null | undefined)?.[name];
  if (given !== undefined) return typeof given === 'string' ? given : undefined;
  return globalThis.process?.env?.[name];
}
