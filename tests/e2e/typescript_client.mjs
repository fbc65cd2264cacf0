// A program that uses @claimcheck/client as built: every flow against a running system, told as JSON.
import { createServer } from "node:http";

const [library, url, key] = process.argv.slice(2);
const { ApiProblem, Claimcheck, data, sha256 } = await import(`${library}/index.js`);
const { verifyWebhook, WebhookNotVerified } = await import(`${library}/webhook.js`);
const claimcheck = new Claimcheck({ url, key });
const told = {};

const text =
  "This Agreement is effective as of 1 May 2027. The monthly fee is EUR 400. It is governed by the laws of Ireland.";
const document = { text, name: "agreement.txt" };
const asked = {
  summarise: { document, focus: "money", metadata: { of: "typescript" } },
  extract: { document, fields: ["governing law", { name: "monthly fee", type: "money" }] },
  evaluate: { document, criteria: ["The monthly fee is stated", { id: "cap", criterion: "Liability is capped" }] },
};
const jobs = {};
for (const [task, body] of Object.entries(asked)) {
  const ticket = await claimcheck.submit(task, body);
  const seen = [];
  jobs[task] = await claimcheck.wait(ticket.job_id, { timeoutMs: 60_000, onChange: (job) => seen.push(job.status) });
  told[task] = { status: jobs[task].status, last: seen.at(-1) };
}
told.fields = jobs.extract.result.fields;
told.quote = [...text].slice(...[0].map(() => jobs.extract.result.evidence["governing law"][0].start)).join("");
told.verdicts = jobs.evaluate.result.criteria.map((each) => [each.id, each.verdict]);
told.metadata = jobs.summarise.metadata;

const listed = [];
for await (const job of claimcheck.jobs({ task: "extract" })) listed.push(job.job_id);
told.listed = listed.includes(jobs.extract.job_id) && !listed.includes(jobs.summarise.job_id);

const path = { job_id: jobs.extract.job_id };
const trail = data(await claimcheck.api.GET("/jobs/{job_id}/events", { params: { path } }));
told.trail = trail.events.map((event) => event.type);
told.text = (await claimcheck.text(jobs.extract.job_id)) === text;

const large = "The monthly fee is EUR 400. ".repeat(150_000);
const blob = new Blob([large], { type: "text/plain" });
const uploaded = await claimcheck.upload(blob, { name: "large.txt" });
const again = await claimcheck.upload(blob, { name: "large.txt" });
told.upload = {
  bytes: uploaded.bytes,
  digest: uploaded.sha256 === (await sha256(await blob.arrayBuffer())),
  same: again.document_id === uploaded.document_id,
};
const about = await claimcheck.submit("summarise", { document: { document_id: uploaded.document_id } });
const cancelled = data(
  await claimcheck.api.POST("/jobs/{job_id}/cancel", { params: { path: { job_id: about.job_id } } }),
);
told.cancelled = cancelled.status;

const refused = await claimcheck.submit("extract", { document, fields: ["a", "a"] }).catch((error) => error);
told.refused = [refused instanceof ApiProblem, refused.status, refused.code, refused.errors[0]?.pointer];
const other = new Claimcheck({ url, key: "ck_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
told.stranger = await other.job(jobs.extract.job_id).catch((error) => error.status);

told.limits = data(await claimcheck.api.GET("/limits")).jobs_in_flight.limit > 0;
told.usage = data(await claimcheck.api.GET("/usage")).days.length > 0;
const size = { task: "extract", document: { characters: text.length }, questions: 2 };
told.estimate = data(await claimcheck.api.POST("/estimates", { body: size })).calls.likely;

const arrived = new Promise((resolve) => {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      response.writeHead(204).end();
      server.close();
      resolve({ body: Buffer.concat(chunks), headers: request.headers });
    });
  });
  server.listen(0, "127.0.0.1", async () => {
    const webhook_url = `http://127.0.0.1:${server.address().port}/hook`;
    await claimcheck.submit("summarise", { document, webhook_url });
  });
});
const { body, headers } = await arrived;
const secrets = data(await claimcheck.api.GET("/webhook-secret")).secrets.map((each) => each.secret);
told.webhook = verifyWebhook(body, headers, secrets).type;
try {
  verifyWebhook(`${body} `, headers, secrets);
} catch (error) {
  told.altered = error instanceof WebhookNotVerified;
}
process.stdout.write(JSON.stringify(told));
process.exit(0);
