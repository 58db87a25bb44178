/** The escapes that can stand for a character of a secret. */

/** The length of the longest escape, in bytes: a numeric reference of HTML with leading zeros. */
export const MAX_ESCAPE = 33;

const BACKSLASH = 0x5c;
const JSON_ESCAPES: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const encoder = new TextEncoder();

/** The references of HTML by name to what encoders escape: the punctuation of ASCII, and Latin-1. */
const NAMES = new Map<string, string>();
const ASCII =
  'Tab\t NewLine\n excl! quot" QUOT" num# dollar$ percnt% amp& AMP& apos\' lpar( rpar) ast* midast* plus+ comma, period. sol/ colon: ' +
  'semi; lt< LT< equals= gt> GT> quest? commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] Hat^ lowbar_ UnderBar_ grave` DiacriticalGrave` lcub{ ' +
  'lbrace{ verbar| vert| VerticalLine| rcub} rbrace}';
for (const [, name, character] of ASCII.matchAll(/(\w+?)([^\w ]|_)(?: |$)/g)) NAMES.set(name as string, character as string);
const LATIN =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro ' +
  'para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil ' +
  'Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave ' +
  'Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml ' +
  'igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute ' +
  'thorn yuml';
LATIN.split(' ').forEach((name, index) => NAMES.set(name, String.fromCharCode(0xa0 + index)));

/** Calls `visit` with every reading of the text at `at`: the bytes that it means, and its end. The first is the byte itself. */
export function readings(text: Uint8Array, at: number, visit: (meant: ArrayLike<number>, end: number) => void): void {
  const first = text[at];
  if (first === undefined) return;
  visit([first], at + 1);
  switch (first) {
    case 0x2b: // A space in a form: https://url.spec.whatwg.org/#urlencoded-serializing
      visit([0x20], at + 1);
      break;
    case 0x25: {
      const byte = hex(ascii(text, at + 1, 2), 2);
      if (byte !== undefined) visit([byte], at + 3);
      break;
    }
    case BACKSLASH: {
      const escape = json(ascii(text, at + 1, 11));
      if (escape) visit(encoder.encode(escape[0]), at + escape[1]);
      break;
    }
    case 0x26: {
      const [reference, name] = /^&([A-Za-z0-9#]+);/.exec(ascii(text, at, MAX_ESCAPE)) ?? [];
      const meant = name === undefined ? undefined : html(name);
      if (meant !== undefined) visit(encoder.encode(meant), at + (reference as string).length);
      break;
    }
  }
}

function ascii(text: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...text.subarray(at, at + length));
}

function hex(digits: string, length: number): number | undefined {
  return digits.length === length && /^[0-9a-f]+$/i.test(digits) ? parseInt(digits, 16) : undefined;
}

/** The character of an escape of JSON (RFC 8259, section 7) after its backslash, and the length of the whole escape. */
function json(rest: string): [string, number] | undefined {
  const simple = JSON_ESCAPES[rest.charAt(0)];
  if (simple !== undefined) return [simple, 2];
  if (!rest.startsWith('u')) return undefined;
  const first = hex(rest.slice(1, 5), 4);
  if (first === undefined) return undefined;
  if (first < 0xd800 || first > 0xdfff) return [String.fromCharCode(first), 6];
  const second = rest.slice(5, 7) === '\\u' ? hex(rest.slice(7, 11), 4) : undefined;
  if (first > 0xdbff || second === undefined || second < 0xdc00 || second > 0xdfff) return undefined;
  return [String.fromCharCode(first, second), 12];
}

/** The character of a reference of HTML. */
function html(name: string): string | undefined {
  const [, digits, hexadecimal] = /^#(?:(\d+)|[xX]([0-9A-Fa-f]+))$/.exec(name) ?? [];
  if (digits === undefined && hexadecimal === undefined) return NAMES.get(name);
  const point = digits === undefined ? parseInt(hexadecimal as string, 16) : parseInt(digits, 10);
  return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff) ? String.fromCodePoint(point) : undefined;
}
