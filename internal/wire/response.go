package wire

import (
	"fmt"
	"net/http"

	"github.com/licensekit/licensekey/internal/jsonvalue"
)

// Response is a status and a body. The headers are the same for all responses.
type Response struct {
	Status int
	Body   []byte // nil for none
}

// Write sends the response.
func (r Response) Write(w http.ResponseWriter) {
	w.WriteHeader(r.Status)
	if r.Body != nil {
		// An error means that the client is gone: nobody is left to tell.
		_, _ = w.Write(r.Body)
	}
}

// Error is an error that holds the error response for the request.
type Error struct {
	Response Response
}

func (e *Error) Error() string {
	return fmt.Sprintf("status %d", e.Response.Status)
}

// The error responses that are the same everywhere.
var (
	NotFoundPath        = plain(http.StatusNotFound, "Not Found")
	MethodNotAllowed    = plain(http.StatusMethodNotAllowed, "Method Not Allowed")
	Unauthorized        = &Error{Named(http.StatusUnauthorized, "Unauthorized", "Unauthorized")}
	InternalServerError = &Error{Named(http.StatusInternalServerError, "InternalServerError", "Internal Server Error")}

	unreadableBody = &Error{plain(http.StatusBadRequest, "There was an error parsing the body")}
)

// plain returns an error response of the HTTP layer. It has no error name.
func plain(status int, detail string) Response {
	body := append([]byte(`{"detail":`), jsonvalue.AppendText(nil, detail)...)
	return Response{status, append(body, '}')}
}

// Named returns an error response of the API. name becomes the member "error".
func Named(status int, name, detail string) Response {
	body := append([]byte(`{"error":`), jsonvalue.AppendText(nil, name)...)
	body = append(body, `,"detail":`...)
	return Response{status, append(jsonvalue.AppendText(body, detail), '}')}
}

func bodyTooLarge(limit int64) error {
	return &Error{Named(http.StatusRequestEntityTooLarge, "RequestBodyTooLarge",
		fmt.Sprintf("Request body exceeded the maximum allowed size of %d bytes.", limit))}
}
