// Structured asks three models for an answer of a type and prints its fields.
package main

import (
	"context"
	"fmt"
	"log"

	parley "parley.dev/clients/go"
)

// Verdict is what every model is to answer.
type Verdict struct {
	Verdict    string  `json:"verdict" enum:"yes,no"`
	Confidence float64 `json:"confidence" description:"from 0 to 1"`
}

func main() {
	client, err := parley.New()
	if err != nil {
		log.Fatal(err)
	}
	parsed, err := parley.Parse[Verdict](context.Background(), client, parley.RoundtableRequest{
		Input:  "Is a monolith the better start? Say how sure you are.",
		Models: parley.Seats("sandbox/terse", "sandbox/thorough", "sandbox/contrarian"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("verdict: %s\n", parsed.Value.Verdict)
	fmt.Printf("confidence: %v\n", parsed.Value.Confidence)
}
