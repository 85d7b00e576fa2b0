/**
 * Asks several LLMs at once through a Parley server. {@link dev.parley.client.Parley} is where to begin.
 *
 * <p>Answers and events are records with the contract's names in camel case. A component is {@code null} where the server
 * leaves the field out; fields that a newer server adds are ignored. Costs are US dollars, {@code …Ms} are milliseconds,
 * times are RFC 3339 text in UTC, as {@link java.time.Instant#parse} reads them.
 *
 * <p>Nothing here throws a checked exception; everything that can go wrong with a call is a
 * {@link dev.parley.client.ParleyException}.
 */
package dev.parley.client;
