// Package licensekey serves Polar's license-key API from inside a Go program.
//
// Polar (https://polar.sh) sells software and hosts the API that installed apps
// call to activate, validate and deactivate a license key on a device. This
// package is that API as an [http.Handler], over a store of yours or one of the
// two here. An app needs only a new base URL.
//
// Start with [NewHandler] and a store. In this documentation, a host is the
// program that embeds the package.
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
// path. In tests, put memstore in the place of bboltstore.
//
// # Managing license keys
//
// The stores here implement [Admin], the management API: a host issues, imports,
// lists and changes license keys with it. Package jsonlines reads and writes the
// import format.
//
// # Your own store
//
// A host with its own tables implements [Deactivator], [Activator] and
// [Validator], one method each: an atomic step that decides and changes. Their
// comments are the contract, and package storetest tests every promise of them.
// The decisions are pure functions in package rules, which a store calls inside
// its own transaction; time and new ids come in the request. Errors that wrap
// the sentinels of this package become the error responses that clients know;
// any other becomes a 500 that tells the client nothing, and a log record.
//
// # Responses
//
// 200 and 204 mean that the change is made, durably. 404 means that there is no
// such license key or activation, and does not tell which; for a validation it
// may also mean that the key may not be used. An app whose first response to
// deactivate was lost gets 404 for its second try, and should take it as done.
// 422 lists what is wrong with the request, in the terms of Polar's server. The
// OpenAPI document in package schema has the rest.
//
// # Security
//
// The license key is the credential: anyone who has it can validate it and take
// its seats, and with an activation id end that activation. Keys are compared
// byte for byte. A [Key] redacts itself in fmt and slog, and the handler cuts
// keys and tokens out of the errors that it logs. Both stores keep keys in the
// clear. There is no rate limit: put one in front, as for any public endpoint.
// Serve over TLS.
//
// # Compatibility
//
// Responses, the import format and the database file of bboltstore stay
// readable. Before version 1 the Go interfaces may gain methods and structs may
// gain fields: embed or name fields accordingly.
package licensekey
