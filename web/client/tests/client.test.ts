import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { ApiProblem, Claimcheck, data, type Job, StorageProblem, WaitTimeout } from "../src/index.js";
import { type Answer, type Asked, Server } from "./server.js";

const at = (status: Job["status"], more: object = {}) => ({ job_id: "j", task: "extract", status, ...more });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function client(server: Server, path = "") {
  let clock = 0;
  const sleep = async (ms: number) => {
    clock += ms;
  };
  return new Claimcheck({ url: `${server.url}${path}`, key: "ck_test", retry: { sleep, now: () => clock } });
}

test("a problem keeps what the API said", async () => {
  const body = {
    title: "Unprocessable Content",
    detail: "one field",
    code: "fields_invalid",
    request_id: "r-1",
    errors: [{ pointer: "/fields/0", detail: "is empty" }, "nonsense"],
  };
  await using server = await new Server([{ status: 422, body }]).start();
  const refused = await client(server)
    .submit("extract", { document: { text: "a" }, fields: ["a"] })
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiProblem);
  expect(refused).toMatchObject({ status: 422, code: "fields_invalid", requestId: "r-1" });
  expect((refused as ApiProblem).message).toBe("422 Unprocessable Content: one field (/fields/0 is empty)");
  expect((refused as ApiProblem).errors).toEqual([{ pointer: "/fields/0", detail: "is empty" }]);
});

test.each([["<html>"], [{ message: "Forbidden" }], [[]]])(
  "a refusal of something in between: %j",
  async (body) => {
    await using server = await new Server([{ status: 403, body }]).start();
    await expect(client(server).job("j")).rejects.toMatchObject({ status: 403, code: "http_error" });
  },
);

test("a stage before the path stays, and the key goes along", async () => {
  await using server = await new Server([{ status: 200, body: at("completed") }]).start();
  await client(server, "/prod/").job("a/b");
  expect(server.asked[0]).toMatchObject({
    url: "/prod/jobs/a%2Fb",
    headers: { authorization: "Bearer ck_test" },
  });
});

test("wait asks with what it has until the job is final", async () => {
  const script: Answer[] = [
    { status: 200, body: at("pending"), headers: { ETag: '"1"' } },
    { status: 304, body: "", headers: { ETag: '"1"' } },
    { status: 200, body: at("running"), headers: { ETag: '"2"' } },
    { status: 200, body: at("completed", { result: { fields: {} } }), headers: { ETag: '"3"' } },
  ];
  await using server = await new Server(script).start();
  const seen: string[] = [];
  const job = await client(server).wait("j", { onChange: (each) => seen.push(each.status) });
  expect([job.status, seen]).toEqual(["completed", ["pending", "running", "completed"]]);
  const asked = server.asked.map(({ headers }) => [headers["if-none-match"], headers.prefer]);
  expect(asked).toEqual([
    [undefined, undefined],
    ['"1"', "wait=20"],
    ['"1"', "wait=20"],
    ['"2"', "wait=20"],
  ]);
});

test("wait ends in time", async () => {
  await using server = await new Server([
    { status: 200, body: at("running"), headers: { ETag: '"1"' } },
  ]).start();
  const waiting = client(server).wait("j", { timeoutMs: 1_000 });
  await expect(waiting).rejects.toThrow(WaitTimeout);
  expect(server.asked.length).toBe(5);
  expect(server.asked.map((each) => each.headers.prefer)).toEqual([
    undefined,
    "wait=1",
    "wait=1",
    "wait=1",
    undefined,
  ]);
});

test("a result that did not fit is fetched, without the key", async () => {
  const script = (asked: Asked): Answer =>
    asked.url === "/result"
      ? { status: 200, body: { fields: { a: 1 } } }
      : {
          status: 200,
          body: at("completed", { result: null, result_link: { url: `${server.url}/result` } }),
        };
  await using server = await new Server(script).start();
  expect(await client(server).job("j")).toEqual({ ...at("completed"), result: { fields: { a: 1 } } });
  expect(server.asked[1]?.headers.authorization).toBeUndefined();
});

test("a text from a link is held to its digest", async () => {
  const text = (digest: string): Answer => ({
    status: 200,
    body: { text: null, text_link: { url: `${server.url}/text`, expires_s: 9, sha256: digest } },
  });
  let said = sha256("wörter");
  const script = (asked: Asked): Answer =>
    asked.url === "/text" ? { status: 200, body: "wörter" } : text(said);
  await using server = await new Server(script).start();
  expect(await client(server).text("j")).toBe("wörter");
  said = sha256("others");
  await expect(client(server).text("j")).rejects.toThrow(StorageProblem);
});

test("pages follow each other until the last", async () => {
  const pages: Record<string, object> = {
    "/jobs?status=failed&limit=100": { jobs: [at("failed")], next_cursor: "c1" },
    "/jobs?status=failed&limit=100&cursor=c1": { jobs: [], next_cursor: "c2" },
    "/jobs?status=failed&limit=100&cursor=c2": { jobs: [at("failed"), at("failed")], next_cursor: null },
  };
  await using server = await new Server(({ url }) => ({ status: 200, body: pages[url] })).start();
  const found = [];
  for await (const job of client(server).jobs({ status: "failed" })) found.push(job);
  expect([found.length, server.asked.length]).toEqual([3, 3]);
});

test("an upload goes where the API says, again after a cut, and never with the key", async () => {
  let puts = 0;
  const script = ({ method }: Asked): Answer => {
    if (method === "PUT") return puts++ === 0 ? "cut" : { status: 200 };
    const headers = { "Content-Length": "5", "x-amz-checksum-sha256": "abc" };
    return {
      status: 201,
      body: { document_id: "d", upload: { url: `${server.url}/put`, method: "PUT", headers } },
    };
  };
  await using server = await new Server(script).start();
  const file = new Blob(["hello"], { type: "text/plain" });
  const document = await client(server).upload(file, { name: "a.txt" });
  expect(document.document_id).toBe("d");
  expect(JSON.parse(server.asked[0]?.body ?? "")).toEqual({
    name: "a.txt",
    media_type: "text/plain",
    bytes: 5,
    sha256: sha256("hello"),
  });
  expect(server.asked.map((each) => each.method)).toEqual(["POST", "PUT", "PUT"]);
  const { headers, body } = server.asked[2] as Asked;
  expect([body, headers.authorization, headers["x-amz-checksum-sha256"]]).toEqual([
    "hello",
    undefined,
    "abc",
  ]);
});

test("a refused upload is not sent again, and says why", async () => {
  const script = ({ method }: Asked): Answer =>
    method === "PUT"
      ? { status: 400, body: "<Error><Code>BadDigest</Code></Error>" }
      : { status: 201, body: { upload: { url: server.url, method: "PUT", headers: {} } } };
  await using server = await new Server(script).start();
  await expect(client(server).upload(new Blob(["a"]))).rejects.toThrow("refused the upload: 400 BadDigest");
  expect(server.asked.length).toBe(2);
});

test("bytes that are there are not sent", async () => {
  await using server = await new Server([{ status: 200, body: { document_id: "d", upload: null } }]).start();
  await client(server).upload(new Blob(["a"]));
  expect(server.asked.length).toBe(1);
});

test("every other call is typed by the document", async () => {
  await using server = await new Server([
    { status: 200, body: { job_id: "j", digest_key: null, events: [] } },
  ]).start();
  const { api } = client(server);
  const trail = data(await api.GET("/jobs/{job_id}/events", { params: { path: { job_id: "j" } } }));
  expect(trail.events).toEqual([]);
});
