// MQTT 3.1.1 in bytes, as little as load needs: a client library would cost more than the broker that is measured.
import { connect } from 'node:net';

const text = (value) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
};

const packet = (head, ...parts) => {
  const body = Buffer.concat(parts);
  const length = [];
  let rest = body.length;
  do {
    length.push((rest % 128) | (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([head, ...length]), body]);
};

const two = (number) => Buffer.of(number >> 8, number & 255);

export const publishBytes = (topic, payload, qos, id) =>
  packet(0x30 | (qos << 1), text(topic), qos > 0 ? two(id) : Buffer.alloc(0), payload);

/** Calls `heard(type, qos, body)` for every whole packet. */
const parse = (socket, heard) => {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      let [length, scale, head] = [0, 1, at + 1];
      while (head < bytes.length && bytes[head] >= 128) {
        length += (bytes[head++] & 127) * scale;
        scale *= 128;
      }
      if (head >= bytes.length) break;
      length += bytes[head++] * scale;
      if (head + length > bytes.length) break;
      heard(bytes[at] >> 4, (bytes[at] >> 1) & 3, bytes.subarray(head, head + length));
      at = head + length;
    }
    rest = bytes.subarray(at);
  });
};

/** @returns connected client; `onMessage(payload)` for every PUBLISH, which it acknowledges; `onAck()` for a PUBACK */
export const rawClient = async (port, id, { clean = true } = {}) => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  const waiting = [];
  const client = {
    socket,
    onMessage: () => {},
    onAck: () => {},
    publish: (topic, payload, qos, messageId) => socket.write(publishBytes(topic, payload, qos, messageId)),
    subscribe: (filter, qos) => {
      socket.write(packet(0x82, two(1), text(filter), Buffer.of(qos)));
      return new Promise((resolve) => waiting.push(resolve));
    },
    end: () => socket.end(Buffer.of(0xe0, 0)),
  };
  let acks = [];
  const flush = () => {
    socket.write(Buffer.concat(acks));
    acks = [];
  };
  parse(socket, (type, qos, body) => {
    if (type === 4) client.onAck();
    else if (type === 3) {
      const topicEnd = 2 + body.readUInt16BE(0);
      if (qos > 0) {
        if (acks.length === 0) setImmediate(flush);
        acks.push(Buffer.from([0x40, 2, body[topicEnd], body[topicEnd + 1]]));
      }
      client.onMessage(body.subarray(topicEnd + (qos > 0 ? 2 : 0)));
    } else waiting.shift()?.();
  });
  socket.write(packet(0x10, text('MQTT'), Buffer.of(4, clean ? 2 : 0, 0, 0), text(id)));
  await new Promise((resolve) => waiting.push(resolve));
  return client;
};
