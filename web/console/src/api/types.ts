/** What the API answers, by the types that are generated of its OpenAPI document (web/client). */
import type {
  Document,
  Estimate,
  EvaluateResult,
  ExtractResult,
  Job,
  SummariseResult,
  UsageOfDays,
  WebhookAddresses,
  WebhookSecrets,
} from "@claimcheck/client";

export type {
  Attempt,
  Coverage,
  Delivery,
  DocumentText,
  Estimate,
  EvaluateResult,
  Evidence,
  ExtractResult,
  FieldError,
  Gap,
  Job,
  JobError,
  JobList,
  Limits,
  ListedJob,
  SummariseResult,
  Ticket,
  Usage,
  Warning,
} from "@claimcheck/client";

export type Task = Job["task"];
export type Status = Job["status"];
export type Priority = Job["priority"];
export type Result = SummariseResult | ExtractResult | EvaluateResult;
export type Verdict = EvaluateResult["criteria"][number];
export type Announced = Document;
export type Bounds = Estimate["calls"];
export type WebhookAddress = WebhookAddresses["addresses"][number];
export type WebhookSecret = WebhookSecrets["secrets"][number];
export type UsageReport = UsageOfDays;
export type UsageDay = UsageOfDays["days"][number];

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
