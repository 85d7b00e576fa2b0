// SPDX-License-Identifier: Apache-2.0

// Package parley asks a Parley server: several language models at once, their answers merged, compared or counted as votes.
//
//	client, err := parley.New() // PARLEY_URL and PARLEY_API_KEY
//	result, err := client.Roundtable.Create(ctx, parley.RoundtableRequest{
//		Input:  "Should a small team start with a monolith?",
//		Models: parley.Seats("sandbox/terse", "sandbox/thorough"),
//	})
//	fmt.Println(result.Data)
//
// Every call takes a context first and options last. Plain calls are tried again where that is safe and costs nothing
// twice; streams are iterators that close their connection when the loop is left. What goes wrong is an [*APIError], a
// [*ConnectionError], a [*StreamError] or an [*OutputError], all of them an [Error]; a call that its own context cancelled
// returns an error that wraps [context.Canceled].
//
// Optional fields whose zero value means something are pointers; [Ptr] makes them.
package parley

// Version is the version of this library.
const Version = "0.1.0"

// Ptr returns a pointer to value: parley.Ptr(0.0) is a temperature of 0, nil is none.
func Ptr[T any](value T) *T { return &value }
