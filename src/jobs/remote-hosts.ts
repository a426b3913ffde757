import { invalidField, type OmniError } from '../core/errors.js';
import { isPublicAddress, plainAddress } from './public-address.js';

const MAX_URL_CHARACTERS = 2_048;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };
/** What URL parsers repair in silence, each in its own way; who means an address writes it out. */
const REPAIRED =
  /[\s\\\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]/u;

/** One entry of `IMPORT_HOSTS`. */
interface HostEntry {
  protocol: string;
  /** As `URL` writes host names; `*` is any. */
  hostname: string;
  port: string;
}

/** The hosts that an operator lets imports read from. */
export class RemoteHosts {
  private readonly entries: readonly HostEntry[];

  /** Of `IMPORT_HOSTS`: `[http://]HOST[:PORT]` with commas between, `*` for any public host; undefined: none. */
  constructor(setting: string | undefined) {
    this.entries = (setting ?? '').split(',').flatMap((text) => entryOf(text.trim()) ?? []);
  }

  /**
   * `text` as a URL, checked as far as is possible without asking for its addresses. Throws `invalid_field` naming `url` for
   * what is no plain http or https URL of an allowed host and port, or names an address that is not public.
   */
  parse(text: string): URL {
    if (text.length > MAX_URL_CHARACTERS) {
      throw refused(`must have at most ${MAX_URL_CHARACTERS} characters`);
    }
    if (REPAIRED.test(text) || !/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) {
      throw refused('must be an http or https URL');
    }
    const url = new URL(text);
    if (url.username !== '' || url.password !== '')
      throw refused('must not hold a user or password');
    if (!this.entries.some((entry) => holds(entry, url))) {
      throw refused(
        'must be of a host, protocol and port that the operator allowed (IMPORT_HOSTS)',
      );
    }
    if (isAddress(url.hostname) && !this.mayReach(url, bare(url.hostname))) throw notPublic();
    return url;
  }

  /** Whether a connection for `url` may go to `address`: a public one, or one that the operator wrote out for that port. */
  mayReach(url: URL, address: string): boolean {
    if (isPublicAddress(address)) return true;
    const plain = plainAddress(address);
    return this.entries.some(
      (entry) => isOfPort(entry, url) && plainAddress(bare(entry.hostname)) === plain,
    );
  }
}

/** The refusal of a host that leads to where only this machine or its network gets. */
export function notPublic(): OmniError {
  return refused('must be of a host whose addresses are all public');
}

/** A `400` that names the field. */
export function refused(expected: string): OmniError {
  return invalidField('url', expected);
}

/** `[::1]` to `::1`. */
export function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function entryOf(text: string): HostEntry | undefined {
  const protocol = text.startsWith('http://') ? 'http:' : 'https:';
  const rest = text.replace(/^http:\/\//, '');
  // A star is no host name; a name that stands in for it brings the port through the parser.
  const url = `${protocol}//${rest.replace(/^\*/, 'any')}`;
  if (rest === '' || !URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  return {
    protocol,
    hostname: rest.startsWith('*') ? '*' : hostname,
    port: portOf(protocol, port),
  };
}

function holds(entry: HostEntry, url: URL): boolean {
  if (!isOfPort(entry, url)) return false;
  // With a dot at its end a name is the same host under a second spelling, which no list holds.
  if (entry.hostname === '*') return !url.hostname.endsWith('.');
  return entry.hostname === url.hostname;
}

function isOfPort(entry: HostEntry, { protocol, port }: URL): boolean {
  return entry.protocol === protocol && entry.port === portOf(protocol, port);
}

function isAddress(hostname: string): boolean {
  return plainAddress(bare(hostname)) !== undefined;
}

function portOf(protocol: string, port: string): string {
  return port === '' ? (DEFAULT_PORTS[protocol] ?? '') : port;
}
