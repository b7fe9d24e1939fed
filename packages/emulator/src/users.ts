/** A person who can sign in at the emulated servers. `id` is the OpenID `sub`. */
export type EmulatedUser = {
  id: string;
  email: string;
  name: string;
  /** Sent as the `groups` claim when given. */
  groups?: string[];
};

/** The two people every emulated server knows unless told otherwise. */
export const DEFAULT_USERS: readonly EmulatedUser[] = [
  { id: 'alice', email: 'alice@example.test', name: 'Alice Example', groups: ['engineering'] },
  { id: 'bob', email: 'bob@example.test', name: 'Bob Example', groups: ['sales'] },
];

/** Finds a user by id; undefined when nobody has it. */
export function findUser(users: readonly EmulatedUser[], id: string): EmulatedUser | undefined {
  return users.find((user) => user.id === id);
}

/** Claims of a user as tokens and userinfo carry them. */
export function makeClaims(user: EmulatedUser) {
  return {
    sub: user.id,
    email: user.email,
    email_verified: true,
    name: user.name,
    ...(user.groups ? { groups: user.groups } : {}),
  };
}
