package storetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/licensekit/licensekey"
)

// wrongStores are wrong in one way each. Each test that caughtBy names must fail,
// run alone. Those below Deactivator, Activator, Validator and Store need no more
// than the interfaces that a host's own store implements.
var wrongStores = map[string]struct {
	suite    func(*testing.T)
	caughtBy []string
}{
	// Which activation.
	"validates activations that have ended":        {wrong(remembersActivations(true)), []string{"Store/MadeAndEnded", "Store/EndedWhileValidating", "Model"}},
	"finds activations by their id only":           {wrong(remembersActivations(false)), []string{"Validator/ForeignActivation", "Model"}},
	"ends an activation twice":                     {wrong(endsTwice), []string{"Deactivator/Once", "Deactivator/NotFound", "Deactivator/OneActivation"}},
	"does not end activations of expired keys":     {wrong(endsUsableOnly), []string{"Deactivator/AnyState"}},
	"replaces an activation of the same id":        {plainWith(faults{takesTakenID: true}), []string{"Activator/TakenID", "Store/RejectedActivations"}},
	"overwrites a live activation, then ErrExists": {wrong(overwritesTaken), []string{"Admin/ErrorsChangeNothing"}},

	// Which key.
	"trims keys":                         {wrong(readsKeys(strings.TrimSpace)), []string{"Deactivator/OddKeysUnknown", "Activator/NotFound", "Validator/NotFound"}},
	"folds the case of keys":             {wrong(readsKeys(strings.ToUpper)), []string{"Deactivator/OddKeysUnknown", "Activator/NotFound", "Validator/NotFound"}},
	"ignores the organization":           {wrong(ignoresOrganization), []string{"Deactivator/SameKeyInTwoOrganizations", "Activator/NotFound", "Validator/NotFound"}},
	"indexes the text of keys":           {wrong(indexesKeys), []string{"Deactivator/OddKeys", "Activator/OddKeys", "Validator/OddKeys"}},
	"returns an ErrNotFound of its own":  {wrong(ownNotFound), []string{"Deactivator/NotFound"}},
	"keeps the old key string of Rotate": {wrong(keepsOldKey), []string{"Admin/Rotate"}},

	// Seats and usage.
	"checks the limit and takes the seat in two steps": {wrong(twoStepLimit), []string{"Activator/OneSeat", "Store/OneSeat"}},
	"decides and writes in two steps":                  {plainWith(faults{twoSteps: true}), []string{"Store/OneSeat", "Activator/OneSeat", "Validator/Concurrent", "Validator/ConcurrentLimit", "Deactivator/OneActivation"}},
	"takes one seat too many":                          {plainWith(faults{oneSeatMore: true}), []string{"Activator/Activate", "Store/FreedSeat"}},
	"keeps the seats of ended activations":             {plainWith(faults{keepsSeats: true}), []string{"Store/FreedSeat"}},
	"counts validations that fail":                     {plainWith(faults{countsErrors: true}), []string{"Validator/Expiry"}},
	"counts validations of revoked keys":               {wrong(countsRevoked), []string{"Admin/ErrorsChangeNothing"}},
	"has no limit of usage":                            {plainWith(faults{ignoresUsage: true}), []string{"Validator/UsageLimit", "Validator/Rejected"}},
	"locks in its own process only":                    {shared(faults{twoSteps: true, lockOfHandle: true}), []string{"Shared/OneSeat", "Shared/OneActivation", "Shared/Validations"}},
	"has a cache in each process":                      {shared(faults{remembers: true}), []string{"Shared/MadeAndEnded"}},

	// The same device.
	"takes a seat for a device again":          {plainWith(faults{same: sameFaults{ignores: true}}), []string{"Activator/Same", "Activator/SameTogether", "Store/SameEnded"}},
	"forgets Same":                             {wrong(forgets(func(r *licensekey.ActivateRequest) { r.Same = nil })), []string{"Activator/Same", "Admin/SameChangesNothing", "Model"}},
	"looks for the device when full":           {plainWith(faults{same: sameFaults{whenFull: true}}), []string{"Activator/Same", "Store/SameEnded"}},
	"looks for the device when a seat is free": {plainWith(faults{same: sameFaults{whenFree: true}}), []string{"Activator/Same", "Activator/SameFirst", "Activator/SameTogether"}},
	"looks for the id before the device":       {plainWith(faults{same: sameFaults{afterID: true}}), []string{"Activator/SameFirst"}},
	"takes a seat before it looks":             {wrong(takesSeatFirst), []string{"Activator/Same", "Activator/SameTogether"}},
	"looks for the device in a step before":    {wrong(twoStepSame), []string{"Activator/SameTogether", "Activator/SameOneSeat"}},
	"returns an activation that has ended":     {plainWith(faults{same: sameFaults{ended: true}}), []string{"Store/SameEnded", "Store/SameWhileEnding"}},
	"returns an activation of another key":     {plainWith(faults{same: sameFaults{everywhere: true}}), []string{"Activator/SameOtherKeys"}},
	"returns the newest of a device":           {plainWith(faults{same: sameFaults{newest: true}}), []string{"Activator/SameOldest"}},
	"returns activations of revoked keys":      {plainWith(faults{same: sameFaults{anyState: true}}), []string{"Activator/SameRejected"}},
	"modifies the key of a device again":       {plainWith(faults{same: sameFaults{modifies: true}}), []string{"Activator/Same"}},
	"changes the label of a device again":      {plainWith(faults{same: sameFaults{relabels: true}}), []string{"Activator/SameFirst"}},
	"changes the time of a device again":       {plainWith(faults{same: sameFaults{refreshes: true}}), []string{"Activator/Same"}},
	"breaks when Same panics":                  {wrong(breaksOnPanic), []string{"Activator/SamePanics"}},
	"decides on a device in each process":      {shared(faults{twoSteps: true, lockOfHandle: true}), []string{"Shared/SameDevice"}},

	// Contexts.
	"ignores contexts":                          {wrong(ignoresContexts), []string{"Deactivator/CanceledContext", "Activator/CanceledContext", "Validator/CanceledContext"}},
	"goes on in the background":                 {wrong(goesOn), []string{"Deactivator/ContextEndsMidway", "Activator/ContextEndsMidway", "Validator/ContextEndsMidway"}},
	"reports the context's error after changes": {wrong(reportsContext), []string{"Deactivator/ContextEndsMidway", "Activator/ContextEndsMidway", "Validator/ContextEndsMidway"}},

	// What is stored.
	"forgets conditions":                {wrong(forgets(func(r *licensekey.ActivateRequest) { r.Conditions = nil })), []string{"Activator/AsRequested", "Store/AsRequested", "Model"}},
	"forgets meta":                      {wrong(forgets(func(r *licensekey.ActivateRequest) { r.Meta = nil })), []string{"Activator/AsRequested", "Model"}},
	"cuts labels":                       {wrong(forgets(func(r *licensekey.ActivateRequest) { r.Label = r.Label[:min(64, len(r.Label))] })), []string{"Activator/AsRequested"}},
	"returns meta and does not keep it": {wrong(keepsNoMeta), []string{"Store/AsRequested", "Store/NothingShared", "Model"}},
	"cannot hold NUL in JSON":           {wrong(noNUL), []string{"Activator/AsRequested"}},
	"keeps expires_at in whole seconds": {wrong(keepsExpiry(time.Second)), []string{"Validator/Expiry", "Activator/Expiry", "Admin/ImportFull"}},
	"keeps expires_at in milliseconds":  {wrong(keepsExpiry(time.Millisecond)), []string{"Validator/Expiry", "Activator/Expiry"}},
	"lets expired keys be activated":    {plainWith(faults{noExpiry: true}), []string{"Activator/Rejected", "Activator/Expiry"}},
	"compares conditions as bytes":      {wrong(comparesBytes), []string{"Validator/Conditions", "Validator/Validate"}},
	"ignores conditions":                {wrong(ignoresConditions), []string{"Validator/Conditions", "Store/AsRequested"}},
	"returns local times":               {wrong(localTimes), []string{"Validator/Validate"}},
	"forgets a field of customers":      {wrong(forgetsAvatar), []string{"Admin/ImportFull"}},
	"shares memory":                     {plainWith(faults{shares: true}), []string{"Activator/NothingShared", "Activator/SameNothingShared", "Validator/NothingShared", "Store/NothingShared"}},
	"shares memory with Get":            {wrong(sharesGet), []string{"Admin/NothingShared"}},
	"lists in no order":                 {wrong(listsBackwards), []string{"Admin/ListOrder", "Admin/ListFilters"}},

	// Lists.
	"lists in the order of ids":                 {wrong(listsByID), []string{"Admin/ListOrder", "Model"}},
	"begins pages after a moment":               {wrong(afterTheMoment), []string{"Admin/ListOrder", "Admin/ListWhileChanging", "Admin/ListFilters", "Model"}},
	"leaves out the key after a deleted one":    {wrong(atThePlace), []string{"Admin/ListOrder", "Admin/ListWhileChanging"}},
	"begins anew after a deleted key":           {wrong(findsThePlace), []string{"Admin/ListOrder", "Admin/ListWhileChanging"}},
	"takes the zero cursor for a time":          {wrong(zeroIsAPlace), []string{"Admin/ListOrder"}},
	"ignores the offset":                        {wrong(ignoresOffset), []string{"Admin/ListOrder", "Model"}},
	"counts the offset from the start":          {wrong(offsetFromStart), []string{"Admin/ListOrder", "Model"}},
	"looks at the first value of a filter":      {wrong(firstValue), []string{"Admin/ListOrder", "Admin/ListFilters"}},
	"lets keys pass that pass one filter":       {wrong(anyFilter), []string{"Admin/ListFilters"}},
	"lists a key for each value of a filter":    {wrong(listsTwice), []string{"Admin/ListFilters"}},
	"compares e-mails exactly":                  {wrong(byEmail(func(s string) string { return s })), []string{"Admin/ListFilters", "Admin/ListEmail", "Admin/UpdateCustomer", "Model"}},
	"compares e-mails in lower case":            {wrong(byEmail(strings.ToLower)), []string{"Admin/ListEmail"}},
	"compares e-mails in upper case":            {wrong(byEmail(strings.ToUpper)), []string{"Admin/ListEmail", "Model"}},
	"compares e-mails in ASCII":                 {wrong(byEmail(lowerASCII)), []string{"Admin/ListEmail", "Admin/UpdateCustomer", "Model"}},
	"trims e-mails":                             {wrong(byEmail(func(s string) string { return strings.TrimSpace(strings.ToLower(s)) })), []string{"Admin/ListEmail"}},
	"does not look at the case of external ids": {wrong(foldsExternalIDs), []string{"Admin/ListExternalID"}},
	"finds longer keys by a short suffix":       {wrong(bySuffix(func(wanted, key string) bool { return strings.HasSuffix(key, wanted) })), []string{"Admin/ListSuffix"}},
	"takes the last six bytes of keys":          {wrong(bySuffix(func(wanted, key string) bool { return key[max(0, len(key)-6):] == wanted })), []string{"Admin/ListSuffix"}},
	"says how many seats a key has":             {wrong(seatsOfTheKey), []string{"Admin/ListSeats", "Model"}},
	"counts the seats of ended activations":     {wrong(keepsCountOfEnded), []string{"Admin/ListSeats"}},
	"counts one page":                           {wrong(countsPage), []string{"Admin/ListOrder", "Admin/ListFilters", "Model"}},
	"counts what comes after the cursor":        {wrong(countsRest), []string{"Admin/ListOrder", "Admin/ListFilters", "Model"}},
	"counts the keys of all e-mails":            {wrong(countsWithoutEmail), []string{"Admin/ListFilters", "Admin/ListEmail", "Model"}},

	// Customers.
	"keeps customers in each key":             {wrong(customerInEachKey), []string{"Admin/UpdateCustomer", "Admin/EraseCustomer"}},
	"finds keys by the old e-mail":            {wrong(findsOldEmail), []string{"Admin/UpdateCustomer", "Admin/EraseCustomer"}},
	"does not erase":                          {wrong(keepsNulls), []string{"Admin/EraseCustomer"}},
	"modifies customers to what they are":     {wrong(customerAlwaysModified), []string{"Admin/UpdateCustomerNothing", "Model"}},
	"changes when a customer was made":        {wrong(movesCustomers), []string{"Admin/UpdateCustomer", "Admin/EraseCustomer", "Model"}},
	"updates customers that are not there":    {wrong(makesCustomers), []string{"Admin/UpdateCustomerNothing", "Admin/DeleteCustomer", "Model"}},
	"takes customers from issue requests":     {wrong(overwritesCustomers), []string{"Admin/IssueToCustomer", "Model"}},
	"brings back the customer that it read":   {wrong(bringsCustomersBack), []string{"Admin/UpdateCustomerRace"}},
	"imports to another organization":         {wrong(importsForAnyone), []string{"Admin/ImportForeignCustomer"}},
	"issues to another organization":          {wrong(issuesToAnyone), []string{"Admin/IssueToCustomer"}},
	"forgets the e-mail with one of the keys": {wrong(forgetsCustomers), []string{"Admin/DeleteCustomer", "Model"}},
	"shares memory of customers":              {wrong(sharesCustomers), []string{"Admin/CustomerNotShared"}},

	// Management.
	"does not say when it was modified": {wrong(notModified), []string{"Admin/Update"}},
	"ends activations for anyone":       {wrong(endsForAnyone), []string{"Admin/EndActivation"}},
	"ends, then looks at the owner":     {wrong(ownerInTwoSteps), []string{"Admin/EndActivation"}},
	"does not end activations by id":    {wrong(endsNothing), []string{"Admin/EndActivation", "Model"}},
	"is modified when nothing changes":  {wrong(alwaysModified), []string{"Admin/UpdateNothing", "Model"}},
	"rotates in two steps":              {wrong(twoStepDeactivate), []string{"Admin/RotateRace"}},
	"is not closed":                     {wrong(neverCloses), []string{"Deactivator/Closed", "Activator/Closed", "Validator/Closed", "Admin/Closed"}},
	"writes deactivations when closed":  {durable("Deactivate"), []string{"DurableDeactivator", "DurableStore"}},
	"writes activations when closed":    {durable("Activate"), []string{"DurableStore"}},
	"writes validations when closed":    {durable("Validate"), []string{"DurableStore"}},
}
