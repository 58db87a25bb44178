/**
 * Redaction: takes an account's secrets out of a provider's response.
 *
 * A secret is found as it is, escaped as in JSON, percent-encoded, and escaped as in HTML; any character may be escaped or not. Each
 * becomes `***`. The readings of a text make a graph: its nodes are the positions between bytes, its edges lead over one byte or one
 * escape, and a secret is a path that spells it. All positions in the secret that a search can be at are one set of bits, which a step
 * moves at once (the shift-and search of Baeza-Yates and Gonnet, https://doi.org/10.1145/135239.135243), so the time is linear in the
 * text. A regular expression that backtracks would follow an escape with two readings into every combination.
 */

import { MAX_ESCAPE, readings } from './escape.js';

/** The length of the shortest secret, in bytes. A shorter value protects nothing, and would be found by chance. */
export const MIN_SECRET = 8;

/** How often a text is searched at most. Once is enough, except for a secret with the mask in it. */
const MAX_PASSES = 8;
const MASK = new TextEncoder().encode('***');
/** How many nodes are kept: more than the longest escape leads over. */
const KEPT = 64;
const INTRODUCERS = [0x25, 0x5c, 0x26];

type Range = [start: number, end: number];

/** Finds the secrets of one account. */
export class Redactor {
  readonly #patterns: Pattern[];
  /** The bytes that the last character of a secret can begin with. */
  readonly #lasts = new Uint8Array(256);

  constructor(values: string[]) {
    const secrets = [...new Set(values)]
      .map((value) => new TextEncoder().encode(value))
      .filter(({ length }) => length >= MIN_SECRET);
    this.#patterns = secrets.map((secret) => new Pattern(secret));
    for (const byte of [...this.#patterns.map(({ last }) => last), ...INTRODUCERS]) this.#lasts[byte] = 1;
    // A space can be a plus.
    if (this.#lasts[0x20]) this.#lasts[0x2b] = 1;
  }

  /** The same text without secrets. */
  text(text: string): string {
    if (this.#patterns.length === 0) return text;
    const bytes = new TextEncoder().encode(text);
    const clean = this.bytes(bytes);
    return clean === bytes ? text : new TextDecoder().decode(clean);
  }

  /** The same bytes without secrets: the same array, if there is none. */
  bytes(bytes: Uint8Array): Uint8Array {
    let clean = bytes;
    for (let pass = 0; pass < MAX_PASSES; pass += 1) {
      const found = this.#find(clean);
      if (found.length === 0) return clean;
      clean = masked(clean, found);
    }
    return MASK;
  }

  /** The ranges of secrets, in order; those that overlap are one. */
  #find(bytes: Uint8Array): Range[] {
    if (bytes.length < MIN_SECRET || this.#patterns.length === 0) return [];
    const searches = this.#patterns.map((pattern) => new Search(pattern));
    // The last position at which a part of a secret was found.
    let live = Number.POSITIVE_INFINITY;
    for (let at = bytes.length - 1; at >= 0; at -= 1) {
      if (live - at > MAX_ESCAPE) {
        // No escape leads to that position from here: skip to where a secret can end.
        while (at >= 0 && !this.#lasts[bytes[at] as number]) at -= 1;
      }
      readings(bytes, at, (meant, end) => {
        for (const search of searches) if (search.step(at, meant, end)) live = at;
      });
    }
    const found = searches.flatMap((search) => search.found(bytes)).sort(([one], [other]) => one - other);
    const ranges: Range[] = [];
    for (const range of found) {
      const before = ranges.at(-1);
      if (before && range[0] < before[1]) before[1] = Math.max(before[1], range[1]);
      else ranges.push(range);
    }
    return ranges;
  }
}

/** The same bytes with a mask in place of each range. */
function masked(bytes: Uint8Array, ranges: Range[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const [start, end] of ranges) {
    // A backslash that escapes the secret's first character goes with it: alone it would escape the mask.
    let backslashes = 0;
    while (start - backslashes > copied && bytes[start - backslashes - 1] === 0x5c) backslashes += 1;
    parts.push(bytes.subarray(copied, start - (backslashes % 2)), MASK);
    copied = end;
  }
  parts.push(bytes.subarray(copied));
  return concatenated(parts);
}

/** The bytes of all parts. */
export function concatenated(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A secret: for each byte, the bits of its positions. */
class Pattern {
  readonly length: number;
  readonly words: number;
  readonly last: number;
  readonly #none: Uint32Array;
  readonly #positions = new Map<number, Uint32Array>();

  constructor(secret: Uint8Array) {
    this.length = secret.length;
    this.words = Math.floor(secret.length / 32) + 1;
    this.last = secret[secret.length - 1] as number;
    this.#none = new Uint32Array(this.words);
    secret.forEach((byte, position) => {
      let bits = this.#positions.get(byte);
      if (!bits) this.#positions.set(byte, (bits = new Uint32Array(this.words)));
      set(bits, position);
    });
  }

  positions(byte: number): Uint32Array {
    return this.#positions.get(byte) ?? this.#none;
  }

  /** The end of the longest path from `start` that spells the secret. */
  end(text: Uint8Array, start: number): number | undefined {
    const nodes = new Nodes(this.words);
    const first = new Uint32Array(this.words);
    first[0] = 1;
    nodes.add(start, first);
    const states = new Uint32Array(this.words);
    const here = new Uint32Array(this.words);
    let found: number | undefined;
    for (let at = start, furthest = start; at <= furthest; at += 1) {
      const node = nodes.at(at);
      if (!node) continue;
      here.set(node);
      readings(text, at, (meant, end) => {
        states.set(here);
        for (let index = 0; index < meant.length; index += 1) advance(states, this.positions(meant[index] as number));
        if (isEmpty(states)) return;
        nodes.add(end, states);
        furthest = Math.max(furthest, end);
        if (has(states, this.length)) found = Math.max(found ?? 0, end);
      });
    }
    return found;
  }
}

/** A search for one secret, from the end of a text to its beginning. Bit `n` of a node: the secret from its byte `n` on begins here. */
class Search {
  readonly #pattern: Pattern;
  readonly #nodes: Nodes;
  readonly #states: Uint32Array;
  /** Where the secret begins, from the last to the first. */
  readonly #begins: number[] = [];

  constructor(pattern: Pattern) {
    this.#pattern = pattern;
    this.#nodes = new Nodes(pattern.words);
    this.#states = new Uint32Array(pattern.words);
  }

  /** Takes one reading from `at` to `end` into account. True if a part of the secret begins at `at`. */
  step(at: number, meant: ArrayLike<number>, end: number): boolean {
    const node = this.#nodes.at(end);
    const states = this.#states;
    if (node) states.set(node);
    else if (meant[meant.length - 1] !== this.#pattern.last) return false;
    else states.fill(0);
    // The secret can end anywhere.
    set(states, this.#pattern.length);
    for (let index = meant.length - 1; index >= 0; index -= 1) retreat(states, this.#pattern.positions(meant[index] as number));
    if (isEmpty(states)) return false;
    this.#nodes.add(at, states);
    if (has(states, 0) && this.#begins.at(-1) !== at) this.#begins.push(at);
    return true;
  }

  /** The ranges of the secret, once every reading has been taken into account. */
  found(text: Uint8Array): Range[] {
    const ranges: Range[] = [];
    let from = 0;
    for (const begin of this.#begins.reverse()) {
      if (begin < from) continue;
      const end = this.#pattern.end(text, begin);
      if (end === undefined) continue;
      ranges.push([begin, end]);
      from = end;
    }
    return ranges;
  }
}

/** The last nodes, a set of bits each. */
class Nodes {
  readonly #states: Uint32Array[];
  readonly #owners = new Float64Array(KEPT).fill(-1);

  constructor(words: number) {
    const all = new Uint32Array(words * KEPT);
    this.#states = Array.from({ length: KEPT }, (_, slot) => all.subarray(slot * words, (slot + 1) * words));
  }

  at(node: number): Uint32Array | undefined {
    return this.#owners[node % KEPT] === node ? this.#states[node % KEPT] : undefined;
  }

  add(node: number, states: Uint32Array): void {
    const kept = this.#states[node % KEPT] as Uint32Array;
    if (this.#owners[node % KEPT] === node) {
      for (let word = 0; word < kept.length; word += 1) kept[word]! |= states[word] as number;
    } else {
      this.#owners[node % KEPT] = node;
      kept.set(states);
    }
  }
}

function set(states: Uint32Array, bit: number): void {
  states[bit >>> 5]! |= 1 << (bit & 31);
}

function has(states: Uint32Array, bit: number): boolean {
  return ((states[bit >>> 5] as number) & (1 << (bit & 31))) !== 0;
}

function isEmpty(states: Uint32Array): boolean {
  for (let word = 0; word < states.length; word += 1) if (states[word] !== 0) return false;
  return true;
}

/** Moves every state over a byte, to the next position. */
function advance(states: Uint32Array, positions: Uint32Array): void {
  let carry = 0;
  for (let word = 0; word < states.length; word += 1) {
    const taken = (states[word] as number) & (positions[word] as number);
    states[word] = (taken << 1) | carry;
    carry = taken >>> 31;
  }
}

/** Moves every state back over a byte, to the position before. */
function retreat(states: Uint32Array, positions: Uint32Array): void {
  let carry = 0;
  for (let word = states.length - 1; word >= 0; word -= 1) {
    const before = states[word] as number;
    states[word] = ((before >>> 1) | carry) & (positions[word] as number);
    carry = before << 31;
  }
}
