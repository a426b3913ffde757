import { once } from 'node:events';
import { connect } from 'node:tls';

const LIMIT_MS = 5_000;

/** When the certificate ends that is shown at an https address, milliseconds since 1970; rejects where none is shown in time. */
export async function certificateEnd(url: URL): Promise<number> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || 443);
  // Its end is what is asked for, also where it has ended or is not trusted here.
  const socket = connect({ host, port, servername: host, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(LIMIT_MS) });
    return Date.parse(socket.getPeerCertificate().valid_to);
  } finally {
    socket.destroy();
  }
}
