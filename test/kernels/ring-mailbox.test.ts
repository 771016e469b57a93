import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startThread } from '../../firmware/io/thread.ts';
import { Doorbell } from '../../kernels/doorbell.ts';
import { createMailbox, Inbox, Outbox } from '../../kernels/mailbox.ts';

const mailbox = suite('mailbox');
const shape = { capacity: 4, doubles: 1, words: 3, singles: 2 };

mailbox('letters arrive whole and in order, and a full box says so', () => {
  const box = createMailbox(shape);
  const [outbox, inbox] = [new Outbox(box), new Inbox(box)];
  assert.is(inbox.peek(), null);
  for (let n = 0; n < 4; n++) {
    const letter = outbox.next();
    assert.ok(letter);
    letter!.kind[0] = 10 + n;
    letter!.doubles[0] = n / 3;
    letter!.words.set([n, -n, 7]);
    letter!.singles.set([n + 0.5, -1]);
    outbox.send();
  }
  assert.is(outbox.room, 0);
  assert.is(outbox.next(), null);
  for (let n = 0; n < 4; n++) {
    const letter = inbox.peek();
    assert.is(letter!.kind[0], 10 + n);
    assert.is(letter!.doubles[0], n / 3);
    assert.equal([...letter!.words], [n, -n, 7]);
    assert.equal([...letter!.singles], [n + 0.5, -1]);
    inbox.done();
  }
  assert.is(inbox.peek(), null);
  assert.is(outbox.room, 4);
});

mailbox('a letter not yet done is not overwritten', () => {
  const box = createMailbox({ ...shape, capacity: 2 });
  const [outbox, inbox] = [new Outbox(box), new Inbox(box)];
  for (const n of [1, 2]) {
    outbox.next()!.kind[0] = n;
    outbox.send();
  }
  const held = inbox.peek();
  assert.is(outbox.next(), null);
  assert.is(held!.kind[0], 1);
  inbox.done();
  outbox.next()!.kind[0] = 3;
  assert.is(inbox.peek()!.kind[0], 2);
});

mailbox('a capacity that is no power of two is refused', () => {
  for (const capacity of [0, 1, 3, 2.5, 2 ** 17]) {
    assert.throws(() => createMailbox({ ...shape, capacity }), /not a power of two/);
  }
});

mailbox('two threads at full speed: every letter once, whole, in order', async () => {
  const letters = 200_000;
  const box = createMailbox({ capacity: 16, doubles: 3, words: 5, singles: 7 });
  const bellMemory = new SharedArrayBuffer(Doorbell.BYTES);
  const bell = new Doorbell(bellMemory);
  const sender = startThread(new URL('./mailbox-sender.ts', import.meta.url), {
    workerData: { box, bell: bellMemory, letters },
  });
  const inbox = new Inbox(box);
  let wrong = 0;
  // The thread needs this one's event loop to load its modules: wait for the first letter without blocking it.
  while (inbox.peek() === null) await new Promise(setImmediate);
  for (let n = 0; n < letters; ) {
    const count = bell.count();
    const letter = inbox.peek();
    if (letter === null) {
      assert.ok(bell.wait(count, 5_000), 'the sender went silent');
      continue;
    }
    const whole = [letter.doubles, letter.words, letter.singles].every((part) => part.every((value) => value === n));
    if (!whole || letter.kind[0] !== (n + 1 === letters ? 2 : 1)) wrong++;
    inbox.done();
    n++;
  }
  await sender.terminate();
  assert.is(wrong, 0);
  assert.is(inbox.peek(), null);
});

mailbox.run();
