// Verifies many webhooks with the npm library: a JSON array in, a JSON array of verdicts out.
// Its folder is the one that holds node_modules.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const verdicts = JSON.parse(readFileSync(0, "utf8")).map(({ secret, body, headers }) => {
  try {
    const event = new Webhook(secret).verify(Buffer.from(body, "base64"), headers);
    return { accepted: true, type: event.type };
  } catch (error) {
    return { accepted: false, why: String(error) };
  }
});
process.stdout.write(JSON.stringify(verdicts));
