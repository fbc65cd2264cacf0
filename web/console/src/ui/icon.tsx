const PATHS = {
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4 4l8 8M12 4l-8 8",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  dot: "M8 8h.01",
  clock: "M8 4.5V8l2.5 1.5M8 14A6 6 0 108 2a6 6 0 000 12z",
  warn: "M8 6v3M8 11.2v.01M7.1 2.7L1.8 12a1 1 0 00.9 1.5h10.6a1 1 0 00.9-1.5L8.9 2.7a1 1 0 00-1.8 0z",
  sun: "M8 11a3 3 0 100-6 3 3 0 000 6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7",
  moon: "M13 9.5A5.5 5.5 0 116.5 3 4.5 4.5 0 0013 9.5z",
  system: "M2.5 3.5h11v7h-11zM6 13h4M8 10.5V13",
  file: "M4 1.8h5L12.5 5v9.2H4zM9 1.8V5h3.5",
  upload: "M8 10.5V3M5 5.7L8 2.8l3 2.9M2.8 10.5v2.7h10.4v-2.7",
  download: "M8 3v7.5M5 7.8l3 2.9 3-2.9M2.8 10.5v2.7h10.4v-2.7",
  copy: "M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3",
  arrow: "M3 8h10M9 4l4 4-4 4",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
  image: "M2.5 3h11v10h-11zM2.5 11l3-3 2.5 2.5 2-2 3.5 3.5M10.5 6h.01",
  approx: "M2.5 6.5q2.7-2.5 5.5 0t5.5 0M2.5 10.5q2.7-2.5 5.5 0t5.5 0",
  eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 9.8a1.8 1.8 0 100-3.6 1.8 1.8 0 000 3.6z",
  again: "M13 3v3.5H9.5M13 6.5A5.3 5.3 0 108 13.3a5.3 5.3 0 004.7-2.8",
  trash: "M2.8 4.2h10.4M6 4V2.5h4V4M4.2 4.2l.6 9.3h6.4l.6-9.3",
  stop: "M4.5 4.5h7v7h-7z",
  out: "M6 2.8H2.8v10.4H6M7 8h6.5M10.8 5L13.7 8l-2.9 3",
  help: "M6.2 6.2A1.9 1.9 0 018 4.8c1.1 0 1.9.7 1.9 1.7 0 1.4-1.9 1.5-1.9 2.9M8 11.4v.01M8 14A6 6 0 108 2a6 6 0 000 12z",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside words; where it stands alone, what it is in has a label. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
