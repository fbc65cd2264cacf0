import { expect, test } from "vitest";
import { Calls } from "../src/api/calls";
import type { Call, Http } from "../src/api/http";

test.each(["..", ".", "../health", "a/../b", "%2e%2e", "?x", "#x"])(
  "an id in an address leads to no other call: %j",
  async (id) => {
    const asked: Call[] = [];
    const call = async (each: Call) => {
      asked.push(each);
      return { status: 200, headers: new Headers(), text: "{}" };
    };
    await new Calls({ call } as unknown as Http).trail(id);
    const [, jobs, one, events, ...more] = new URL(`https://a.example${asked[0]?.path}`).pathname.split("/");
    expect([jobs, events, more]).toEqual(["jobs", "events", []]);
    expect(one).not.toBe("");
  },
);
