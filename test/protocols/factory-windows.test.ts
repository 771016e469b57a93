import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFactoryWindows, type FactoryWindows, parseFactoryWindows } from '../../protocols/factory-windows.ts';

const WINDOWS: FactoryWindows = { labels: Uint8Array.of(0, 2), features: Int8Array.of(-128, 0, 127, 1, 2, -3) };
/** As version 1 was first written. */
const GOLDEN = '0100000002000300' + '0002' + '80007f0102fd';

const factory = suite('factory windows');

factory('are read as they were written, and version 1 opens for ever', () => {
  assert.is(Buffer.from(encodeFactoryWindows(WINDOWS)).toString('hex'), GOLDEN);
  assert.equal(parseFactoryWindows(Buffer.from(GOLDEN, 'hex'), 3, 3), WINDOWS);
  const none = { labels: new Uint8Array(0), features: new Int8Array(0) };
  assert.equal(parseFactoryWindows(encodeFactoryWindows(none), 7, 3), none);
});

factory('whatever is damaged or of another model is refused, saying why', () => {
  const golden = Buffer.from(GOLDEN, 'hex');
  const changed = (at: number, value: number): Uint8Array => Uint8Array.from(golden).fill(value, at, at + 1);
  const refused = (bytes: Uint8Array, why: RegExp, features = 3, classes = 3): void =>
    assert.throws(() => parseFactoryWindows(bytes, features, classes), why);
  for (let length = 0; length < golden.length; length++)
    refused(golden.subarray(0, length), /cut off|long as they say/);
  refused(Buffer.concat([golden, Buffer.alloc(1)]), /long as they say/);
  refused(changed(0, 2), /version 2/);
  refused(changed(5, 255), /at most 1024/);
  refused(changed(4, 3), /long as they say/);
  refused(golden, /3 features, the model takes 4/, 4);
  refused(golden, /a class that the model does not tell apart/, 3, 2);
});

factory.run();
