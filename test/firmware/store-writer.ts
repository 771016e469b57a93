import { openStore } from '../../firmware/io/store.ts';

/**
 * A process that writes labels as fast as it can until it is killed, and says each one that it believes to be on disk
 * (`stored <window> <sequence> <label>`) or covered by a snapshot (`snapshot <newest sequence>`).
 */
const [directory, model, slots] = process.argv.slice(2);
const store = await openStore(directory!, { model: model! });
const { journal } = await store.load();
let sequence = (journal.at(-1)?.sequence ?? -1) + 1;

/** A pipe is written synchronously: what was said before the kill has been said. */
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

for (let index = 0; ; index += 4) {
  const burst = Array.from({ length: 4 }, (_, i) => {
    const entry = {
      slot: sequence % Number(slots),
      sequence: sequence++,
      window: `${store.epoch}-${index + i}`,
      label: (index + i) % 5,
      features: Float32Array.from({ length: 16 }, (_, feature) => index + i + feature),
    };
    return store.putEntry(entry).then(() => say(`stored ${entry.window} ${entry.sequence} ${entry.label}`));
  });
  await Promise.all(burst);
  if (index % 64 === 0) {
    // Stands for the pipeline's: the newest sequence it contains.
    await store.putSnapshot(new TextEncoder().encode(String(sequence - 1)));
    say(`snapshot ${sequence - 1}`);
  }
}
