/** What to do about a job that failed, by its code (docs/reliability.md has them all). */
const ADVICE: Record<string, string> = {
  document_encrypted: "Remove the password of the file, and hand it in again.",
  document_corrupt:
    "The file is damaged. Open it in the program it comes from, save it anew, and hand that in.",
  document_empty: "Check that this is the right file: nothing is on its pages.",
  document_unsupported: "Save it as PDF, DOCX, XLSX, PPTX or text, and hand that in.",
  document_too_large: "Divide it, and hand in the parts.",
  document_too_long: "Divide it, and hand in the parts.",
  document_timeout: "Save the file anew, best as PDF, or divide it.",
  document_missing:
    "The bytes of its file did not arrive in time. Hand it in again, and keep the page open meanwhile.",
  cost_cap: "Hand it in again with a higher limit of cost, or with fewer questions.",
  call_over_spend_limit: "Ask your operator for a higher limit a day, or divide the document.",
  spend_limit:
    "What you may spend today is used up. Run it again after midnight UTC, or ask your operator for more.",
  model_refusal: "The model declined to answer. Word the question otherwise, or take another document.",
  answer_truncated: "The answer would be too long. Ask for less at once.",
  answer_incomplete: "Some questions were not answered. Ask them in a job of their own.",
  batch_expired: "Hand it in again, with the standard priority if it is urgent.",
  price_unknown: "Hand it in without a limit of cost, or ask your operator: the model has no price.",
};

export function advice(code: string, retryable: boolean): string {
  return (
    ADVICE[code] ??
    (retryable
      ? "Run it again: it may succeed now. Answers that were paid for are used again."
      : "Hand it in again in another form. If that fails as well, tell your operator the job's id.")
  );
}
