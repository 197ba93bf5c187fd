// Package authority answers "may they?", once, in the transaction that writes.
//
// It owns the beginning of every transaction in which somebody acts: the holds are taken, then person, stay, memberships and rules
// are read together, and the transaction fails where the stay has ended, the epoch has moved, the person is disabled or the
// standing is due. Authorize then asks the one table of actions (package actor) for the role and for the confirmation. What the gate
// answers from memory is the same question (Refusal), asked early.
//
// Holds make it exact. Whoever acts holds their person and all their accounts, shared. Whoever ends a stay, moves an epoch, or
// changes a membership or a rule holds that person or account alone. So a change waits for what is under way, and what comes after it
// sees it. Sources: docs/decisions/018-authority.md.
package authority
