// Vote lets three models choose one of three answers and prints the count.
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
	result, err := client.Roundtable.Vote(context.Background(), parley.RoundtableRequest{
		Input:   "Is a monolith the better start for a team of five?",
		Models:  parley.Seats("sandbox/terse", "sandbox/thorough", "sandbox/contrarian"),
		Choices: []string{"yes", "no", "it depends"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, row := range result.Meta.Vote.Tally {
		fmt.Printf("%s: %d\n", row.Choice, row.Votes)
	}
	fmt.Printf("winner: %v\n", result.Data)
}
