package storetest_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/licensekit/licensekey"
)

// updatesCustomers changes the request and the result of UpdateCustomer.
func updatesCustomers(before func(*licensekey.UpdateCustomerRequest, licensekey.Customer), after func(licensekey.UpdateCustomerRequest, *licensekey.Customer)) func(*wrapped) {
	return func(w *wrapped) {
		w.customer = func(ctx context.Context, req licensekey.UpdateCustomerRequest) (licensekey.Customer, error) {
			if page, err := w.Store.List(ctx, licensekey.ListRequest{CustomerIDs: []uuid.UUID{req.Customer.ID}}); err == nil && len(page) > 0 {
				before(&req, page[0].Customer)
			}
			c, err := w.Store.UpdateCustomer(ctx, req)
			if err == nil {
				after(req, &c)
			}
			return c, err
		}
	}
}

func leavesRequest(*licensekey.UpdateCustomerRequest, licensekey.Customer) {}
func leavesResult(licensekey.UpdateCustomerRequest, *licensekey.Customer)  {}

// keepsNulls does not erase: a field that is nil stays as it is.
var keepsNulls = updatesCustomers(func(req *licensekey.UpdateCustomerRequest, was licensekey.Customer) {
	if req.Customer.AvatarURL == nil {
		req.Customer.AvatarURL = was.AvatarURL
	}
}, leavesResult)

// customerAlwaysModified says that a customer was modified when nothing was.
var customerAlwaysModified = updatesCustomers(leavesRequest, func(req licensekey.UpdateCustomerRequest, c *licensekey.Customer) {
	at := req.Now.UTC().Truncate(time.Microsecond)
	c.ModifiedAt = &at
})

// movesCustomers lets a request change when a customer was made.
var movesCustomers = updatesCustomers(leavesRequest, func(req licensekey.UpdateCustomerRequest, c *licensekey.Customer) {
	c.CreatedAt = req.Customer.CreatedAt
})

// makesCustomers returns a customer who has no license keys.
func makesCustomers(w *wrapped) {
	w.customer = func(ctx context.Context, req licensekey.UpdateCustomerRequest) (licensekey.Customer, error) {
		c, err := w.Store.UpdateCustomer(ctx, req)
		if errors.Is(err, licensekey.ErrNotFound) {
			return req.Customer, nil
		}
		return c, err
	}
}

// customerInEachKey keeps the customer in each license key, and what validate shows
// is from before the update.
func customerInEachKey(w *wrapped) {
	var mu sync.Mutex
	first := make(map[uuid.UUID]licensekey.Customer)
	w.customer = func(ctx context.Context, req licensekey.UpdateCustomerRequest) (licensekey.Customer, error) {
		page, err := w.Store.List(ctx, licensekey.ListRequest{CustomerIDs: []uuid.UUID{req.Customer.ID}})
		mu.Lock()
		defer mu.Unlock()
		for _, k := range page[min(1, len(page)):] { // of all but one
			first[k.ID] = k.Customer
		}
		if err != nil {
			return licensekey.Customer{}, err
		}
		return w.Store.UpdateCustomer(ctx, req)
	}
	w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
		got, err := w.Store.Validate(ctx, req)
		mu.Lock()
		defer mu.Unlock()
		if c, ok := first[got.LicenseKey.ID]; ok && err == nil {
			got.LicenseKey.Customer = c.Clone()
		}
		return got, err
	}
}

// findsOldEmail has an index of e-mails that UpdateCustomer only adds to.
func findsOldEmail(w *wrapped) {
	old := make(map[string]uuid.UUID)
	w.customer = func(ctx context.Context, req licensekey.UpdateCustomerRequest) (licensekey.Customer, error) {
		page, err := w.Store.List(ctx, licensekey.ListRequest{CustomerIDs: []uuid.UUID{req.Customer.ID}})
		if err == nil && len(page) > 0 && page[0].Customer.Email != nil {
			old[*page[0].Customer.Email] = req.Customer.ID
		}
		return w.Store.UpdateCustomer(ctx, req)
	}
	w.list = func(ctx context.Context, req licensekey.ListRequest) ([]licensekey.Listed, error) {
		if id, ok := old[req.Email]; ok {
			req.Email, req.CustomerIDs = "", []uuid.UUID{id}
		}
		return w.Store.List(ctx, req)
	}
}

// overwritesCustomers takes the customer of an issued license key from the request.
func overwritesCustomers(w *wrapped) {
	w.issue = func(ctx context.Context, req licensekey.IssueRequest) (licensekey.LicenseKey, error) {
		k, err := w.Store.Issue(ctx, req)
		if err != nil {
			return k, err
		}
		k.Customer, err = w.Store.UpdateCustomer(ctx, licensekey.UpdateCustomerRequest{Customer: req.WithDefaults().Customer, Now: req.Now})
		return k, err
	}
}

// issuesToAnyone issues license keys to customers of other organizations.
func issuesToAnyone(w *wrapped) {
	w.issue = func(ctx context.Context, req licensekey.IssueRequest) (licensekey.LicenseKey, error) {
		page, err := w.Store.List(ctx, licensekey.ListRequest{CustomerIDs: []uuid.UUID{req.Customer.ID}, Limit: 1})
		if err == nil && len(page) > 0 {
			req.OrganizationID = page[0].OrganizationID
		}
		return w.Store.Issue(ctx, req)
	}
}

// bringsCustomersBack reads a license key with its customer, and writes both when it
// has validated the key.
func bringsCustomersBack(w *wrapped) {
	w.validate = func(ctx context.Context, req licensekey.ValidateRequest) (licensekey.Validated, error) {
		before, err := w.Store.GetByKey(ctx, req.OrganizationID, req.Key)
		if err != nil {
			return licensekey.Validated{}, err
		}
		runtime.Gosched()
		got, err := w.Store.Validate(ctx, req)
		if err == nil && before.Customer.Name != nil && strings.HasPrefix(*before.Customer.Name, "name ") {
			_, err = w.Store.UpdateCustomer(ctx, licensekey.UpdateCustomerRequest{Customer: before.Customer, Now: req.Now})
		}
		return got, err
	}
}

// importsForAnyone gives a license key to a customer of another organization.
func importsForAnyone(w *wrapped) {
	w.imports = func(k licensekey.LicenseKeyWithActivations) licensekey.LicenseKeyWithActivations {
		k.Customer.OrganizationID = uuid.MustParse("0c0c0c0c-0000-4000-8000-00000000000c")
		return k
	}
}

// forgetsCustomers forgets a customer's e-mail with one of the license keys.
func forgetsCustomers(w *wrapped) {
	w.remove = func(ctx context.Context, id uuid.UUID) error {
		k, err := w.Store.Get(ctx, id)
		if err != nil {
			return err
		}
		c := k.Customer
		c.Email = nil
		_, err = w.Store.UpdateCustomer(ctx, licensekey.UpdateCustomerRequest{Customer: c})
		return errors.Join(err, w.Store.Delete(ctx, id))
	}
}

// sharesCustomers has a cache of customers, and returns what is in it.
func sharesCustomers(w *wrapped) {
	cache := make(map[uuid.UUID]licensekey.Customer)
	get := w.get
	w.customer = func(ctx context.Context, req licensekey.UpdateCustomerRequest) (licensekey.Customer, error) {
		c, err := w.Store.UpdateCustomer(ctx, req)
		cache[c.ID] = c
		return c, err
	}
	w.get = func(ctx context.Context, id uuid.UUID) (licensekey.LicenseKeyWithActivations, error) {
		k, err := get(ctx, id)
		if c, ok := cache[k.CustomerID]; ok {
			k.Customer = c
		}
		return k, err
	}
}
