interface Page {
  next_cursor?: string;
}

/** The pages of a list that the server gives in pages, one after the other. @param read the one behind `cursor` */
export async function* pagesOf<T extends Page>(
  read: (cursor: string | undefined) => Promise<T>,
): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    yield page;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
}
