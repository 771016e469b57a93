import { modelCommand } from '../../tools/commands/model.ts';
import { describeFailure } from '../../tools/errors.ts';

/** `myrmexctl model describe PATH …`: how it failed, null when it did not. */
export const describeCommand =
  (path: string) =>
  async (...flags: string[]): Promise<{ message: string; exitCode: number } | null> => {
    try {
      await modelCommand().parseAsync(['describe', path, ...flags], { from: 'user' });
      return null;
    } catch (error) {
      return describeFailure(error);
    }
  };
