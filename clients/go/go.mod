module parley.dev/clients/go

go 1.23
