/** What the API answers, as far as the console reads it (GET /openapi.json has all of it). */
export type Task = "summarise" | "extract" | "evaluate";
export type Status = "pending" | "running" | "completed" | "partial" | "failed" | "cancelled";
export type Priority = "standard" | "economy";

export const TASKS: readonly Task[] = ["summarise", "extract", "evaluate"];
export const STATUSES: readonly Status[] = [
  "pending",
  "running",
  "completed",
  "partial",
  "failed",
  "cancelled",
];
export const FINAL: readonly Status[] = ["completed", "partial", "failed", "cancelled"];

export interface Evidence {
  quote: string;
  status: "exact" | "normalised" | "not_found" | "image";
  start: number | null;
  end: number | null;
  page: number | null;
}

export interface Gap {
  start: number;
  end: number;
  reason: string;
  page?: number;
  asked?: string[];
}

export interface Coverage {
  chars: number;
  read: number;
  pages: number | null;
  gaps: Gap[];
}

export interface Warning {
  code: string;
  detail: string;
  [member: string]: unknown;
}

export interface SummariseResult {
  overview: string;
  key_points: { text: string; evidence: Evidence[] }[];
  focus: string | null;
  warnings?: Warning[];
  coverage: Coverage;
}

export interface ExtractResult {
  fields: Record<string, unknown>;
  evidence: Record<string, Evidence[]>;
  units?: Record<string, string>;
  warnings?: Warning[];
  coverage: Coverage;
}

export interface Verdict {
  id: string;
  criterion: string;
  verdict: "pass" | "fail";
  basis: "stated" | "contradicted" | "not_mentioned";
  reasoning: string;
  evidence: Evidence[];
}

export interface EvaluateResult {
  criteria: Verdict[];
  passed: number;
  failed: number;
  warnings?: Warning[];
  coverage: Coverage;
}

export type Result = SummariseResult | ExtractResult | EvaluateResult;

export interface Usage {
  model: string | null;
  calls: number;
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  cost_usd: number;
  unknown_calls: number;
  unknown_cost_usd_at_most: number;
}

export interface JobError {
  code: string;
  message: string;
  retryable: boolean;
  attempts: number;
}

export interface ListedJob {
  job_id: string;
  task: Task;
  status: Status;
  attempt: number;
  priority: Priority;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  waits_for: { document: string; until: string } | null;
  batch: { questions: number; since: string } | null;
  progress: { done: number; total: number | null };
  error: JobError | null;
  metadata: Record<string, unknown>;
  usage: Usage;
  cancel_at: string | null;
}

export interface Job extends ListedJob {
  result: Result | null;
  result_link?: { url: string; expires_s: number };
}

export interface JobList {
  jobs: ListedJob[];
  next_cursor: string | null;
}

export interface DocumentText {
  document_id: string;
  name: string | null;
  media_type: string;
  chars: number | null;
  page_starts: number[] | null;
  image_pages: number[] | null;
  text: string | null;
  text_link?: { url: string; expires_s: number; sha256: string | null };
  original?: {
    url: string;
    media_type: string;
    bytes: number;
    name: string | null;
    expires_at: string | null;
  } | null;
}

export interface Announced {
  document_id: string;
  status: "waiting" | "stored" | "read" | "expired";
  upload: { url: string; method: "PUT"; headers: Record<string, string>; expires_at: string } | null;
}

export interface Ticket {
  job_id: string;
  status: "pending";
  created_at: string;
}

export interface Bounds {
  likely: number;
  most: number;
}

export interface Estimate {
  model: string;
  calls: Bounds;
  input_tokens: Bounds;
  output_tokens: Bounds;
  cost_usd: { likely: number | null; most: number | null };
  basis: string;
}

export interface Attempt {
  attempt: number;
  at: string;
  url: string;
  status_code: number | null;
  duration_ms: number | null;
  error: string | null;
  response_head: string | null;
  replay: boolean;
}

export interface Delivery {
  delivery_id: string;
  webhook_id: string;
  event: string;
  url: string;
  status: "pending" | "delivered" | "exhausted" | "disabled";
  created_at: string;
  completed_at: string | null;
  next_attempt_at: string | null;
  attempts: Attempt[];
}

export interface WebhookSecret {
  secret: string;
  created_at: string;
  expires_at: string | null;
}

export interface WebhookAddress {
  url: string;
  status: "failing" | "disabled";
  reason: "gone" | "failing" | null;
  failing_since: string | null;
  paused_until: string | null;
  disabled_at: string | null;
}

export interface Limits {
  jobs_in_flight: { limit: number; used: number };
  usd_per_day: { limit: number; used: number; reserved: number; resets_at: string };
  document_bytes: { limit: number };
  requests: { per_second: number; burst: number; shared: boolean };
}

export interface UsageDay {
  day: string;
  task: Task;
  jobs: number;
  completed: number;
  partial: number;
  failed: number;
  cancelled: number;
  waiting: number;
  seconds: { median: number | null; p95: number | null };
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  calls: number;
  cost_usd: number;
}

export interface UsageReport {
  from: string;
  to: string;
  days: UsageDay[];
}
