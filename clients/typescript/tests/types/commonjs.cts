/** Compiled, never run: CommonJS gets types of its own. */
import parley = require("parley-client");

const client: parley.Parley = new parley.Parley({ url: "http://127.0.0.1:8080" });
const stream: parley.CompareStream = client.compare.stream({ models: ["a"] });
const isError = (error: unknown): error is parley.APIError => error instanceof parley.APIError;

export = { client, stream, isError };
