// The far end of ring-mailbox.test.ts: sends numbered letters as fast as the box takes them, then one that says so.
import { workerData } from 'node:worker_threads';
import { Doorbell } from '../../kernels/doorbell.ts';
import { type Mailbox, Outbox } from '../../kernels/mailbox.ts';

const { box, bell: bellMemory, letters } = workerData as { box: Mailbox; bell: SharedArrayBuffer; letters: number };
const bell = new Doorbell(bellMemory);
const outbox = new Outbox(box);

for (let n = 0; n < letters; ) {
  const letter = outbox.next();
  if (letter === null) continue;
  letter.kind[0] = n + 1 === letters ? 2 : 1;
  letter.doubles.fill(n);
  letter.words.fill(n);
  letter.singles.fill(n);
  outbox.send();
  bell.ring();
  n++;
}
