package licensekey

import (
	"fmt"
	"net/http"

	"github.com/licensekit/licensekey/internal/jsonvalue"
	"github.com/licensekit/licensekey/schema"
)

// answer is a status and a JSON body; the headers are the same for all.
type answer struct {
	status int
	body   []byte
}

func (a answer) write(w http.ResponseWriter) {
	w.WriteHeader(a.status)
	if a.body != nil {
		// An error means that the client is gone: nobody is left to tell.
		_, _ = w.Write(a.body)
	}
}

// refusals maps the errors that a store may return, for each operation, to the
// answers that clients know. Clients match on names and texts.
var refusals = []struct {
	operation string
	err       error
	answer    answer
}{
	{"deactivate", ErrNotFound, notFound("Not found")},

	{"activate", ErrNotFound, notFound("Not found")},
	{"activate", ErrNotGranted, notPermitted("License key is no longer active. This license key can not be activated.")},
	{"activate", ErrExpired, notPermitted("License key has expired.")},
	{"activate", ErrNoActivations, notPermitted("This license key does not support activations." +
		" Use the /validate endpoint instead to check license validity.")},
	{"activate", ErrActivationLimit, notPermitted("License key activation limit already reached")},

	{"validate", ErrNotFound, notFound("Not found")},
	{"validate", ErrNotGranted, notFound("License key is no longer active.")},
	{"validate", ErrExpired, notFound("License key has expired.")},
	{"validate", ErrConditions, notFound("License key does not match required conditions")},
	{"validate", ErrBenefit, notFound("License key does not match given benefit.")},
	{"validate", ErrCustomer, notFound("License key does not match given user.")},
	{"validate", ErrUsageRange, named(http.StatusBadRequest, "BadRequest", "License key usage can not exceed 2147483647.")},
}

func notFound(detail string) answer { return named(http.StatusNotFound, "ResourceNotFound", detail) }

func notPermitted(detail string) answer { return named(http.StatusForbidden, "NotPermitted", detail) }

var (
	notFoundPath        = plain(http.StatusNotFound, "Not Found")
	methodNotAllowed    = plain(http.StatusMethodNotAllowed, "Method Not Allowed")
	unreadableBody      = plain(http.StatusBadRequest, "There was an error parsing the body")
	unauthorized        = named(http.StatusUnauthorized, "Unauthorized", "Unauthorized")
	internalServerError = named(http.StatusInternalServerError, "InternalServerError", "Internal Server Error")
)

// plain is an error of the HTTP layer, which has no name.
func plain(status int, detail string) answer {
	return answer{status, jsonvalue.Append(nil, object("detail", detail))}
}

// named is an error of the API.
func named(status int, name string, detail any) answer {
	return answer{status, jsonvalue.Append(nil, object("error", name, "detail", detail))}
}

func bodyTooLarge(limit int64) answer {
	return named(http.StatusRequestEntityTooLarge, "RequestBodyTooLarge",
		fmt.Sprintf("Request body exceeded the maximum allowed size of %d bytes.", limit))
}

func unprocessable(violations ...schema.Violation) answer {
	detail := make([]any, len(violations))
	for i, v := range violations {
		entry := object("type", v.Type, "loc", v.Loc, "msg", v.Msg, "input", v.Input)
		if v.Ctx != nil {
			entry.Members = append(entry.Members, jsonvalue.Member{Name: "ctx", Value: v.Ctx})
		}
		detail[i] = entry
	}
	return named(http.StatusUnprocessableEntity, "RequestValidationError", detail)
}

// object makes a JSON object of alternating names and values.
func object(pairs ...any) *jsonvalue.Object {
	o := &jsonvalue.Object{Members: make([]jsonvalue.Member, 0, len(pairs)/2+1)}
	for i := 0; i < len(pairs); i += 2 {
		o.Members = append(o.Members, jsonvalue.Member{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return o
}
