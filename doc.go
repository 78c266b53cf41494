// Package licensekey answers Polar's license-key calls from inside a Go program.
//
// Polar (https://polar.sh) sells software and hosts the API that installed apps
// call to free the seat of a license key on a device. This package is that API
// as an [http.Handler], over a store of yours or one of the two here: an app
// needs only a new base URL. So far it answers
// POST /v1/customer-portal/license-keys/deactivate.
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
// use [http.StripPrefix]. [NewDeactivateHandler] is the one endpoint, for any
// path. In tests, put memstore in the place of bboltstore.
//
// # Stores
//
// A host with its own tables implements [Deactivator], one method: an atomic
// step that finds the activation and ends it. Its comment is the contract, and
// package storetest tests every promise of it in one line. Errors that wrap
// [ErrNotFound] become 404; any other becomes a 500 that tells the client
// nothing, and a log record. The stores here also implement [Admin], through
// which a host issues and imports license keys.
//
// # Answers
//
// 204 means that the activation has ended, durably. 404 means that the license
// key or the activation is not there, and does not tell which: an app whose
// first answer was lost gets 404 for its second try, and should take it as
// done. 422 lists what is wrong with the request, in the words of Polar's
// server. The OpenAPI document in package schema has the rest.
//
// # Security
//
// The license key is the credential: anyone who has it and an activation id can
// end that activation. Keys are compared byte for byte and never logged; a key
// in a store's error is cut out before the error is logged, and
// [DeactivateRequest] and [LicenseKey] do not show theirs to fmt and slog. Both
// stores keep keys in the clear. There is no rate limit: put one in front, as
// for any public endpoint. Serve over TLS.
//
// # Compatibility
//
// The wire does not change. Before version 1 the Go interfaces may gain methods
// and structs may gain fields: embed or name fields accordingly.
package licensekey
