import type { IconName } from "../../ui/icon";

/** What the types of a trail's events mean (docs/trail.md). */
export const NAMES: Record<string, [string, IconName]> = {
  accepted: ["Accepted", "plus"],
  document_arrived: ["Its document arrived", "file"],
  claimed: ["A worker took it", "arrow"],
  placed: ["In line for the model", "clock"],
  batched: ["Its questions wait for a batch", "clock"],
  answered: ["The batch was answered", "check"],
  retry: ["Tried again later", "again"],
  lease_expired: ["The worker was lost", "warn"],
  completed: ["Completed", "check"],
  partial: ["Answered in part", "warn"],
  failed: ["Failed", "cross"],
  cancelled: ["Cancelled", "stop"],
  purged: ["Its content was deleted", "trash"],
  redriven: ["Put back by its owner", "again"],
};
