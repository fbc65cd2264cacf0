export * from "./client.js";
export type * from "./generated/api.js";
export { ApiProblem, data, StorageProblem, WaitTimeout } from "./problems.js";
export { type RetryOptions, retryAfterMs } from "./retrying.js";
export { sha256 } from "./storage.js";
