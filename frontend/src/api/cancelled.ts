/** The person thought better of it: no failure, and nothing to say. */
export class Cancelled extends Error {}
