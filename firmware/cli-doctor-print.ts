import { examine } from './cli-doctor-examine.ts';
import { machineFacts } from './io/doctor/machine.ts';

const WORDS = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' } as const;

/** `myrmex doctor`: one line per thing looked at; exit code 1 when the node could not run. */
export const printExamination = async (path: string | undefined, json: boolean): Promise<void> => {
  const findings = await examine(path, process.env, await machineFacts());
  const failures = findings.filter(({ verdict }) => verdict === 'fail').length;
  const warnings = findings.filter(({ verdict }) => verdict === 'warn').length;
  if (failures > 0) process.exitCode = 1;
  if (json) {
    process.stdout.write(`${JSON.stringify({ kind: 'doctor', ok: failures === 0, failures, warnings, findings })}\n`);
    return;
  }
  for (const { check, verdict, text } of findings) {
    process.stdout.write(`${WORDS[verdict]}  ${check.padEnd(13)}  ${text}\n`);
  }
  process.stdout.write(`${failures} to mend, ${warnings} to think about\n`);
};
