import { ChatCollector, type CompletionsResource } from "./chat.js";
import { CompareCollector, type CompareResource } from "./compare.js";
import { Configuration, type ParleyOptions } from "./configuration.js";
import { systemClock } from "./deadline.js";
import { Endpoint } from "./endpoint.js";
import { ModelsResource } from "./models.js";
import { RoundtableResource } from "./roundtable.js";
import { TemplatesResource } from "./templates.js";
import { TracesResource } from "./traces.js";
import { Transport } from "./transport.js";
import { UsageResource } from "./usage.js";

/**
 * A client of one Parley server; it holds no connection and needs no closing. Requests and answers have the names of the
 * contracts as they stand, and what an answer lacks is null or absent; what is this library's own is in camel case.
 */
export class Parley {
  readonly roundtable: RoundtableResource;
  readonly compare: CompareResource;
  readonly chat: { readonly completions: CompletionsResource };
  readonly models: ModelsResource;
  readonly templates: TemplatesResource;
  readonly usage: UsageResource;
  readonly traces: TracesResource;

  /** Raises a ConfigurationError that says what can't be used and what would be right. */
  constructor(options: ParleyOptions = {}) {
    const transport = new Transport(new Configuration(options), systemClock);
    this.roundtable = new RoundtableResource(transport);
    this.compare = new Endpoint(transport, "/v1/chat/compare", () => new CompareCollector());
    this.chat = { completions: new Endpoint(transport, "/v1/chat/completions", () => new ChatCollector()) };
    this.models = new ModelsResource(transport);
    this.templates = new TemplatesResource(transport);
    this.usage = new UsageResource(transport);
    this.traces = new TracesResource(transport);
  }
}
