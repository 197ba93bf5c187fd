// Package signin is the staircase: password, then second factor or enrolment, then a session.
//
// It owns the order of the steps. What comes next is never remembered by a page or a token: after each step the standing
// (package enforcement) is asked anew, and dispatch opens the door that it names. It refuses to know HTTP, codes and secrets.
// Package api calls it.
package signin
