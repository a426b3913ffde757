/** Values in ascending order, one at a time: `next` goes on to the next, false when there is none. */
export interface SortedStream<V extends string | number> {
  readonly value: V;
  /** The value's number where it comes from. */
  readonly code: number;
  next(): boolean;
}

/** A stream and its place among all. */
export interface Head<V extends string | number> {
  source: number;
  stream: SortedStream<V>;
}

/** Each value of all streams in order, equal ones one behind the other: the stream that stands at it. */
export function* mergeSorted<V extends string | number>(
  streams: readonly SortedStream<V>[],
): Generator<Head<V>> {
  const heap: Head<V>[] = [];
  streams.forEach((stream, source) => {
    if (stream.next()) push(heap, { source, stream });
  });
  for (let head = heap[0]; head !== undefined; head = heap[0]) {
    yield head;
    if (head.stream.next()) sink(heap);
    else pop(heap);
  }
}

/** A binary heap, the least value first. */
function push<V extends string | number>(heap: Head<V>[], head: Head<V>): void {
  let at = heap.push(head) - 1;
  while (at > 0) {
    const parent = (at - 1) >>> 1;
    if ((heap[parent] as Head<V>).stream.value <= head.stream.value) break;
    heap[at] = heap[parent] as Head<V>;
    at = parent;
  }
  heap[at] = head;
}

function pop<V extends string | number>(heap: Head<V>[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  sink(heap);
}

/** The first has grown: brings it to its place. */
function sink<V extends string | number>(heap: Head<V>[]): void {
  const head = heap[0] as Head<V>;
  const { value } = head.stream;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const right = heap[child + 1];
    if (right !== undefined && right.stream.value < (heap[child] as Head<V>).stream.value) {
      child += 1;
    }
    const least = heap[child];
    if (least === undefined || least.stream.value >= value) break;
    heap[at] = least;
    at = child;
  }
  heap[at] = head;
}
