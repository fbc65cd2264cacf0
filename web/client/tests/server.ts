import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** One answer; "cut" breaks the connection instead, "hang" never answers. */
export type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | "cut" | "hang";

/** A server on loopback that gives these answers in turn, the last one for ever. */
export class Server {
  readonly asked: Asked[] = [];
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const asked = { method, url, headers, body: Buffer.concat(chunks).toString() };
      this.asked.push(asked);
      this.#answer(typeof this.script === "function" ? this.script(asked) : this.#next(), response);
    });
  });
  #given = 0;

  constructor(readonly script: Answer[] | ((asked: Asked) => Answer)) {}

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #next(): Answer {
    const script = this.script as Answer[];
    return script[Math.min(this.#given++, script.length - 1)] ?? "cut";
  }

  #answer(answer: Answer, response: ServerResponse): void {
    if (answer === "hang") return;
    if (answer === "cut") {
      response.socket?.destroy();
      return;
    }
    response.writeHead(answer.status, { "Content-Type": "application/json", ...answer.headers });
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {}));
  }
}
