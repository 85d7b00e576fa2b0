import type { Deadline } from "./deadline.js";
import { ConnectionError, TimeoutError } from "./errors.js";
import { lost } from "./reply.js";

const MOST_SILENCE_MS = 60_000;

/** The connection of one stream: opened when its bytes are first asked for, closed when they end, fail or are left. */
export class Connection {
  requestId: string | null = null;

  constructor(
    private readonly send: (deadline: Deadline) => Promise<Response>,
    private readonly deadline: Deadline,
    private readonly timeoutMs: number,
  ) {}

  async *chunks(): AsyncGenerator<Uint8Array, void, void> {
    const { deadline, timeoutMs } = this;
    const silent = () => new ConnectionError(`The stream was silent for ${MOST_SILENCE_MS / 1000} s: it is cut off.`);
    deadline.arm(timeoutMs, () => new TimeoutError(`The stream did not begin within ${timeoutMs} ms.`));
    try {
      const response = await this.send(deadline);
      this.requestId = response.headers.get("x-request-id");
      const reader = response.body?.getReader();
      while (reader) {
        deadline.arm(MOST_SILENCE_MS, silent);
        const { done, value } = await reader.read();
        deadline.disarm();
        if (done) return;
        yield value;
      }
    } catch (cause) {
      throw lost(cause, deadline, "The stream broke off");
    } finally {
      this.close();
    }
  }

  /** Let go of the connection; what waits for its bytes fails. */
  close(): void {
    this.deadline.end(new ConnectionError("The stream was closed before its end."));
  }
}
