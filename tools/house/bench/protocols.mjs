// `npm run bench:protocols -- FOLDER [NAME ...]`: the accuracy protocols of the data sets, one line each, with what is
// asked. FOLDER holds the recordings gas.csv, har.csv, cwru.csv and elec.csv (those that are missing are left out); NAME
// chooses among gas, gas05, gas0, har, cwru, elec and zero. Two replays at a time, at low priority.
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureBuilt } from '../build.mjs';
import { root } from '../install.mjs';

const SIDE_BY_SIDE = 2;
const SEEDS = [0, 1, 2, 3, 4];
const SUBJECTS_TRAINED = 6;

const [folder, ...asked] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npm run bench:protocols -- FOLDER [NAME ...]');
const scratch = mkdtempSync(join(tmpdir(), 'myrmex-protocols-'));

/** `myrmexctl …` at low priority; its last line as an object. */
const ctl = (...args) =>
  new Promise((resolve, reject) => {
    const child = spawn('nice', [process.execPath, join(root, 'dist/myrmexctl.js'), ...args, '--json']);
    const text = { out: '', error: '' };
    child.stdout.on('data', (data) => (text.out += data));
    child.stderr.on('data', (data) => (text.error += data));
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text.out.trim().split('\n').at(-1)));
      else reject(new Error(`myrmexctl ${args.join(' ')}: ${text.error}`));
    });
  });

/** Names in the first column, in their order. */
const nodesOf = async (path) => {
  const names = new Set();
  for await (const line of createInterface({ input: createReadStream(path) }))
    names.add(line.slice(0, line.indexOf(',')));
  names.delete('node');
  return [...names];
};

/** Choice 0 is the first six; the others are the first six of a seeded shuffle. */
const chosen = (names, choice) => {
  const shuffled = [...names];
  let state = choice;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  if (choice > 0) {
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
  }
  const trained = shuffled.slice(0, SUBJECTS_TRAINED);
  return { trained, streamed: names.filter((name) => !trained.includes(name)) };
};

/** The first tenth of the rows in a file of their own, and the rest. */
const tenths = (path) => {
  const [head, ...rows] = readFileSync(path, 'utf8').trim().split('\n');
  const border = Math.floor(rows.length / 10);
  const [first, rest] = [join(scratch, 'first.csv'), join(scratch, 'rest.csv')];
  writeFileSync(first, `${[head, ...rows.slice(0, border)].join('\n')}\n`);
  writeFileSync(rest, `${[head, ...rows.slice(border)].join('\n')}\n`);
  return { first, rest };
};

const recording = (name) => join(folder, `${name}.csv`);
const models = new Map();

/** Trains once per name; the file. */
const model = (name, ...args) => {
  if (!models.has(name)) {
    const file = join(scratch, `${name}.tflite`);
    models.set(
      name,
      ctl('train', ...args, '--out', file).then(() => file),
    );
  }
  return models.get(name);
};

const row = ['--window', '1', '--stride', '1'];
const gasModel = (seed) => model(`gas${seed}`, recording('gas'), ...row, '--seed', `${seed}`, '--segments', '1');

const gas = (rate, more = []) =>
  SEEDS.map((seed) => ({
    title: `gas, seed ${seed}, rate ${rate}`,
    needs: 'gas',
    run: async () => {
      const file = await gasModel(seed);
      const stream = ['--segments', '2,3,4,5,6', '--label-rate', `${rate}`, '--seed', `${seed}`];
      return ctl('replay', recording('gas'), '--model', file, ...stream, ...more);
    },
  }));

const har = (rate) =>
  [0, 1, 2].map((choice) => ({
    title: `har, six of choice ${choice}, rate ${rate}`,
    needs: 'har',
    run: async () => {
      const { trained, streamed } = chosen(await nodesOf(recording('har')), choice);
      const windows = ['--window', '128', '--stride', '64', '--seed', '0'];
      const file = await model(`har${choice}`, recording('har'), ...windows, '--nodes', trained.join());
      const stream = ['--nodes', streamed.join(), '--label-rate', `${rate}`, '--baselines', 'repeatLast'];
      return ctl('replay', recording('har'), '--model', file, ...stream);
    },
  }));

const cwru = (rate) => ({
  title: `cwru, rate ${rate}`,
  needs: 'cwru',
  run: async () => {
    const windows = ['--window', '1024', '--stride', '1024', '--seed', '0'];
    const file = await model('cwru', recording('cwru'), ...windows, '--nodes', 'load-1hp');
    const nodes = ['--nodes', 'load-0hp,load-2hp,load-3hp'];
    return ctl('replay', recording('cwru'), '--model', file, ...nodes, '--label-rate', `${rate}`);
  },
});

const elec = (rate) => ({
  title: `elec2, rate ${rate}`,
  needs: 'elec',
  run: async () => {
    const { first, rest } = tenths(recording('elec'));
    const file = await model('elec', first, ...row, '--seed', '0');
    return ctl('replay', rest, '--model', file, '--label-rate', `${rate}`, '--baselines', 'repeatLast');
  },
});

const PROTOCOLS = {
  gas: gas(0.1, ['--baselines', 'full']),
  gas05: gas(0.05),
  gas0: gas(0),
  har: har(0.1),
  cwru: [cwru(0.05)],
  elec: [elec(0.1)],
  zero: [...har(0), cwru(0), elec(0)],
};

const percent = (share) => (share * 100).toFixed(1);

const line = (title, { experts, baselines, calibration, decisionFingerprint }) => {
  const figures = [...Object.entries(experts), ...Object.entries(baselines ?? {})];
  const said = figures.map(([name, { accuracy }]) => `${name} ${percent(accuracy)}`).join(', ');
  const { mixture } = experts;
  const ece = `ECE ${percent(calibration.eceBefore)} -> ${percent(calibration.eceAfter)}`;
  return `${title}: ${said}; worst node ${percent(mixture.worstDelta)}; ${ece}; ${decisionFingerprint}`;
};

await ensureBuilt();
const queue = Object.entries(PROTOCOLS)
  .filter(([name]) => asked.length === 0 || asked.includes(name))
  .flatMap(([, runs]) => runs)
  .filter(({ needs }) => existsSync(recording(needs)));
const work = async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    process.stdout.write(`${line(next.title, await next.run())}\n`);
  }
};
try {
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
