package notify

import "time"

// Progress is how far a text message or a call has come. It only ever goes forward.
type Progress string

// The steps.
const (
	Queued      Progress = "queued"      // here
	Sent        Progress = "sent"        // the carrier has it, or it may have it
	Delivered   Progress = "delivered"   // it has arrived; a call was answered
	Undelivered Progress = "undelivered" // the carrier tried, and it has not arrived
	Failed      Progress = "failed"      // the carrier does not even try
)

// Over says that nothing more will be heard of it.
func (p Progress) Over() bool { return p == Delivered || p == Undelivered || p == Failed }

// Reason is why a text message or a call does not arrive, as far as the person can do something about it.
type Reason string

// The reasons.
const (
	NotMobile    Reason = "not_a_mobile_number" // it takes no text messages
	Unsubscribed Reason = "unsubscribed"        // its owner has answered STOP once
	Unreachable  Reason = "unreachable"         // switched off, out of reach, out of service, busy, not answered
	Blocked      Reason = "blocked"             // by its network, or by a filter on the way
	NotServed    Reason = "not_served"          // the operator's carrier does not reach it
)

// Sentence tells the person, in English; "" where there is nothing to tell.
func (r Reason) Sentence() string {
	switch r {
	case NotMobile:
		return "This number takes no text messages. Use another number or another method."
	case Unsubscribed:
		return "This number has unsubscribed from our messages. Text START to the number they came from, or use another method."
	case Unreachable:
		return "This telephone was not reached. See that it is switched on and connected, or use another method."
	case Blocked:
		return "The network of this number has refused the message. Use another number or another method."
	case NotServed:
		return "This number cannot be reached from here. Use another number or another method."
	default:
		return ""
	}
}

// Delivery is what is known of one text message or call.
type Delivery struct {
	ID        string // the message's
	Progress  Progress
	Reason    Reason
	SID       string // the carrier's name for it; "" while it is not known
	ErrorCode int    // the carrier's own; 0: none
	HandedAt  time.Time
	CreatedAt time.Time
	ChangedAt time.Time
}

// Waits says that it has been on its way for so long that another way is better.
func (d Delivery) Waits(now time.Time, patience time.Duration) bool {
	return !d.Progress.Over() && now.Sub(d.CreatedAt) >= patience
}
