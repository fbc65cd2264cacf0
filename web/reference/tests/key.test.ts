import { describe, expect, it } from "vitest";
import { keptKey, keyOf } from "../src/key";

class Tab {
  readonly kept = new Map<string, string>();
  getItem = (name: string) => this.kept.get(name) ?? null;
  setItem = (name: string, value: string) => void this.kept.set(name, value);
  removeItem = (name: string) => void this.kept.delete(name);
}

describe("the key", () => {
  it("is kept until it is taken back", () => {
    const tab = new Tab();
    const kept = keptKey(tab);
    expect(kept.read()).toBeNull();
    kept.write("ck_1");
    expect(keptKey(tab).read()).toBe("ck_1");
    kept.write(null);
    expect(kept.read()).toBeNull();
    expect(tab.kept.size).toBe(0);
  });

  it("is forgotten where a browser keeps nothing", () => {
    const refused = () => {
      throw new DOMException("denied", "SecurityError");
    };
    const kept = keptKey({ getItem: refused, setItem: refused, removeItem: refused });
    kept.write("ck_1");
    expect(kept.read()).toBeNull();
  });

  it("is what was entered for this scheme", () => {
    expect(keyOf({ key: { value: "ck_1" } }, "key")).toBe("ck_1");
    expect(keyOf({ key: { value: "" } }, "key")).toBeNull();
    expect(keyOf({ other: { value: "ck_1" } }, "key")).toBeNull();
    expect(keyOf({ key: { value: { username: "x" } } }, "key")).toBeNull();
  });
});
