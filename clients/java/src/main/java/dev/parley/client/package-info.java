/**
 * Asks several LLMs at once through a Parley server; {@link dev.parley.client.Parley} is where to begin.
 *
 * <p>Answers are records with the contract's names in camel case. A component is {@code null} where the server leaves
 * the field out. Costs are US dollars, {@code …Ms} milliseconds, times RFC 3339 text in UTC, as
 * {@link java.time.Instant#parse} reads them. No exception is checked: what goes wrong with a call is a
 * {@link dev.parley.client.ParleyException}, and what no call can be made with an {@link IllegalArgumentException}.
 */
package dev.parley.client;
