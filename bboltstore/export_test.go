package bboltstore

import "go.etcd.io/bbolt"

// DB lets tests reach the database under a store.
func DB(s *Store) *bbolt.DB { return s.db }
