import { useEffect, useId, useRef, useState } from "preact/hooks";
import { TASKS, type Task } from "../../api/types";
import { type Column, ticks } from "./series";

interface Props {
  title: string;
  /** All of it, in words. */
  total: string;
  columns: readonly Column[];
  /** The upper ends of thin lines over the bars; bars stand side by side then, else one on the other. */
  ends?: readonly Column[];
  format: (value: number) => string;
  /** The same, short enough for the scale. */
  short?: (value: number) => string;
  /** What two lines of the scale are apart at least. */
  least?: number;
}

const HEIGHT = 190;
const LEFT = 54;
const BOTTOM = 22;
const TOP = 8;
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

function dayName(day: string): string {
  return DAY.format(new Date(`${day}T00:00:00Z`));
}

/** Bars by day and task, with the same figures as a table. */
export function Plot(props: Props) {
  const { title, total, columns, ends, format } = props;
  const [table, setTable] = useState(false);
  const id = useId();
  return (
    <figure class="card stack plot" aria-labelledby={id}>
      <figcaption>
        <div>
          <h2 id={id}>{title}</h2>
          <p class="muted small number">{total}</p>
        </div>
        <button type="button" class="button small" aria-pressed={table} onClick={() => setTable(!table)}>
          {table ? "Show as plot" : "Show as table"}
          <span class="hidden">: {title}</span>
        </button>
      </figcaption>
      {table ? (
        <Table columns={columns} {...(ends ? { ends } : {})} format={format} title={title} />
      ) : (
        <Bars {...props} />
      )}
    </figure>
  );
}

function Bars({ title, total, columns, ends, format, short, least }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => {
    const watched = frame.current;
    if (!watched) {
      return;
    }
    const observer = new ResizeObserver(() => setWidth(Math.max(220, watched.clientWidth)));
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);
  const heights = (ends ?? columns).map(({ values }) =>
    ends ? Math.max(...TASKS.map((task) => values[task])) : sum(values),
  );
  const scale = ticks(Math.max(0, ...heights), least);
  const most = scale.at(-1) || 1;
  const inner = { width: width - LEFT - 4, height: HEIGHT - TOP - BOTTOM };
  const slot = inner.width / Math.max(1, columns.length);
  const y = (value: number) => TOP + inner.height * (1 - value / most);
  const every = Math.ceil(columns.length / Math.max(2, Math.floor(inner.width / 64)));
  const point = (event: PointerEvent) => {
    const left = event.clientX - (frame.current?.getBoundingClientRect().left ?? 0) - LEFT;
    const index = Math.floor(left / slot);
    setAt(index >= 0 && index < columns.length ? index : null);
  };
  return (
    <div class="plot-frame" ref={frame} onPointerMove={point} onPointerLeave={() => setAt(null)}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`${title}: ${total}. The table has every figure.`}
      >
        {scale.map((value) => (
          <g key={value}>
            <line x1={LEFT} x2={width - 4} y1={y(value)} y2={y(value)} class="plot-line" />
            <text x={LEFT - 8} y={y(value) + 4} text-anchor="end" class="plot-text">
              {(short ?? format)(value)}
            </text>
          </g>
        ))}
        {at === null ? null : (
          <rect x={LEFT + at * slot} y={TOP} width={slot} height={inner.height} class="plot-over" />
        )}
        {columns.map((column, index) => (
          <g key={column.day}>
            {ends ? (
              <Side column={column} end={ends[index]} left={LEFT + index * slot} slot={slot} y={y} />
            ) : (
              <Stacked column={column} left={LEFT + index * slot} slot={slot} y={y} />
            )}
            {index % every === 0 ? (
              <text x={LEFT + (index + 0.5) * slot} y={HEIGHT - 5} text-anchor="middle" class="plot-text">
                {dayName(column.day)}
              </text>
            ) : null}
          </g>
        ))}
      </svg>
      {at === null ? null : (
        <Tip
          column={columns[at]}
          end={ends?.[at]}
          format={format}
          left={LEFT + (at + 0.5) * slot}
          width={width}
        />
      )}
    </div>
  );
}

interface BarsAt {
  column: Column;
  left: number;
  slot: number;
  y: (value: number) => number;
}

function Stacked({ column, left, slot, y }: BarsAt) {
  const thick = Math.max(1, Math.min(28, slot * 0.7));
  let below = 0;
  return (
    <>
      {TASKS.map((task) => {
        const from = below;
        below += column.values[task];
        const height = y(from) - y(below);
        return height > 0 ? (
          <rect
            key={task}
            class={`bar-${task}`}
            x={left + (slot - thick) / 2}
            y={y(below)}
            width={thick}
            height={height}
          />
        ) : null;
      })}
    </>
  );
}

/** A dot at the median, and a line up to the slowest twentieth. */
function Side({ column, end, left, slot, y }: BarsAt & { end: Column | undefined }) {
  return (
    <>
      {TASKS.map((task, index) => {
        const x = left + (slot * (index + 1)) / (TASKS.length + 1);
        const value = column.values[task];
        const most = Math.max(value, end?.values[task] ?? 0);
        return most > 0 ? (
          <g key={task} class={`dot-${task}`}>
            <line x1={x} x2={x} y1={y(value)} y2={y(most)} stroke-width="2" />
            <circle cx={x} cy={y(value)} r={Math.min(4, Math.max(2, slot / 8))} />
          </g>
        ) : null;
      })}
    </>
  );
}

function Tip(props: {
  column: Column | undefined;
  end: Column | undefined;
  format: Props["format"];
  left: number;
  width: number;
}) {
  const { column, end, format, left, width } = props;
  if (!column) {
    return null;
  }
  const side = left > width / 2 ? { right: `${width - left + 10}px` } : { left: `${left + 10}px` };
  return (
    <div class="tip" style={side} aria-hidden="true">
      <strong>{dayName(column.day)}</strong>
      {TASKS.map((task) => (
        <span class="row apart" key={task}>
          <Key task={task} />
          <span class="number">
            {format(column.values[task])}
            {end ? ` – ${format(end.values[task])}` : ""}
          </span>
        </span>
      ))}
    </div>
  );
}

export function Key({ task }: { task: Task }) {
  return (
    <span class="plot-key">
      <svg width="10" height="10" aria-hidden="true">
        <rect width="10" height="10" rx="2" class={`bar-${task}`} />
      </svg>
      {task}
    </span>
  );
}

function Table({ title, columns, ends, format }: Pick<Props, "title" | "columns" | "ends" | "format">) {
  const lines = columns
    .map((column, index) => ({ column, end: ends?.[index] }))
    .filter(({ column, end }) => {
      return sum(column.values) + (end ? sum(end.values) : 0) > 0;
    });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="scroll plot-table" tabIndex={0} aria-label={`${title} by day`}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Day</th>
            {TASKS.map((task) => (
              <th scope="col" class="right" key={task}>
                {task}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ column, end }) => (
            <tr key={column.day}>
              <th scope="row">{column.day}</th>
              {TASKS.map((task) => (
                <td class="right" key={task}>
                  {format(column.values[task])}
                  {end ? ` – ${format(end.values[task])}` : ""}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function sum(values: Column["values"]): number {
  return TASKS.reduce((all, task) => all + values[task], 0);
}
