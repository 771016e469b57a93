import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

const isTime = (text: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text);

/** What a schema of docs/schema says against a value; null when it says nothing. */
export const schemaFaults = (name: 'decision' | 'state' | 'alarm', value: unknown): unknown => {
  const path = new URL(`../../docs/schema/${name}.schema.json`, import.meta.url);
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, formats: { 'date-time': isTime } });
  const validate = ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object);
  return validate(value) ? null : validate.errors;
};
