// Package licensekey serves Polar's license-key API from inside a Go program.
//
// Polar (https://polar.sh) sells software and hosts the API that installed apps
// call to activate, validate and deactivate a license key on a device. This
// package serves the same API from an [http.Handler], over a store of your own or
// one of the two in this module. An app needs only a new base URL.
//
// Start with [NewHandler] and a store. In this documentation, a host is the
// program that embeds the package. A seat is one of the activations that a
// license key may have at the same time.
//
// # Mounting
//
//	store, err := bboltstore.Open("licenses.db", nil)
//	if err != nil {
//		log.Fatal(err)
//	}
//	http.Handle("/v1/", licensekey.NewHandler(store, licensekey.Config{}))
//
// [NewHandler] serves
//
//	POST /v1/customer-portal/license-keys/activate
//	POST /v1/customer-portal/license-keys/validate
//	POST /v1/customer-portal/license-keys/deactivate
//
// and the same under /v1/users/license-keys, the former name, which installed
// apps still use. With [Config.Authorize] it also serves them under
// /v1/license-keys, for servers with a bearer token. It matches whole paths;
// under a prefix, use [http.StripPrefix]. [NewActivateHandler],
// [NewValidateHandler] and [NewDeactivateHandler] are one endpoint each, for any
// path. In tests, use memstore instead of bboltstore.
//
// # Managing license keys
//
// The stores of this module implement [Admin], the management API: a host issues,
// imports, lists and changes license keys with it. Package jsonlines reads and
// writes the import format.
//
// # Your own store
//
// A host with its own tables implements [Deactivator], [Activator] and
// [Validator]. Each has one method, which decides and makes the change in one
// atomic step. The comments of the methods are the contract, and package
// storetest tests every promise that they make. The decisions are pure functions
// in package rules, which a store calls inside its own transaction. The time and
// new ids come in the request. An error that wraps a sentinel error of this
// package becomes the error response that clients know. Any other error is
// logged, and becomes a 500 that tells the client nothing.
//
// # Responses
//
// 200 and 204 mean that the change is made and durable. 404 means that there is
// no such license key or activation, and does not tell which of the two. For a
// validation it may also mean that the key may not be used. If the response to a
// deactivation is lost, the app gets 404 for its second try. It should treat that
// as success.
// 422 lists what is wrong with the request, in the terms of Polar's server. The
// OpenAPI document in package schema has the rest.
//
// # Observing
//
// [Config.Observe] is told what each request came to: operation, status, error,
// duration and ids, but never the license key. [Reason] turns the error into a
// label that never changes. Metrics, request logs and throttles are made of the
// two, as the examples show.
//
// # Security
//
// The license key is the credential: anyone who has it can validate it and take
// its seats, and with an activation id end that activation. Keys are compared
// byte for byte. A [Key] redacts itself in fmt and slog, and the handler removes
// keys and tokens from the errors that it logs. Both stores keep keys in plain
// text. There is no rate limit: put one in front, as for any public endpoint. The
// throttle example is one. Serve over TLS.
//
// # Compatibility
//
// Later versions keep the responses readable for clients. They read the import
// files and the bboltstore database files that released versions have written.
// Before version 1 the interfaces may gain methods and the structs may gain
// fields: name the fields in struct literals.
package licensekey
