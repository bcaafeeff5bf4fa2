import { make } from "../common.js";
import Chart from "../vendor/chart.umd.min.js";

/**
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ outcomes: Record<string, number[]>, queue: Record<string, number[]>, durations: Record<string, Point[]>, errors: Record<string, number> }} Traits
 * @typedef {import("../common.js").Model<Traits>} Model
 * @typedef {import("chart.js").ChartConfiguration<any, any, any>} Config
 * @typedef {(data: import("chart.js").ChartData<any, any[], any>) => string[]} Words
 * @typedef {{ title: string, trait: keyof Traits, words: Words, config: Config, read: (model: Model) => { labels?: string[], points: any[][] } }} Kind
 */

const INK = "#7d838c"; // readable on light and dark backgrounds
const GRID = "rgba(125, 131, 140, 0.22)";
const GREEN = "#2f9e6e", ORANGE = "#d9822b", RED = "#cf4a4a", GREY = "#8a8f98", BLUE = "#3d7be0";
const DAY_MS = 86_400_000;

/** @param {object} [more] */
const axis = (more) => ({ grid: { color: GRID }, border: { display: false }, ticks: { color: INK, maxRotation: 0, autoSkipPadding: 16, precision: 0 }, ...more });
const COUNT = axis({ beginAtZero: true });

/** @param {...[string, string]} series  names and colours */
const bars = (...series) => series.map(([label, color]) => ({ label, backgroundColor: color, data: [] }));

/**
 * @param {boolean | "middle"} stepped
 * @param {boolean} fill
 * @param {...[string, string]} series  names and colours
 */
const lines = (stepped, fill, ...series) =>
  series.map(([label, color]) => ({ label, borderColor: color, backgroundColor: `${color}33`, borderWidth: 2, pointRadius: 0, stepped, fill, data: [] }));

/** @param {number[]} times */
function timeLabels(times) {
  const isLong = times.length > 1 && times[times.length - 1] - times[0] > DAY_MS;
  /** @type {Intl.DateTimeFormatOptions} */
  const parts = isLong ? { month: "short", day: "numeric", hour: "2-digit" } : { hour: "2-digit", minute: "2-digit" };
  const format = new Intl.DateTimeFormat(undefined, parts);
  return times.map((time) => format.format(time));
}

/** @param {Record<string, number[]>} series */
function overTime({ at, ...counts }, /** @type {string[]} */ ...names) {
  return { labels: timeLabels(at ?? []), points: names.map((name) => counts[name] ?? []) };
}

/** Labels of powers of ten alone. @param {number} value */
const powerOfTen = (value) => (Math.abs(Math.log10(value) % 1) < 1e-6 ? String(Number(value.toPrecision(1))) : null);

// what a screen reader says of a chart
/** @type {Words} */
const totals = ({ datasets }) => datasets.map(({ label, data }) => `${label} ${data.reduce((/** @type {number} */ sum, /** @type {any} */ point) => sum + (point.y ?? point), 0)}`);
/** @type {Words} */
const latest = ({ datasets }) => datasets.map(({ label, data }) => `${label} ${data.at(-1) ?? 0}`);
/** @type {Words} */
const each = ({ labels = [], datasets: [{ data }] }) => labels.map((label, number) => `${label} ${data[number]}`);

/** @type {Kind[]} */
const KINDS = [
  {
    title: "Finished jobs",
    trait: "outcomes",
    words: totals,
    config: {
      type: "bar",
      data: { datasets: bars(["Succeeded", GREEN], ["Failed", ORANGE], ["Failed for good", RED], ["Cancelled", GREY]) },
      options: { scales: { x: axis({ stacked: true }), y: { ...COUNT, stacked: true } } },
    },
    read: (model) => overTime(model.get("outcomes"), "succeeded", "failed", "dead", "cancelled"),
  },
  {
    title: "Queue since this page opened",
    trait: "queue",
    words: latest,
    config: { type: "line", data: { datasets: lines(true, false, ["Waiting", ORANGE], ["Running", BLUE]) }, options: { scales: { x: axis(), y: COUNT } } },
    read: (model) => overTime(model.get("queue"), "due", "running"),
  },
  {
    title: "Job durations",
    trait: "durations",
    words: totals,
    config: {
      type: "line",
      data: { datasets: lines("middle", true, ["Conversion time", BLUE], ["Time in queue", ORANGE]) },
      options: {
        interaction: { mode: "nearest", axis: "x", intersect: false },
        plugins: { tooltip: { callbacks: { title: (/** @type {any[]} */ [{ parsed }]) => `${Number(parsed.x.toPrecision(2))} s` } } },
        scales: { x: axis({ type: "logarithmic", title: { display: true, text: "seconds", color: INK }, ticks: { color: INK, maxRotation: 0, callback: powerOfTen } }), y: COUNT },
      },
    },
    read: (model) => ({ points: ["converting", "waiting"].map((name) => model.get("durations")[name] ?? []) }),
  },
  {
    title: "Errors",
    trait: "errors",
    words: each,
    config: {
      type: "bar",
      data: { datasets: bars(["Jobs", ORANGE]) },
      options: { indexAxis: "y", plugins: { legend: { display: false } }, scales: { x: COUNT, y: axis() } },
    },
    read: (model) => ({ labels: Object.keys(model.get("errors")), points: [Object.values(model.get("errors"))] }),
  },
];

/**
 * @param {Model} model
 * @param {HTMLElement} el
 * @param {Kind} kind
 */
function draw(model, el, { title, trait, words, config, read }) {
  const canvas = make("canvas", { role: "img" });
  el.append(make("figure", { class: "gifapp-charts__chart" }, make("figcaption", { class: "gifapp-charts__title", text: title }), make("div", { class: "gifapp-charts__canvas" }, canvas)));
  const common = { animation: false, maintainAspectRatio: false, interaction: { mode: "index", intersect: false } };
  const legend = { align: "end", labels: { color: INK, boxWidth: 12, boxHeight: 12 } };
  const options = { ...common, ...config.options, plugins: { legend, ...config.options.plugins } };
  Chart.defaults.font.family = getComputedStyle(el).fontFamily;
  const chart = new Chart(canvas, { type: config.type, data: structuredClone(config.data), options });
  const show = () => {
    const { labels, points } = read(model);
    chart.data.labels = labels;
    chart.data.datasets.forEach((series, number) => (series.data = points[number]));
    chart.update();
    canvas.setAttribute("aria-label", `${title}: ${words(chart.data).join(", ") || "none"}`);
  };
  show();
  model.on(`change:${trait}`, show);
  return () => {
    model.off(`change:${trait}`, show);
    chart.destroy();
  };
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  el.classList.add("gifapp-charts");
  const ends = KINDS.map((kind) => draw(model, el, kind));
  return () => ends.forEach((end) => end());
}

export default { render };
