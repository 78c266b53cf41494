// Package licensekey answers Polar's license-key calls from inside a Go program.
//
// Polar (https://polar.sh) sells software and hosts the API that installed apps
// call to activate, validate and deactivate a license key on a device. This
// package is that API as an [http.Handler], over a store of yours or one of the
// two here: an app needs only a new base URL. It answers
//
//	POST /v1/customer-portal/license-keys/activate
//	POST /v1/customer-portal/license-keys/validate
//	POST /v1/customer-portal/license-keys/deactivate
//
// and, for servers with a bearer token, the same under /v1/license-keys.
//
// # Mounting
//
//	store, err := bboltstore.Open("licenses.db", nil)
//	if err != nil {
//		log.Fatal(err)
//	}
//	http.Handle("/v1/", licensekey.NewHandler(store, licensekey.Config{}))
//
// [NewHandler] answers on Polar's paths and matches them whole; under a prefix,
// use [http.StripPrefix]. [NewActivateHandler], [NewValidateHandler] and
// [NewDeactivateHandler] are one endpoint each, for any path. In tests, put
// memstore in the place of bboltstore. [Config.Authorize] switches the server
// side on.
//
// # Stores
//
// A host with its own tables implements [Deactivator], [Activator] and
// [Validator], one method each: an atomic step that decides and changes. Their
// comments are the contract, and package storetest tests every promise of them.
// The rules are pure functions, [CheckActivate] and [CheckValidate], which a
// store calls inside its own transaction; time and new ids come in the request.
// Errors that wrap the package's sentinels become the answers that clients know;
// any other becomes a 500 that tells the client nothing, and a log record. The
// stores here also implement [Admin], through which a host issues, imports and
// looks after license keys.
//
// # Answers
//
// 200 and 204 mean that the change is made, durably. 404 means that the license
// key or the activation is not there, and does not tell which, or for a
// validation that the key may not be used. An app whose first answer to
// deactivate was lost gets 404 for its second try, and should take it as done.
// 422 lists what is wrong with the request, in the words of Polar's server. The
// OpenAPI document in package schema has the rest.
//
// # Security
//
// The license key is the credential: anyone who has it can validate it and take
// its seats, and with an activation id end that activation. Keys are compared
// byte for byte and never logged; a key in a store's error is cut out before the
// error is logged, and [LicenseKey] and the requests do not show theirs to fmt
// and slog. Both
// stores keep keys in the clear. There is no rate limit: put one in front, as
// for any public endpoint. Serve over TLS.
//
// # Compatibility
//
// The wire does not change. Before version 1 the Go interfaces may gain methods
// and structs may gain fields: embed or name fields accordingly.
package licensekey
