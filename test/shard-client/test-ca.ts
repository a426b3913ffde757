import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runs } from '../program.js';

/** Why no certificates can be made here; undefined: they can. */
export const OPENSSL_MISSING = runs('openssl', 'version') ? undefined : 'needs openssl';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}

/** A certification authority of a test's own. */
export class TestCa {
  private readonly key: string;
  readonly file: string;

  constructor(
    private readonly dir: string,
    private readonly name: string,
  ) {
    this.key = join(dir, `${name}-key.pem`);
    this.file = join(dir, `${name}.pem`);
    openssl(
      'req',
      '-x509',
      ...KEY,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      this.key,
      '-out',
      this.file,
    );
  }

  get pem(): string {
    return readFileSync(this.file, 'utf8');
  }

  /** A certificate for an address of this machine, and its key, as files. @param subject told apart by it */
  issue(subject: string, address: string): { cert: string; key: string } {
    const at = (what: string): string => join(this.dir, `${this.name}-${subject}-${what}`);
    const [cert, key, request, extensions] = ['cert.pem', 'key.pem', 'request.pem', 'ext'].map(
      at,
    ) as [string, string, string, string];
    writeFileSync(extensions, `subjectAltName=${address}\n`);
    openssl('req', '-new', ...KEY, '-subj', `/CN=${subject}`, '-keyout', key, '-out', request);
    const signed = ['-CA', this.file, '-CAkey', this.key, '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', request, ...signed, '-extfile', extensions, '-out', cert);
    return { cert, key };
  }
}
