package rules

import (
	"fmt"
	"iter"
	"runtime/debug"

	"github.com/licensekit/licensekey"
)

// Same returns the activation that [Activate] is to return again: the oldest of the
// live activations of k for which req.Same is true, or the one with the smallest id
// if several are equally old. It returns nil if there is none, if req.Same is nil,
// or if k takes no activations. If req.Same panics, Same returns an error with the
// panic.
//
// live yields the live activations of k, in any order. Same asks for them only if
// it needs them, so a store can read them in live itself. An error that live yields
// ends the iteration, and Same returns it.
func Same(req licensekey.ActivateRequest, k licensekey.LicenseKey, live iter.Seq2[licensekey.Activation, error]) (*licensekey.Activation, error) {
	if req.Same == nil || takesActivations(k, req.Now) != nil {
		return nil, nil
	}
	var same []licensekey.Activation
	for a, err := range live {
		if err != nil {
			return nil, err
		}
		is, err := isSame(req, a)
		if err != nil {
			return nil, err
		}
		if is {
			same = append(same, a)
		}
	}
	if len(same) == 0 {
		return nil, nil
	}
	licensekey.SortActivations(same)
	return &same[0], nil
}

// isSame calls req.Same. A panic becomes an error, so that it ends only the call
// that has req, and no transaction that other calls share.
func isSame(req licensekey.ActivateRequest, a licensekey.Activation) (is bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("rules: ActivateRequest.Same: panic: %v\n%s", p, debug.Stack())
		}
	}()
	return req.Same(a), nil
}
