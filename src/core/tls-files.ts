import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { reasonOf } from './errors.js';

/** How soon a certificate that was renewed is used. */
const LOOK_EVERY_MS = 60_000;

/** A certificate with those between it and its issuer, and its private key, both PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

/** A certificate in two files, which somebody renews. */
export class TlsFiles {
  /** When they changed last before they were read. */
  private readAt = '';

  constructor(
    readonly cert: string,
    readonly key: string,
  ) {}

  /** Throws, in one line, where the files cannot be read, or the key is not that of the certificate. */
  read(): Certificate {
    const changedAt = this.changedAt();
    const certificate = {
      cert: readFileSync(this.cert, 'utf8'),
      key: readFileSync(this.key, 'utf8'),
    };
    createSecureContext(certificate);
    this.readAt = changedAt;
    return certificate;
  }

  /**
   * Calls `use` with what the files have whenever they have changed, until the returned function is called.
   *
   * @param onProblem told why what is there by now is of no use: the one before stays
   */
  watch(
    use: (certificate: Certificate) => void,
    onProblem: (reason: string) => void,
    everyMs = LOOK_EVERY_MS,
  ): () => void {
    const timer = setInterval(() => {
      try {
        if (this.changedAt() !== this.readAt) use(this.read());
      } catch (error) {
        // It may be that only one of the two is written yet.
        onProblem(reasonOf(error));
      }
    }, everyMs).unref();
    return () => clearInterval(timer);
  }

  private changedAt(): string {
    const of = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return `${of(this.cert)} ${of(this.key)}`;
  }
}
