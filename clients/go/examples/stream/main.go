// Stream prints what three models write as it comes, then the summary and what it cost.
package main

import (
	"context"
	"fmt"
	"log"

	parley "parley.dev/clients/go"
)

func main() {
	client, err := parley.New()
	if err != nil {
		log.Fatal(err)
	}
	stream, err := client.Roundtable.Stream(context.Background(), parley.RoundtableRequest{
		Input:  "Should a small team start with a monolith?",
		Models: parley.Seats("sandbox/terse", "sandbox/thorough", "sandbox/contrarian"),
	})
	if err != nil {
		log.Fatal(err)
	}
	for delta, err := range stream.TextDeltas() {
		if err != nil {
			log.Fatal(err)
		}
		if delta.IsSummary {
			delta.Model = "summary"
		}
		fmt.Printf("%s: %s\n", delta.Model, delta.Text)
	}
	result, err := stream.Final()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("cost: %v USD\n", result.Meta.TotalCost)
}
