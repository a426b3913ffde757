import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Why the browser tests cannot run here, if so. */
export const CHROMIUM_MISSING = existsSync(EXECUTABLE)
  ? undefined
  : `there is no ${EXECUTABLE}: install Debian's chromium, or set CHROMIUM to a browser`;

/** A browser that talks to nothing but the page. */
export async function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
