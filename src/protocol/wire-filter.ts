/** The filter as it travels: the syntax tree of `filter/`, which is plain data. */
export type WireFilter = { readonly kind: string } & Readonly<Record<string, unknown>>;
