/** Times are whole parts of a ms: adding and subtracting a clock's offset is exact, and a timer is never early. */
const GRID = 1_024;

/** Virtual time: what is due next, and in the order it was asked for when two things are due at once. */
export class EventQueue {
  now = 0;
  private readonly heap: { readonly at: number; readonly serial: number; readonly run: () => void }[] = [];
  private serial = 0;

  /** @param at ms; what is past is due now */
  at(at: number, run: () => void): void {
    this.push({ at: Math.ceil(Math.max(at, this.now) * GRID) / GRID, serial: this.serial++, run });
  }

  /** Runs everything up to `end`, ms, and stands there then. */
  runUntil(end: number): void {
    for (let first = this.heap[0]; first !== undefined && first.at <= end; first = this.heap[0]) {
      this.pop();
      this.now = first.at;
      first.run();
    }
    this.now = end;
  }

  private push(event: (typeof this.heap)[number]): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: { at: number; serial: number }, b: { at: number; serial: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.serial < b.serial);
}
