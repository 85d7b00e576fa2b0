// Ask asks three models one question and prints their answers merged.
package main

import (
	"context"
	"fmt"
	"log"

	parley "parley.dev/clients/go"
)

func main() {
	client, err := parley.New() // PARLEY_URL and PARLEY_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	result, err := client.Roundtable.Create(context.Background(), parley.RoundtableRequest{
		Input:  "Should a small team start with a monolith?",
		Models: parley.Seats("sandbox/terse", "sandbox/thorough", "sandbox/contrarian"),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, seat := range result.ModelResults {
		fmt.Printf("%s: %v%s\n", seat.Model, seat.Data, seat.Error)
	}
	fmt.Printf("summary: %v\n", result.Data)
	fmt.Printf("cost: %v USD\n", result.Meta.TotalCost)
}
