module github.com/licensekit/licensekey/cmd/licensekey

go 1.25.0

require (
	github.com/google/uuid v1.6.0
	github.com/licensekit/licensekey v0.0.0
)

require (
	github.com/santhosh-tekuri/jsonschema/v5 v5.3.1 // indirect
	go.etcd.io/bbolt v1.5.0 // indirect
	golang.org/x/sys v0.45.0 // indirect
)

replace github.com/licensekit/licensekey => ../../
