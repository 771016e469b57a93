import { systemClock } from './io/clock.ts';
import type { ServiceManager } from './io/service-manager.ts';
import { ServiceReport } from './machines/service-report.ts';
import type { RunningNode } from './running-node.ts';
import type { NodeStatus } from './status.ts';

const TICK_MS = 1_000;

/** Tells the service manager, if there is one, that the node is ready and lives. Begins at once. */
export const reportToService = (manager: ServiceManager | null, node: RunningNode): { stopping(): Promise<void> } => {
  if (manager === null) return { stopping: () => Promise.resolve() };
  const { monotonicMs } = systemClock();
  const report = new ServiceReport(manager.watchdogMs);
  let sending = false;
  const tick = async (): Promise<void> => {
    if (sending) return;
    const assignments = report.step(monotonicMs(), { silentMs: node.silentMs, status: statusLine(node.status()) });
    if (assignments.length === 0) return;
    sending = true;
    await manager.tell(assignments);
    sending = false;
  };
  const timer = setInterval(() => void tick(), TICK_MS);
  void tick();
  return {
    stopping: () => {
      clearInterval(timer);
      return manager.tell(['STOPPING=1']);
    },
  };
};

/** What `systemctl status` shows. */
const statusLine = ({ windows, dropped, decision, labels, health }: NodeStatus): string => {
  const figures = `${windows} windows, ${dropped} dropped, ${labels} labels learned, now ${decision ?? 'not judged'}`;
  return [figures, ...Object.values(health)].join('; ').slice(0, 500);
};
