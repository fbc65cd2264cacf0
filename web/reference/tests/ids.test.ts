import { describe, expect, it } from "vitest";
import { idsOf } from "../src/ids";

const A = "0193a4c2-7d10-7cc3-9e55-0b6a4f1f2a10";
const B = "0193a4c2-7d10-7cc3-9e55-0b6a4f1f2a11";

describe("ids of an answer", () => {
  it("are its own", () => {
    expect([...idsOf(JSON.stringify({ job_id: A, status: "pending" }))]).toEqual([["job_id", A]]);
  });

  it("are those of a list's first entry, where it has none of that name", () => {
    const log = { job_id: A, deliveries: [{ delivery_id: B, job_id: B }, { delivery_id: A }] };
    expect([...idsOf(JSON.stringify(log))]).toEqual([
      ["job_id", A],
      ["delivery_id", B],
    ]);
  });

  it("are ids, whatever else has such a name", () => {
    expect(idsOf(JSON.stringify({ job_id: "<script>", document_id: 7, delivery_id: null })).size).toBe(0);
  });

  it.each(["", "<!doctype html>", "null", "7", "[]", '{"jobs":[]}', '{"jobs":[null]}'])(
    "are none in %j",
    (text) => {
      expect(idsOf(text).size).toBe(0);
    },
  );
});
