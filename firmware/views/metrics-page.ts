import type { ViewSettings } from '../configuration/views.ts';
import type { Metrics } from '../io/metrics.ts';
import type { AlarmViews } from '../machines/alarms.ts';
import type { NodeStatus } from '../status.ts';
import type { ViewPart } from './part.ts';

export interface MetricsPageOptions {
  readonly settings: ViewSettings;
  readonly classes: readonly string[];
  readonly about: { readonly version: string; readonly board: string; readonly model: string };
  readonly status: () => NodeStatus;
  readonly alarms: () => AlarmViews;
  readonly notice: (text: string) => void;
}

/** `/metrics` for Prometheus, and `/healthz` for whoever restarts things. @throws NodeError of `serveHttp` */
export const openMetricsPage = async (options: MetricsPageOptions): Promise<ViewPart> => {
  const { settings, classes, about, status, alarms } = options;
  if (settings.metrics === null) return {};
  const [{ createMetrics }, { serveHttp }] = await Promise.all([import('../io/metrics.ts'), import('../io/http.ts')]);
  const metrics: Metrics = createMetrics({ status, alarms, about });
  const server = await serveHttp(settings.metrics, {
    '/metrics': async () => ({ status: 200, type: metrics.contentType, text: await metrics.text() }),
    '/healthz': async () => {
      const { health } = status();
      const well = Object.keys(health).length === 0;
      const text = `${JSON.stringify({ health: well ? 'ok' : 'problem', troubles: health })}\n`;
      return { status: well ? 200 : 503, type: 'application/json', text };
    },
  });
  options.notice(`metrics at ${server.url}/metrics`);
  return {
    decided: ({ valid, label, latencyUs }) => metrics.decided(valid ? (classes[label] ?? null) : null, latencyUs),
    close: () => server.close(),
  };
};
