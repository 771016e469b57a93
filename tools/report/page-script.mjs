// Runs in the page: draws the curves of a node with uPlot when its section is opened. A classic script without imports;
// what it draws also stands in the page's tables.
{
  const { charts } = JSON.parse(document.getElementById('data').textContent);
  const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 2], [1, 4]];
  const drawn = new Map();

  const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  /** Where segments begin, and the stretches of drift, behind the curves. */
  const marks = ({ segments, episodes }) => ({
    hooks: {
      drawClear: (plot) => {
        const { ctx, bbox } = plot;
        const x = (value) => Math.round(plot.valToPos(value, 'x', true));
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
        ctx.clip();
        ctx.fillStyle = colourOf('episode');
        for (const [from, to] of episodes) ctx.fillRect(x(from), bbox.top, Math.max(2, x(to) - x(from)), bbox.height);
        ctx.fillStyle = colourOf('border');
        for (const at of segments) ctx.fillRect(x(at), bbox.top, devicePixelRatio, bbox.height);
        ctx.restore();
      },
    },
  });

  const draw = (box) => {
    const chart = charts[Number(box.dataset.chart)];
    const axis = { stroke: colourOf('text'), grid: { stroke: colourOf('grid') }, ticks: { stroke: colourOf('grid') } };
    const range = chart.share ? { range: [0, 1] } : {};
    const series = chart.names.map((label, at) => ({
      ...{
        label,
        stroke: colourOf(`series${at % 8}`),
        dash: dashes[at % dashes.length],
        width: label === 'mixture' ? 2.5 : 1.4,
      },
      ...{ points: { show: chart.x.length < 30 }, spanGaps: true, value: (_plot, value) => value ?? '–' },
    }));
    const width = Math.max(280, box.clientWidth);
    const options = {
      ...{ width, height: 240, scales: { x: { time: false }, y: range }, axes: [axis, { ...axis, size: 56 }] },
      ...{ series: [{ label: 'window' }, ...series], cursor: { sync: { key: box.dataset.node } } },
      plugins: [marks(chart)],
    };
    drawn.get(box)?.destroy();
    box.textContent = '';
    drawn.set(box, new uPlot(options, [chart.x, ...chart.y], box));
    document.documentElement.dataset.drawn = drawn.size;
  };

  const drawNode = (details) => {
    for (const box of details.querySelectorAll('[data-chart]')) if (!drawn.has(box)) draw(box);
  };

  for (const details of document.querySelectorAll('details.node')) {
    details.addEventListener('toggle', () => details.open && drawNode(details));
    if (details.open) drawNode(details);
  }
  const again = () => [...drawn.keys()].forEach(draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  let due;
  addEventListener('resize', () => {
    clearTimeout(due);
    due = setTimeout(again, 150);
  });
}
