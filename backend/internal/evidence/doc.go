// Package evidence is what an account can show an auditor: what happened in it, and who met its rule on which day.
//
// It owns what an account may see of the record (docs/decisions/012), the names in it, and the report of the second factor,
// which for a past day is worked out from the record alone. It refuses to decide who must have a second factor (package
// enforcement does), and to write anything but that it was asked. Package api calls it.
package evidence
