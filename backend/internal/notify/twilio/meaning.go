package twilio

import "sallyport/internal/notify"

// reasons are the errors of Twilio's that no repetition mends, by what the person can do about them. Every other one is tried
// again until the message expires: an operator may mend it meanwhile.
var reasons = map[int]notify.Reason{
	// when a message or a call is asked for
	13224: notify.NotServed,    // not a number that can be called
	21202: notify.NotServed,    // a premium number
	21211: notify.NotMobile,    // not a number
	21214: notify.NotServed,    // cannot be reached
	21215: notify.NotServed,    // the account does not call this country
	21216: notify.NotServed,    // the account does not call this number
	21217: notify.NotServed,    // not a number
	21265: notify.NotMobile,    // a short code
	21268: notify.NotServed,    // a premium number
	21408: notify.NotServed,    // the account does not text this country
	21610: notify.Unsubscribed, // its owner has answered STOP
	21612: notify.NotServed,    // not from this sender
	21614: notify.NotMobile,    // a fixed line

	// when it does not arrive
	30003: notify.Unreachable, // switched off
	30004: notify.Blocked,     // by the network
	30005: notify.Unreachable, // unknown, or out of service
	30006: notify.NotMobile,   // a fixed line, or a network that is not reached
	30007: notify.Blocked,     // filtered
	30008: notify.Unreachable, // nobody knows why
	30034: notify.Blocked,     // the sender is not registered with the network
	30410: notify.Unreachable, // the network took too long
	30450: notify.Blocked,     // as SMS pumping
}

// progressOfMessage is what a text message's status means; what is not in it says nothing.
var progressOfMessage = map[string]notify.Progress{
	"accepted": notify.Queued, "scheduled": notify.Queued, "queued": notify.Queued, "sending": notify.Queued,
	"sent": notify.Sent, "delivered": notify.Delivered, "read": notify.Delivered, "undelivered": notify.Undelivered,
	"failed": notify.Failed, "canceled": notify.Failed,
}

// progressOfCall is what a call's status means.
var progressOfCall = map[string]notify.Progress{
	"queued": notify.Queued, "initiated": notify.Queued, "ringing": notify.Sent, "in-progress": notify.Sent,
	"completed": notify.Delivered, "busy": notify.Undelivered, "no-answer": notify.Undelivered,
	"failed": notify.Failed, "canceled": notify.Failed,
}
