export * from './node';
export { adapterBatch } from './adapter-batch';
export { adapterMany } from './adapter-many';
