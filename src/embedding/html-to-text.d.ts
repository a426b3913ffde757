/** The part of html-to-text 10 that is used here; the package carries no types of its own. */
declare module 'html-to-text' {
  export interface Selector {
    selector: string;
    format?: string;
    options?: Record<string, unknown>;
  }
  export interface Options {
    wordwrap?: number | false;
    limits?: { maxDepth?: number; maxChildNodes?: number; ellipsis?: string };
    selectors?: Selector[];
  }
  export function compile(options: Options): (html: string) => string;
}
