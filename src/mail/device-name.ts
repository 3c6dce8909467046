/** In this order: most programs call themselves by the names of others too. */
const PROGRAMS: ReadonlyArray<[RegExp, string]> = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|OPT|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bVersion\/\S+ .*\bSafari\//, 'Safari']
]
const SYSTEMS: ReadonlyArray<[RegExp, string]> = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux']
]

/**
 * What a User-Agent header (RFC 9110 section 10.1.5) names, such as `Firefox (Linux)`; empty when that cannot be told.
 * Of a program that is not known only a plain first word: whoever sends the header could write to the reader otherwise.
 */
export function deviceName(userAgent: string): string {
  const text = userAgent.slice(0, 256)
  const program = nameIn(PROGRAMS, text) ?? /^(?!Mozilla\b)[A-Za-z][\w-]{0,30}(?=[/ ]|$)/.exec(text)?.[0]
  const system = nameIn(SYSTEMS, text)
  return program && system ? `${program} (${system})` : (program ?? system ?? '')
}

const nameIn = (names: ReadonlyArray<[RegExp, string]>, text: string) => names.find(([sign]) => sign.test(text))?.[1]
