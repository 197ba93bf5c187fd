// Package credential is what a person signs in with: their address and their password, and the links by which a mailbox proves
// that it is theirs.
//
// It owns sign-up, the reset and the change of the password, the change of the address, the link "this was not me", and the
// tokens in all those links: 256 random bits in the URL's fragment, which reaches no log, of which the hash alone is stored. A
// token works once, opens the door that it was made for and no other, and opens it only in the epoch of its person in which it was
// made, unless it says "this was not me". Causes says what moves the epoch. Whether an address is known is nobody's business: what a
// stranger asks for is written down the same way whoever it is about, and decided afterwards, by a job.
//
// It refuses to sign anybody in, and to touch a second factor, but for freezing one that its owner disowns. Package api calls
// it; package factor asks it for links.
package credential
