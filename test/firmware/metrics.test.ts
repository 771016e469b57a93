import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { serveHttp } from '../../firmware/io/http.ts';
import { createMetrics } from '../../firmware/io/metrics.ts';
import type { NodeStatus } from '../../firmware/status.ts';
import { NO_DRIFT } from '../../kernels/learning/drift-episodes.ts';

const status = (change: Partial<NodeStatus> = {}): NodeStatus => ({
  ...{ node: 'press', uptimeMs: 61_500, windows: 18, invalid: 1, dropped: 2, scored: 9, published: 17, unpublished: 1 },
  ...{ firstDecisionMs: 200, decision: 'worn', confidence: 0.9, drift: 0.25, latencyUs: { p50: 85, p99: 200 } },
  episode: NO_DRIFT,
  ...{ rssBytes: 1e8, labels: 2, rejected: { conflict: 3 }, workerRestarts: 0 },
  ...{ counters: { outboxDropped: 4 }, health: { storage: 'disk full' } },
  experts: {
    frozen: { accuracy: null, secondHalf: null, weight: 0.25 },
    mixture: { accuracy: 0.75, secondHalf: null, weight: 1 },
  },
  ...change,
});
const about = { version: '1.2.3', board: 'pc', model: 'say "hi"\\\n.tflite' };
const alarms = () => ({ worn: { state: 'latched' as const, acknowledged: false, since: 0 } });

/** Samples of the text format 0.0.4, by name and labels; everything that breaks its grammar throws. */
const samplesOf = (text: string): Map<string, number> => {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  assert.ok(text.endsWith('\n'), 'the last line must end');
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (type !== null) {
      assert.not.ok(typed.has(type[1]!), `${type[1]} is typed twice`);
      typed.add(type[1]!);
      continue;
    }
    const label = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
    const sample = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{${label}(?:,${label})*,?\\})? (\\S+)$`).exec(line);
    assert.ok(sample !== null, `not a sample: ${line}`);
    samples.set(`${sample[1]}${sample[2] ?? ''}`, Number(sample[3]));
  }
  return samples;
};

const metrics = suite('metrics');

metrics('every figure in the text format, names by convention', async () => {
  const of = createMetrics({ status, alarms, about });
  of.decided('worn', 85);
  of.decided('worn', 3_000);
  of.decided(null, 100);
  const samples = samplesOf(await of.text());
  const expected: Record<string, number> = {
    ...{ 'myrmex_decisions_total{class="worn"}': 2, 'myrmex_decisions_total{class="none"}': 1 },
    myrmex_decision_latency_seconds_count: 3,
    'myrmex_decision_latency_seconds_bucket{le="0.0001"}': 2,
    'myrmex_decision_latency_seconds_bucket{le="+Inf"}': 3,
    ...{ myrmex_windows_total: 18, myrmex_windows_invalid_total: 1, myrmex_windows_dropped_total: 2 },
    ...{ 'myrmex_labels_total{status="stored"}': 2, 'myrmex_labels_total{status="conflict"}': 3 },
    ...{ 'myrmex_expert_weight{expert="frozen"}': 0.25, 'myrmex_expert_accuracy{expert="mixture"}': 0.75 },
    ...{ 'myrmex_vital{name="outboxDropped"}': 4, 'myrmex_trouble{name="storage"}': 1, myrmex_healthy: 0 },
    ...{ 'myrmex_alarm{alarm="worn"}': 1, myrmex_uptime_seconds: 61.5, myrmex_resident_memory_bytes: 1e8 },
    'myrmex_build_info{version="1.2.3",board="pc",model="say \\"hi\\"\\\\\\n.tflite"}': 1,
  };
  for (const [name, value] of Object.entries(expected)) assert.is(samples.get(name), value, name);
  assert.not.ok(samples.has('myrmex_expert_accuracy{expert="frozen"}'), 'nobody knows yet');
});

metrics('values of a regressor and the score of an anomaly model are there when the model gives them', async () => {
  const of = (change: Partial<NodeStatus>) => createMetrics({ status: () => status(change), alarms, about });
  const regressor = samplesOf(await of({ values: { flow: 2.5, temperature: -4 } }).text());
  assert.is(regressor.get('myrmex_value{output="temperature"}'), -4);
  assert.not.ok([...regressor.keys()].some((name) => name.startsWith('myrmex_anomaly')));
  const anomaly = samplesOf(await of({ score: 0.75, threshold: 0.5 }).text());
  assert.is(anomaly.get('myrmex_anomaly{figure="score"}'), 0.75);
  assert.is(anomaly.get('myrmex_anomaly{figure="threshold"}'), 0.5);
});

metrics('what is over is gone at the next scrape, and scraping twice counts nothing twice', async () => {
  let now = status();
  const of = createMetrics({ status: () => now, alarms, about });
  await of.text();
  now = status({ health: {}, rejected: {} });
  const samples = samplesOf(await of.text());
  assert.not.ok([...samples.keys()].some((name) => name.startsWith('myrmex_trouble{')));
  assert.is(samples.get('myrmex_healthy'), 1);
  assert.is(samples.get('myrmex_windows_total'), 18);
  assert.not.ok(samples.has('myrmex_labels_total{status="conflict"}'));
});
metrics.run();

const pages = {
  '/metrics': async () => ({ status: 200, type: 'text/plain; version=0.0.4', text: 'a 1\n' }),
  '/healthz': async () => ({ status: 503, type: 'application/json', text: '{}\n' }),
};

/** Status, allowed methods and body of one request. */
const ask = (port: number, method: string, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', method, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve(`${response.statusCode} ${response.headers.allow ?? ''} ${text}`));
    });
    asked.on('error', reject);
    asked.end();
  });

const http = suite('metrics over HTTP');

http('GET and HEAD of what is there; everything else is refused', async () => {
  const server = await serveHttp({ host: '127.0.0.1', port: 0 }, pages);
  assert.is(await ask(server.port, 'GET', '/metrics'), '200  a 1\n');
  assert.is(await ask(server.port, 'GET', '/metrics?x=1'), '200  a 1\n');
  assert.is(await ask(server.port, 'HEAD', '/metrics'), '200  ');
  assert.is(await ask(server.port, 'GET', '/healthz'), '503  {}\n');
  assert.match(await ask(server.port, 'POST', '/metrics'), /^405 GET, HEAD /);
  for (const path of ['/', '/../etc/passwd', '/toString', '/__proto__', '//metrics']) {
    assert.match(await ask(server.port, 'GET', path), /^404 /, path);
  }
  await server.close();
});

/** Whether the server ends a raw connection, and what it said before. */
const raw = async (port: number, write: string): Promise<string> => {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  socket.on('error', () => {});
  socket.write(write);
  // Not `once`, which rejects when the connection is reset.
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
};

http('hostile clients: headers without end, half a request, no HTTP, too many at once', async () => {
  const server = await serveHttp({ host: '127.0.0.1', port: 0 }, pages, 200);
  assert.match(await raw(server.port, `GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(10_000)}`), /431/);
  assert.match(await raw(server.port, 'nonsense\r\n\r\n'), /400/);
  assert.match(await raw(server.port, 'GET /metrics HTTP/1.1\r\nHost: '), /408/);
  const idle = Array.from({ length: 16 }, () => connect(server.port, '127.0.0.1').on('error', () => {}));
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  assert.is(await raw(server.port, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'), '');
  for (const socket of idle) socket.destroy();
  await server.close();
});

http('a port in use is said, with what to do', async () => {
  const server = await serveHttp({ host: '127.0.0.1', port: 0 }, pages);
  try {
    await serveHttp({ host: '127.0.0.1', port: server.port }, pages);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /port \d+ is in use.*views\/metrics\/port/);
  }
  await server.close();
});
http.run();
